"""What the panel says on the way forward: what comes in, sums, bends, the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.films.forward_pass.layers import Column, Layer
from backprop_kit.films.forward_pass.rows import (
    MIXES,
    Panel,
    Row,
    block,
    box,
    flat,
    num,
    peak,
    rule,
    sample,
    title,
)
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import number
from backprop_kit.study.boards import Words


def start(scene: Scene) -> Panel:
    """What comes in and what should come out, before anything is computed."""
    recorded, c = scene.recorded, scene.columns[0]
    rows: list[Row] = [title("What comes in", "START")]
    words = (
        recorded.model.words
        if isinstance(getattr(recorded.model, "words", None), Words)
        else Words()
    )
    if sample(scene) and c.n <= 5:
        x = flat(scene, "v0")
        names = (
            words.inputs if len(words.inputs) == c.n else [f"${c.label(i)}$" for i in range(c.n)]
        )
        lines = [
            [{"note": name}, "=", box(v, peak(x)), {"note": words.values.get(float(v), "")}]
            for name, v in zip(names, x, strict=True)
        ]
        rows.append({"t": "eq", "rows": lines})
    count = sum(n.value.size for n in recorded.parameters.values())
    target = recorded.y.value.reshape(-1)
    if target.size == 1:
        spoken = words.output[:1].upper() + words.output[1:]
        rows.append({"t": "p", "s": f"{spoken} should say {_aim(target[0])}."})
    said = f"The net is {count:,} numbers"
    if any(m.linear is not None and m.linear.bias is not None for m in scene.layers):
        said += ": weights on the way, and one offset for each sum"
    rows.append({"t": "p", "s": said + "."})
    rows.append(
        {"t": "p", "s": "Press → for one step, ← to go back, the space bar to play.", "c": "muted"}
    )
    rows.append({"t": "p", "s": "Dashed: not computed yet.", "c": "muted"})
    return tuple(rows)


def _aim(v: float) -> str:
    """A target as a person writes it: 1, or three digits."""
    return f"{v:g}" if v == round(v) else number(float(v))


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


def _terms(scene: Scene, a: Column, b: Column, m: int, name: str, bias: bool = False) -> list[Row]:
    x, sums = flat(scene, a.value), flat(scene, name)
    weights = (
        scene.values(f"W{m}").reshape(a.n, b.n) if scene.values(f"W{m}").size == a.n * b.n else None
    )
    if weights is None:
        return []
    if a.n <= 2:
        lines = []
        for j in range(b.n):
            cells: list[Any] = []
            for i in range(a.n):
                cells += ["+"] * (i > 0) + [num(x[i]), "×", num(weights[i, j])]
            if bias and scene.has(f"b{m}"):
                offset = flat(scene, f"b{m}")[j]
                cells += ["+", num(offset)] if offset else []
            lines.append([*cells, "=?" if a.n == 1 else "=", box(sums[j], peak(sums))])
        return [{"t": "eq", "head": "With the present numbers", "rows": lines}]
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
        lines.append([{"sym": whole}, "", "", "", "=", box(sums[0], peak(parts))])
        return [{"t": "eq", "head": "What each one brings, and the sum", "rows": lines}]
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
            [num(p), "+", num(q), "=", box(r, peak(flat(scene, sums)))]
            for p, q, r in zip(
                flat(scene, before), flat(scene, offsets), flat(scene, sums), strict=False
            )
        ]
        rows.append({"t": "eq", "head": "With the present numbers", "rows": lines})
    return tuple(rows)


def activation(scene: Scene, layer: Layer, before: str) -> Panel:
    c = scene.columns[layer.number]
    assert layer.activation is not None
    name, z = layer.activation.name, f"z{layer.sub}"
    if name == "softmax":
        return softmax(scene, layer, before)
    shown = "σ" if name == "sigmoid" else name
    rows: list[Row] = [
        title(f"Bend each sum with {name}"),
        rule(block(scene, c.value, c.letter), f"= {shown}", block(scene, before, z)),
    ]
    if sample(scene) and name not in MIXES:
        lines = [
            [{"sym": c.label(i)}, "=", f"{shown} (", num(p), ")", "=",
             box(q, peak(flat(scene, c.value)))]
            for i, (p, q) in enumerate(zip(flat(scene, before), flat(scene, c.value), strict=False))
        ]  # fmt: skip
        rows.append({"t": "eq", "head": "With the present numbers", "rows": lines})
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
            [{"sym": c.label(i)}, "=", "e^", num(s[i]), "/", num(total), "=", box(p[i], peak(p))]
            for i in np.argsort(-p)[:4]
        ]
        rows.append({"t": "eq", "head": f"The largest; all {len(p)} add up to 1", "rows": lines})
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
        {
            "t": "p",
            "s": f"A closed block with {inside}. Its slopes are checked all the same.",
            "c": "muted",
        },
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
        lines: list[list[Any]] = []
        offsets = flat(scene, f"b{m}") if scene.has(f"b{m}") else np.zeros(b.n)
        for j in range(b.n if a.n <= 2 else 0):
            cells: list[Any] = []
            for i in range(a.n):
                w = scene.values(f"W{m}").reshape(a.n, b.n)[i, j]
                cells += ["+"] * (i > 0) + [num(flat(scene, a.value)[i]), "×", num(w)]
            cells += ["+", num(offsets[j])] if offsets.any() else []
            lines.append([*cells, "=", box(flat(scene, sums)[j], peak(flat(scene, sums)))])
        out: list[Row] = [head]
        if a.n <= 2:
            out.append({"t": "eq", "head": "Each input times its weight, added up", "rows": lines})
        else:
            out += _terms(scene, a, b, m, f"s{m}" if scene.has(f"s{m}") else sums)
            if offsets.any():
                out.append({"t": "p", "s": "Then each sum gets its own offset.", "c": "muted"})
        if name:
            bent = [
                [num(p), f"→ {name} →", box(q, peak(flat(scene, b.value)))]
                for p, q in zip(flat(scene, sums), flat(scene, b.value), strict=True)
            ]
            out.append({"t": "eq", "head": f"Then {name} bends each sum", "rows": bent})
        return tuple(out)
    W, o = f"W{layer.sub}", f"b{layer.sub}"
    shown = "σ" if name == "sigmoid" else name
    tail = f"+ {o}" if scene.has(f"b{m}") else ""
    z = f"z{layer.sub}" if name else b.letter
    rows = [
        head,
        rule(block(scene, sums, z), "=", block(scene, a.value, a.letter, bold=1), "·",
             block(scene, f"W{m}", W, bold=0), *([tail] if tail else [])),
    ]  # fmt: skip
    if name and b.n <= 6:
        rows.append(rule(block(scene, b.value, b.letter), f"= {shown}", block(scene, sums, z)))
    if sample(scene) and a.n > 2:
        rows += _terms(scene, a, b, m, f"s{m}" if scene.has(f"s{m}") else sums)
    return tuple(rows)


def loss(scene: Scene) -> Panel:
    """How wrong, with the formula of the loss that was recorded."""
    recorded = scene.recorded
    c = scene.columns[-1]
    value = float(recorded.trace.loss.value.reshape(()))
    rows: list[Row] = [title("Measure how wrong it is", "LOSS")]
    said = recorded.loss.title
    target = recorded.y.value
    if not sample(scene):
        rows.append({"t": "eq", "rows": [[{"sym": "L"}, "=", box(value, value)]]})
        rows.append({"t": "p", "s": f"{said} over {scene.batch} samples", "c": "muted"})
        return tuple(rows)
    out = flat(scene, c.value)
    if scene.softmax:
        t = int(target.reshape(-1)[0])
        line = [[{"sym": "L"}, "=", "−ln", num(out[t]), "=", box(value, value)]]
        rows.append({"t": "eq", "head": f"The share of the right class, {t}", "rows": line})
    elif recorded.loss.title.startswith("binary") and out.size == 1:
        t = float(target.reshape(()))
        lines = []
        if t > 0:
            lines.append([{"sym": "L"}, "=", *([num(t), "×"] if t < 1 else []), "−ln", num(out[0]),
                          "=", box(value, value)])  # fmt: skip
        else:
            lines.append([{"sym": "L"}, "=", "−ln (1 −", num(out[0]), ")", "=", box(value, value)])
        if t in (0.0, 1.0):
            rows.append({"t": "eq", "head": f"The output should be {t:g}", "rows": lines})
        else:
            rows.append({"t": "eq", "rows": [[{"sym": "L"}, "=", box(value, value)]]})
    else:
        errors = out - target.reshape(-1)[: out.size]
        lines = [
            [num(o), "−", num(t), "=", box(e, peak(errors))]
            for o, t, e in zip(out, target.reshape(-1), errors, strict=False)
        ]
        rows.append({"t": "eq", "head": "Output − target = error", "rows": lines})
        rows.append({"t": "eq", "rows": [[{"sym": "L"}, "=", box(value, value)]]})
    if "cross" in said:
        share = [0.9, 0.5, 0.1, 0.01]
        lines = [["−ln", f"{p:g}", "=", box(-np.log(p), -np.log(share[-1]))] for p in share]
        rows.append({"t": "eq", "head": "If the right answer had got a share of", "rows": lines})
    rows.append({"t": "p", "s": said[:1].upper() + said[1:] + ".", "c": "muted"})
    return tuple(rows)
