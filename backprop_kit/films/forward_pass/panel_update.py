"""What the panel says of the update and after it: the forecast in its parts, and what came true."""

from __future__ import annotations

import numpy as np

from backprop_kit.films.forward_pass.rows import block, flat, sample
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import equals, shown
from backprop_kit.films.pass_words import plain_step, rule_of
from backprop_kit.films.presenter import owned
from backprop_kit.films.rows import Panel, Row, bars, box, eq, num, peak, remark, rule, title


def update(scene: Scene) -> Panel:
    """The move of everything: what each number is forecast to take off the loss."""
    recorded = scene.recorded
    parts = sorted(
        ((path, float(v), i)
         for path, values in recorded.forecast.items()
         for i, v in enumerate(values.reshape(-1))),
        key=lambda p: -p[1],
    )  # fmt: skip
    total = sum(p[1] for p in parts)
    up, down, stay = recorded.moved
    most = 13 if len(parts) <= 13 else 12
    items = [[place(scene, path, i), v] for path, v, i in parts[:most]]
    if len(parts) > most:
        items.append([f"{len(parts) - most} more", sum(p[1] for p in parts[most:])])
    each = "slope × move" if plain_step(recorded) is None else "step × slope²"
    said = f"{up + down} of {up + down + stay} numbers move. "
    said = ("" if scene.large else said) + f"Each should take {each} off the loss:"
    return (
        title("What the step should bring", "UPDATE"),
        {"t": "p", "s": said, "small": True},
        bars(items, ["forecast", total], dashed=True),
    )  # fmt: skip


def place(scene: Scene, path: str, i: int) -> str:
    """Where a number stands, in words a person can point at; by its path inside a closed block."""
    name = next((n for n, p in scene.paths.items() if p == path), None)
    if name is None:
        return f"{path} [{i}]"
    m = int(name[1:])
    a, b = scene.columns[m - 1], scene.columns[m]
    if name[0] == "b":
        return f"offset of ${b.label(i)}$"
    row, col = divmod(i, b.n)
    return f"${a.label(row)}$ → ${b.label(col)}$"


def one_update(scene: Scene, name: str, sub: str) -> Panel:
    """The move of one parameter in numbers."""
    letter, recorded = f"{name[0]}{sub}", scene.recorded
    lr = plain_step(recorded)
    leaf = recorded.parameters[scene.paths[name]]  # the film's own array may be binned
    old, g = leaf.value.reshape(-1), recorded.trace.grads[leaf].reshape(-1)
    moved = dict(recorded.trace.updates)[leaf]
    new = moved.new.reshape(-1)
    order = range(len(old)) if len(old) <= 5 else np.argsort(-np.abs(new - old))[:5]
    lines = []
    for i in order:
        if lr is not None:
            sign = equals(new[i], shown(old[i]) - lr * shown(g[i]))
            lines.append(
                [num(old[i]), "−", f"{lr:g}", "×", num(g[i]), sign, box(new[i], peak(new))]
            )
        else:
            lines.append([num(old[i]), "→", box(new[i], peak(new))])
    head, numbers = (
        title(f"Move {letter} against its slopes", "UPDATE"),
        eq(lines, "With the present numbers"),
    )
    numbers = owned(numbers, [[f"{name}:{i}"] for i in order])
    was = block(scene, name, letter)
    if lr is None:
        made = rule(was, "→", block(scene, name + "+", f"{letter} new"))
        return head, made, numbers, remark(f"The rule: {rule_of(recorded, moved)}.")
    return head, rule(was, f"− {lr:g} ·", block(scene, "g" + name, f"∂L/∂{letter}")), numbers


def again(scene: Scene) -> Panel:
    """Promise and delivery."""
    recorded = scene.recorded
    root = recorded.trace.loss
    before, after = float(root.value.reshape(())), float(recorded.trace.again[root].reshape(()))
    promised = float(sum(v.sum() for v in recorded.forecast.values()))
    sym = [] if scene.plain else [{"sym": "L"}]
    rows: list[Row] = [
        title("Forward again, with the new numbers", "AGAIN"),
        owned(eq([[*sym, num(before), "→", box(after, max(before, after))]], "The loss"), [["L"]]),
    ]
    if sample(scene):
        c = scene.columns[-1]
        old, new = flat(scene, c.value), flat(scene, c.value + "+")
        keep = (
            range(len(old))
            if len(old) <= 3
            else [int(scene.recorded.y.value.reshape(-1)[0])]
            if scene.softmax
            else []
        )
        lines = [[{"sym": c.label(i)}, num(old[i]), "→", box(new[i], peak(new))] for i in keep]
        if lines:
            rows.append(eq(lines, "The output"))
    rows.append(bars([["forecast", promised], ["true fall", before - after]]))
    rows.append(remark("The forecast is a straight line laid along a curve."))
    return tuple(rows)
