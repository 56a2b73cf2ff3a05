"""What the panel says on the way back: each slope with the numbers it was made of."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.forward_pass.layers import Column, Layer, indexed
from backprop_kit.films.forward_pass.rows import MIXES, block, flat, sample
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import equals, number, shown
from backprop_kit.films.presenter import owned
from backprop_kit.films.rows import Panel, Row, bars, box, eq, num, peak, remark, rule, title

# The slope of each activation, in its own value y or its sum z.
_STEEPNESS = {
    "tanh": "1 − {y}^2", "sigmoid": "{y}(1 − {y})", "relu": "1 where {z} > 0, else 0",
    "softplus": "σ({z})", "exp": "{y}", "sin": "cos {z}", "cos": "−sin {z}",
}  # fmt: skip


def slope_result(scene: Scene, layer: Layer) -> Panel:
    """∂L/∂ of the last column: how the loss reacts to the output."""
    c = scene.columns[layer.number]
    rows: list[Row] = [
        title(f"Ask the loss about ${c.letter}$"),
        rule(block(scene, f"dv{layer.number}", f"∂L/∂{c.letter}")),
    ]
    if sample(scene):
        values = flat(scene, f"dv{layer.number}")
        keep = [i for i in np.argsort(-np.abs(values)) if values[i] != 0][:4]
        lines = [
            [
                {"sym": f"∂L/∂{c.label(i)}"},
                "=",
                box(values[i], peak(values)),
                high(c, i, values[i]),
            ]
            for i in keep
        ]
        units = [[f"dv{layer.number}:{i}", f"{c.value}:{i}"] for i in keep]
        rows.append(owned(eq(lines, "With the present numbers"), units))
        if (values == 0).any():
            rows.append(remark("The others do not enter the loss: slope 0."))
    return tuple(rows)


def high(c: Column, i: int, slope: float) -> Row:
    return (
        {"note": f"${c.label(i)}$ too {'high' if slope > 0 else 'low'}"} if slope else {"note": ""}
    )


def slope_delta(scene: Scene, layer: Layer) -> Panel:
    """Through the activation: δ = ∂L/∂h ⊙ slope."""
    m, c = layer.number, scene.columns[layer.number]
    assert layer.activation is not None
    name, d = layer.activation.name, f"δ{layer.sub}"
    if scene.softmax and layer is scene.layers[-1]:
        return _slope_softmax(scene, layer)
    if name in MIXES:
        back = f"dz{m}"
        return (
            title(f"Pass the slopes through {name}"),
            rule(block(scene, back, f"∂L/∂{scene.columns[m - 1].letter}"), "←",
                 block(scene, f"dv{m}", f"∂L/∂{c.letter}")),
            {"t": "p", "s": f"Every number of {name} depends on every score, so each slope going "
             "back is a sum over all that arrived."},
        )  # fmt: skip
    steep = _STEEPNESS.get(name, f"{name}′({{z}})").format(y=c.letter, z=f"z{layer.sub}")
    rows: list[Row] = [
        title(f"Pass the slope through {name}"),
        rule(block(scene, f"dz{m}", d), "=", block(scene, f"dv{m}", f"∂L/∂{c.letter}"),
             f"⊙ (${steep}$)" if "_" in steep or "^" in steep else f"⊙ ({steep})"),
    ]  # fmt: skip
    if sample(scene):
        above, below = flat(scene, f"dv{m}"), flat(scene, f"dz{m}")
        local = steepness(scene, layer)
        lines = [
            [{"sym": d if c.n == 1 else indexed(d, i + 1)}, "=", num(p), "×", num(q), "=?",
             box(r, peak(below))]
            for i, (p, q, r) in enumerate(zip(above, local, below, strict=False))
        ]  # fmt: skip
        units = [[f"dz{m}:{i}", f"{c.value}:{i}"] for i in range(len(lines))]
        rows.append(owned(eq(lines, f"What arrived × how steep {name} is"), units))
    return tuple(rows)


def steepness(scene: Scene, layer: Layer) -> np.ndarray:
    """How steep an activation is at each sum."""
    link = layer.activation
    assert link is not None and link.result.op is not None
    node = link.result
    rule_ = node.op.vjp(0) if node.op is not None else None
    assert rule_ is not None
    return np.asarray(
        rule_(np.ones(node.value.shape), node.value, *node.args, **node.options)
    ).reshape(-1)


def _slope_softmax(scene: Scene, layer: Layer) -> Panel:
    m = layer.number
    delta = f"dz{m - 1}" if scene.has(f"dz{m - 1}") else f"dz{m}"
    rows: list[Row] = [
        title("Pass the slopes through softmax"),
        rule(block(scene, delta, _score_delta(scene)),
             "= $p$ − target" if sample(scene) else f"= ($p$ − target) / {scene.batch}"),
    ]  # fmt: skip
    if sample(scene):
        t = int(scene.recorded.y.value.reshape(-1)[0])
        p, d = flat(scene, f"v{m}"), flat(scene, f"dz{m}")
        order = [t, *[i for i in np.argsort(-p) if i != t][:3]]
        lines = [
            [
                {"sym": f"p_{i}"},
                num(p[i]),
                "−",
                "1" if i == t else "0",
                equals(d[i], shown(p[i]) - (i == t)),
                box(d[i], peak(d)),
            ]
            for i in order
        ]
        units = [[f"v{m}:{i}"] for i in order]
        rows.append(owned(eq(lines, f"The target is {t}"), units))
        rows.append(remark(f"All {len(d)} add up to 0."))
    return tuple(rows)


def _score_delta(scene: Scene) -> str:
    return f"δ{scene.layers[-2].sub}" if len(scene.layers) > 1 else "δ"


def slope_bias(scene: Scene, layer: Layer) -> Panel:
    m = layer.number
    if scene.large and sample(scene):
        d, g = f"δ{layer.sub}", flat(scene, f"gb{m}")
        lines = [[{"sym": d if len(g) == 1 else indexed(d, i + 1)}, "=", box(v, peak(g))]
                 for i, v in enumerate(g)]  # fmt: skip
        units = [[f"dz{m}:{i}", f"v{m}:{i}"] for i in range(len(g))]
        made = rule(block(scene, f"gb{m}", f"∂L/∂b{layer.sub}"), "=", block(scene, f"dz{m}", d))
        return title(f"The slope of the offsets b{layer.sub}"), made, owned(eq(lines), units)
    rows: list[Row] = [
        title(f"The slope of the offsets b{layer.sub}"),
        rule(block(scene, f"gb{m}", f"∂L/∂b{layer.sub}"), "=",
             block(scene, f"dz{m}", f"δ{layer.sub}")),
        {"t": "p", "s": "An offset is added as it is, so it takes the slope at the sum as it is."
         + ("" if sample(scene) else f" The {scene.batch} samples add up.")},
    ]  # fmt: skip
    return tuple(rows)


def slope_weight(scene: Scene, layer: Layer) -> Panel:
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    rows: list[Row] = [
        title(f"The slope of each weight in W{layer.sub}"),
        rule(block(scene, f"gW{m}", f"∂L/∂W{layer.sub}"), "=",
             block(scene, a.value, f"{raised(a.letter)}", transpose=True, bold=1), "·",
             block(scene, f"dz{m}", f"δ{layer.sub}", bold=0)),
    ]  # fmt: skip
    if sample(scene):
        x, d, g = flat(scene, a.value), flat(scene, f"dz{m}"), scene.values(f"gW{m}")
        if g.shape == (a.n, b.n):
            top = (
                sorted(np.ndindex(g.shape), key=lambda ij: (-abs(g[ij]), ij))
                if g.size > 5
                else np.ndindex(g.shape)
            )
            top = list(top)[:5]
            lines = [
                [num(x[i]), "×", num(d[j]), "=?", box(g[i, j], peak(g)),
                 {"note": f"${a.label(i)}$ → ${b.label(j)}$"}]
                for i, j in top
            ]  # fmt: skip
            edges = [[f"W{m}:{i * b.n + j}"] for i, j in top]
            rows.append(owned(eq(lines, "What came in × the slope that comes back"), edges))
            zero = int((g == 0).sum())
            if zero:
                said = f"{zero} of {g.size} are exactly 0: nothing came in there."
                rows.append(remark(said))
    return tuple(rows)


def raised(letter: str) -> str:
    return f"{letter}^T"


def slope_source(scene: Scene, layer: Layer) -> Panel:
    """Back through the weights: ∂L/∂h = δ Wᵀ."""
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    W = f"W{layer.sub}"
    rows: list[Row] = [
        title(f"Send the slope back through {W}"),
        rule(block(scene, f"dv{m - 1}", f"∂L/∂{a.letter}"), "=",
             block(scene, f"dz{m}", f"δ{layer.sub}", bold=1), "·",
             block(scene, f"W{m}", raised(W), transpose=True, bold=0), note="inner sizes match"),
    ]  # fmt: skip
    if sample(scene):
        back, d = flat(scene, f"dv{m - 1}"), flat(scene, f"dz{m}")
        w = scene.values(f"W{m}")
        if b.n == 1:
            lines = [
                [{"sym": f"∂L/∂{a.label(i)}"}, "=", num(d[0]), "×", num(w[i, 0]), "=?",
                 box(back[i], peak(back)), high(a, i, back[i])]
                for i in range(len(back))
            ]  # fmt: skip
            units = [[f"W{m}:{i}", f"dv{m - 1}:{i}", f"{a.value}:{i}"] for i in range(len(back))]
            rows.append(owned(eq(lines, "With the present numbers"), units))
        elif w.shape == (a.n, b.n):
            i = int(np.abs(back).argmax())
            order = np.argsort(-np.abs(d * w[i]))
            lines = [
                [num(d[j]), "×", num(w[i, j]), "=?", box(d[j] * w[i, j], peak(d * w[i]))]
                for j in order[:4]
            ]
            more = f"The largest parts of {b.n}; all add up to {number(float(back[i]))}"
            edges = [[f"W{m}:{i * b.n + j}", f"{a.value}:{i}"] for j in order[:4]]
            rows.append(owned(eq(lines, f"For ${a.label(i)}$"), edges))
            rows.append(remark(more))
    return tuple(rows)


def slope_closed(scene: Scene, layer: Layer) -> Panel:
    assert layer.block is not None
    m = layer.number
    rows: list[Row] = [title(f"Send the slope back through {layer.block.name}")]
    a, b = scene.columns[m - 1], scene.columns[m]
    if scene.has(f"dv{m - 1}"):
        rows.append(
            rule(
                block(scene, f"dv{m - 1}", f"∂L/∂{a.letter}"),
                "←",
                block(scene, f"dv{m}", f"∂L/∂{b.letter}"),
            )
        )
    grads, leaves = scene.recorded.trace.grads, scene.recorded.parameters
    # A number that only a comparison looks at has no slope.
    reached = [p for p in layer.block.inside if leaves[p] in grads]
    sizes = [(p, float(np.linalg.norm(grads[leaves[p]]))) for p in reached]
    if sizes:
        rows.append(bars([[p, v] for p, v in sizes[:6]]))
        rows.append(remark("The length of the slopes of each parameter inside."))
    return tuple(rows)


def layer_backward(scene: Scene, layer: Layer) -> Panel:
    """A whole layer on the way back: δ, then the weights' slopes."""
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    if layer.block is not None:
        return slope_closed(scene, layer)
    if layer.linear is None:
        return slope_delta(scene, layer)
    if scene.plain and sample(scene):
        return _plain_backward(scene, layer)
    d = f"δ{layer.sub}"
    last = layer is scene.layers[-1] or (scene.softmax and layer is scene.layers[-2])
    rows: list[Row] = [title("Back through the layer", f"LAYER {m}")]
    if scene.softmax and last:
        rows += _slope_softmax(scene, scene.layers[-1])[1:2]
    elif layer.activation is not None:
        steep = _STEEPNESS.get(layer.activation.name, f"{layer.activation.name}′").format(
            y=b.letter, z=f"z{layer.sub}"
        )
        rows.append(
            rule(
                block(scene, f"dz{m}", d),
                "=",
                block(scene, f"dv{m}", f"∂L/∂{b.letter}"),
                f"⊙ (${steep}$)",
            )
        )
    if scene.large and sample(scene):
        if not (scene.softmax and last) and layer.activation is not None:
            rows = [rows[0], *slope_delta(scene, layer)[1:]]
        elif layer.activation is None:
            rows = [rows[0], *slope_weight(scene, layer)[1:]]
        return tuple(rows)
    if a.kind != "image":
        rows.append(
            rule(block(scene, f"gW{m}", f"∂L/∂W{layer.sub}"), "=",
                 block(scene, a.value, raised(a.letter), transpose=True, bold=1), "·",
                 block(scene, f"dz{m}", d, bold=0))
        )  # fmt: skip
    if a.kind == "image" and b.kind == "strip" and sample(scene):
        slopes = flat(scene, f"dz{m}")
        top = int(np.abs(slopes).argmax())
        rows.append({"t": "p", "s": f"Each unit's slopes are the image times its own $δ$: "
                     f"{(slopes > 0).sum()} blue, {(slopes < 0).sum()} orange, the strongest is "
                     f"unit {top + 1} of {b.n}, {number(float(slopes[top]))}."})  # fmt: skip
    return tuple(rows)


