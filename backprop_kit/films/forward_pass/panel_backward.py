"""What the panel says on the way back: each slope with the numbers it was made of."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.forward_pass.layers import Column, Layer, indexed
from backprop_kit.films.forward_pass.rows import block, flat, sample
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import equals, number, shown
from backprop_kit.films.presenter import owned
from backprop_kit.films.rows import Panel, Row, bars, box, eq, num, peak, remark, rule, title
from backprop_kit.study.products import MIXING, steepness

# The slope of each activation, in its own value y or its sum z.
STEEPNESS = {
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
    said = f"${c.label(i)}$ too {'high' if slope > 0 else 'low'}"
    return {"note": said if slope else ""}


def slope_delta(scene: Scene, layer: Layer) -> Panel:
    """Through the activation: δ = ∂L/∂h ⊙ slope."""
    m, c = layer.number, scene.columns[layer.number]
    assert layer.activation is not None
    name, d = layer.activation.name, f"δ{layer.sub}"
    if scene.softmax and layer is scene.layers[-1]:
        return _slope_softmax(scene, layer)
    if name in MIXING:
        back = f"dz{m}"
        return (
            title(f"Pass the slopes through {name}"),
            rule(block(scene, back, f"∂L/∂{scene.columns[m - 1].letter}"), "←",
                 block(scene, f"dv{m}", f"∂L/∂{c.letter}")),
            {"t": "p", "s": f"Every number of {name} depends on every score, so each slope going "
             "back is a sum over all that arrived."},
        )  # fmt: skip
    steep = STEEPNESS.get(name, f"{name}′({{z}})").format(y=c.letter, z=f"z{layer.sub}")
    rows: list[Row] = [
        title(f"Pass the slope through {name}"),
        rule(block(scene, f"dz{m}", d), "=", block(scene, f"dv{m}", f"∂L/∂{c.letter}"),
             f"⊙ (${steep}$)" if "_" in steep or "^" in steep else f"⊙ ({steep})"),
    ]  # fmt: skip
    if sample(scene):
        above, below = flat(scene, f"dv{m}"), flat(scene, f"dz{m}")
        local = steep_at(layer)
        lines = [
            [{"sym": d if c.n == 1 else indexed(d, i + 1)}, "=", num(p), "×", num(q), "=?",
             box(r, peak(below))]
            for i, (p, q, r) in enumerate(zip(above, local, below, strict=False))
        ]  # fmt: skip
        units = [[f"dz{m}:{i}", f"{c.value}:{i}"] for i in range(len(lines))]
        rows.append(owned(eq(lines, f"What arrived × how steep {name} is"), units))
    return tuple(rows)


def steep_at(layer: Layer) -> np.ndarray:
    """How steep an activation is at each sum."""
    assert layer.activation is not None
    steep = steepness(layer.activation)
    assert steep is not None
    return steep.reshape(-1)


def softmax_rule(scene: Scene, layer: Layer) -> Row:
    """δ = p − target, at the scores."""
    m, first = layer.number, scene.layers[-2].sub if len(scene.layers) > 1 else ""
    delta = f"dz{m - 1}" if scene.has(f"dz{m - 1}") else f"dz{m}"
    made = "= $p$ − target" if sample(scene) else f"= ($p$ − target) / {scene.batch}"
    return rule(block(scene, delta, f"δ{first}"), made)


def _slope_softmax(scene: Scene, layer: Layer) -> Panel:
    m = layer.number
    rows: list[Row] = [title("Pass the slopes through softmax"), softmax_rule(scene, layer)]
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


def weight_rule(scene: Scene, layer: Layer) -> Row:
    """∂L/∂W = xᵀ δ."""
    m, a = layer.number, scene.columns[layer.number - 1]
    return rule(block(scene, f"gW{m}", f"∂L/∂W{layer.sub}"), "=",
                block(scene, a.value, f"{a.letter}^T", transpose=True, bold=1), "·",
                block(scene, f"dz{m}", f"δ{layer.sub}", bold=0))  # fmt: skip


def slope_weight(scene: Scene, layer: Layer) -> Panel:
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    rows: list[Row] = [
        title(f"The slope of each weight in W{layer.sub}"), weight_rule(scene, layer),
    ]  # fmt: skip
    if sample(scene):
        x, d, g = flat(scene, a.value), flat(scene, f"dz{m}"), scene.values(f"gW{m}")
        if g.shape == (a.n, b.n):
            top = list(np.ndindex(g.shape))
            if g.size > 5:
                top = sorted(top, key=lambda ij: (-abs(g[ij]), ij))[:5]
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


def slope_source(scene: Scene, layer: Layer) -> Panel:
    """Back through the weights: ∂L/∂h = δ Wᵀ."""
    m = layer.number
    a, b = scene.columns[m - 1], scene.columns[m]
    W = f"W{layer.sub}"
    rows: list[Row] = [
        title(f"Send the slope back through {W}"),
        rule(block(scene, f"dv{m - 1}", f"∂L/∂{a.letter}"), "=",
             block(scene, f"dz{m}", f"δ{layer.sub}", bold=1), "·",
             block(scene, f"W{m}", f"{W}^T", transpose=True, bold=0), note="inner sizes match"),
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
