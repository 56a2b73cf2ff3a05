"""What the panel says on the way forward: what comes in, sums, bends."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.forward_pass.layers import Column, Layer
from backprop_kit.films.forward_pass.rows import block, flat, sample
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import equals, shown
from backprop_kit.films.pass_words import words_of
from backprop_kit.films.presenter import owned
from backprop_kit.films.rows import Panel, Row, box, eq, num, peak, remark, rule, title
from backprop_kit.study.products import MIXING


def start(scene: Scene) -> Panel:
    """What comes in and what should come out, before anything is computed."""
    recorded, c = scene.recorded, scene.columns[0]
    rows: list[Row] = [title("What comes in", "START")]
    words = words_of(recorded)
    if sample(scene) and c.n <= 5:
        x = flat(scene, "v0")
        names = (
            words.inputs if len(words.inputs) == c.n else [f"${c.label(i)}$" for i in range(c.n)]
        )
        lines = [
            [{"note": name}, "=", box(v, peak(x)), {"note": words.values.get(float(v), "")}]
            for name, v in zip(names, x, strict=True)
        ]
        rows.append(eq(lines))
    if scene.large and not sample(scene):
        rows.append({"t": "p", "s": f"Each of the {c.rows} rows is a sample of {c.n} numbers."})
    count = sum(n.value.size for n in recorded.parameters.values())
    if scene.aim:
        spoken = words.output[:1].upper() + words.output[1:]
        rows.append({"t": "p", "s": f"{spoken} should say {scene.aim}."})
    said = f"The net is {count:,} numbers"
    if any(m.linear is not None and m.linear.bias is not None for m in scene.layers):
        said += ": weights on the way, and one offset for each sum"
    rows.append(remark(said + ".") if scene.large else {"t": "p", "s": said + "."})
    rows.append(remark("Press → for one step, ← to go back, the space bar to play."))
    rows.append(remark("Dashed: not computed yet."))
    return tuple(rows)


def product(scene: Scene, layer: Layer, name: str) -> Panel:
    """x W, before the offset."""
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    W, s = f"W{m}", f"W{layer.sub}"
    head = title(
        f"Mix {a.n} numbers into {b.n} sums" if a.n > 6 else f"Weigh what comes in with {s}"
    )
    made = f"{a.letter} {s}"
    rows: list[Row] = [
        head,
        rule(f"${made}$ =", block(scene, a.value, a.letter, bold=1), "·",
             block(scene, W, s, bold=0), note="inner sizes match"),
    ]  # fmt: skip
    if sample(scene):
        rows += _terms(scene, a, b, m, name)
    return tuple(rows)


def _line(x: Any, w: Any, offset: float | None, total: float, top: float) -> list[Any]:
    """A sum of products with its numbers, and of the offset where there is one."""
    cells: list[Any] = []
    for i, (p, q) in enumerate(zip(x.tolist(), w.tolist(), strict=True)):
        cells += ["+"] * (i > 0) + [num(p), "×", num(q)]
    made = sum(shown(p) * shown(q) for p, q in zip(x.tolist(), w.tolist(), strict=True))
    if offset is not None:
        cells += ["+", num(offset)]
        made += shown(offset)
    return [*cells, equals(total, made), box(total, top)]


def _terms(scene: Scene, a: Column, b: Column, m: int, name: str) -> list[Row]:
    """What a sum is made of: every product of a few, the largest of many."""
    x, sums = flat(scene, a.value), flat(scene, name)
    if scene.values(f"W{m}").size != a.n * b.n:
        return []  # binned: no single term is left
    weights = scene.values(f"W{m}").reshape(a.n, b.n)
    if a.n <= 2:
        lines = [_line(x, weights[:, j], None, sums[j], peak(sums)) for j in range(b.n)]
        into = [[f"W{m}:{i * b.n + j}" for i in range(a.n)] for j in range(b.n)]
        units = [[*edges, f"{b.value}:{j}"] for j, edges in enumerate(into)]
        return [owned(eq(lines, "With the present numbers"), units)]
    if b.n == 1 and a.n <= 5:
        parts = x * weights[:, 0]
        lines = [
            [
                {"sym": a.label(i)},
                num(x[i]),
                "×",
                num(weights[i, 0]),
                "=?",
                box(parts[i], peak(parts)),
            ]
            for i in range(a.n)
        ]
        whole = "sum" if scene.plain else f"z{scene.layers[m - 1].sub}"
        sign = equals(sums[0], sum(shown(p) for p in parts.tolist()))
        lines.append([{"sym": whole}, "", "", "", sign, box(sums[0], peak(parts))])
        into = [[f"W{m}:{i}"] for i in range(a.n)]
        into.append([f"{b.value}:0", *(tag for tags in into for tag in tags)])
        return [owned(eq(lines, "What each one brings, and the sum"), into)]
    best = int(sums.argmax())
    letter = "z" if scene.layers[m - 1].activation is not None else b.letter
    made = [a.letter, letter]
    return [
        {
            "t": "terms",
            "a": a.value,
            "w": f"W{m}",
            "unit": best,
            "sym": made,
            "sum": name,
            "base": b.first,
        }
    ]


def bias(scene: Scene, layer: Layer, name: str) -> Panel:
    m = layer.number
    b, W, o = scene.columns[m], f"W{layer.sub}", f"b{layer.sub}"
    z = f"z{layer.sub}" if layer.activation is not None else b.letter
    before, offsets, sums = f"s{m}", f"b{m}", name
    rows: list[Row] = [
        title(f"Add the offsets {o}"),
        rule(block(scene, sums, z), "=", block(scene, before, f"{scene.columns[m - 1].letter} {W}"),
             "+", block(scene, offsets, o)),
    ]  # fmt: skip
    if sample(scene):
        lines = [
            [num(p), "+", num(q), equals(r, shown(p) + shown(q)), box(r, peak(flat(scene, sums)))]
            for p, q, r in zip(
                flat(scene, before), flat(scene, offsets), flat(scene, sums), strict=False
            )
        ]
        rows.append(owned(eq(lines, "With the present numbers"), _units(b)))
    return tuple(rows)


def _units(c: Column) -> list[list[str]]:
    """The mark of each unit of a column."""
    return [[f"{c.value}:{i}"] for i in range(c.n)]


def activation(scene: Scene, layer: Layer, before: str) -> Panel:
    c = scene.columns[layer.number]
    assert layer.activation is not None
    name, z = layer.activation.name, f"z{layer.sub}"
    if name == "softmax":
        return softmax(scene, layer, before)
    called = "σ" if name == "sigmoid" else name
    rows: list[Row] = [
        title(f"Bend each sum with {name}"),
        rule(block(scene, c.value, c.letter), f"= {called}", block(scene, before, z)),
    ]
    op, options = layer.result.op, layer.result.options
    if sample(scene) and name not in MIXING and op is not None:
        sums, bent = flat(scene, before), flat(scene, c.value)
        lines = [
            [{"sym": c.label(i)}, "=", f"{called} (", num(p), ")",
             equals(q, float(op.forward(np.array(shown(float(p))), **options))), box(q, peak(bent))]
            for i, (p, q) in enumerate(zip(sums, bent, strict=False))
        ]  # fmt: skip
        rows.append(owned(eq(lines, "With the present numbers"), _units(c)))
    return tuple(rows)


def softmax(scene: Scene, layer: Layer, before: str) -> Panel:
    c, source = scene.columns[layer.number], scene.columns[layer.number - 1]
    rows: list[Row] = [
        title("Turn scores into probabilities"),
        rule(block(scene, c.value, c.letter), "= softmax", block(scene, before, source.letter)),
    ]
    if sample(scene):
        p, s = flat(scene, c.value), flat(scene, before)
        total = float(np.exp(s).sum())
        lines = [
            [
                {"sym": c.label(i)},
                "=",
                "e^",
                num(s[i]),
                "/",
                num(total),
                equals(p[i], np.exp(shown(s[i])) / shown(total)),
                box(p[i], peak(p)),
            ]
            for i in np.argsort(-p)[:4]
        ]
        units = [[f"{c.value}:{i}"] for i in np.argsort(-p)[:4]]
        rows.append(owned(eq(lines, f"The largest; all {len(p)} add up to 1"), units))
    return tuple(rows)


def closed(scene: Scene, layer: Layer) -> Panel:
    assert layer.block is not None
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    count = sum(scene.recorded.parameters[p].value.size for p in layer.block.inside)
    inside = f"{count} numbers of its own" if count else "no numbers of its own"
    return (
        title(f"Pass through {layer.block.name}"),
        rule(
            block(scene, b.value, b.letter),
            f"= {layer.block.name}",
            block(scene, a.value, a.letter),
        ),
        remark(f"A closed block with {inside}. Its slopes are checked all the same."),
    )


def layer_forward(scene: Scene, layer: Layer) -> Panel:
    """A whole layer in one step: sum, offset, bend."""
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    if layer.block is not None:
        return closed(scene, layer)
    if layer.linear is None:
        return activation(scene, layer, a.value)
    sums = f"z{m}" if scene.has(f"z{m}") else b.value
    name = layer.activation.name if layer.activation is not None else ""
    head = title(f"Sum up, then bend with {name}" if name else "Sum up", f"LAYER {m}")
    if scene.plain and sample(scene):
        offsets = flat(scene, f"b{m}") if scene.has(f"b{m}") else np.zeros(b.n)
        out: list[Row] = [head]
        into = [[f"W{m}:{i * b.n + j}" for i in range(a.n)] + [f"{b.value}:{j}"]
                for j in range(b.n)]  # fmt: skip
        if a.n <= 2:
            x, z = flat(scene, a.value), flat(scene, sums)
            w = scene.values(f"W{m}").reshape(a.n, b.n)
            added = offsets.tolist() if offsets.any() else [None] * b.n
            lines = [_line(x, w[:, j], added[j], z[j], peak(z)) for j in range(b.n)]
            out.append(owned(eq(lines, "Each input times its weight, added up"), into))
        else:
            out += _terms(scene, a, b, m, f"s{m}" if scene.has(f"s{m}") else sums)
            if offsets.any():
                out.append(remark("Then each sum gets its own offset."))
        if name:
            bent = [
                [num(p), f"→ {name} →", box(q, peak(flat(scene, b.value)))]
                for p, q in zip(flat(scene, sums), flat(scene, b.value), strict=True)
            ]
            out.append(owned(eq(bent, f"Then {name} bends each sum"), into))
        return tuple(out)
    W, o = f"W{layer.sub}", f"b{layer.sub}"
    called = "σ" if name == "sigmoid" else name
    tail = f"+ {o}" if scene.has(f"b{m}") else ""
    sym = f"z{layer.sub}" if name else b.letter
    rows = [
        head,
        rule(block(scene, sums, sym), "=", block(scene, a.value, a.letter, bold=1), "·",
             block(scene, f"W{m}", W, bold=0), *([tail] if tail else [])),
    ]  # fmt: skip
    if scene.large and sample(scene) and a.n <= 2:
        rows += _terms(scene, a, b, m, sums)
    if name and b.n <= 6:
        if scene.large and sample(scene):
            rows = [head, rows[1], *activation(scene, layer, sums)[1:]]
            return tuple(rows)
        rows.append(rule(block(scene, b.value, b.letter), f"= {called}", block(scene, sums, sym)))
    if sample(scene) and a.n > 2:
        rows += _terms(scene, a, b, m, f"s{m}" if scene.has(f"s{m}") else sums)
    return tuple(rows)