def _plain_backward(scene: Scene, layer: Layer) -> Panel:
    m = layer.number
    x, d = flat(scene, f"v{m - 1}"), flat(scene, f"dz{m}")
    g = scene.values(f"gW{m}")
    rows: list[Row] = [title("The slope goes back", f"LAYER {m}")]
    if layer.activation is not None and layer is not scene.layers[-1]:
        above, local = flat(scene, f"dv{m}"), steepness(scene, layer)
        lines = [
            [num(p), "×", num(q), "=?", box(r, peak(d))]
            for p, q, r in zip(above.tolist(), local.tolist(), d.tolist(), strict=False)
        ]
        units = [[f"dz{m}:{j}", f"dv{m}:{j}", f"v{m}:{j}"] for j in range(len(lines))]
        rows.append(owned(eq(lines, "What came through the weight × how steep the bend is"), units))
        if scene.large:
            return tuple(rows)
    shown = list(np.ndindex(g.shape))[: 3 if layer is not scene.layers[-1] else 4]
    made = [
        [num(float(x[i])), "×", num(float(d[j])), "=?", box(float(g[i, j]), peak(g))]
        for i, j in shown
    ]
    edges = [[f"W{m}:{i * g.shape[1] + j}"] for i, j in shown]
    rows.append(owned(eq(made, "A weight's slope: what came in × the slope at the sum"), edges))
    return tuple(rows)
