"""How each number comes from others, so that the page can take it apart and write it in NumPy.

A recipe names the arrays it reads. Kinds:
  product  a row of `l` times a column of `r` (lT, rT: of its transpose), plus an entry of `b`
  sum      a column of `of`
  each     one entry of each array in `of`, at the same place
  row      the whole row of each array in `of`
  whole    all of each array in `of`
  given, closed   no recipe: said in words
`show` is the formula, a number standing for the array at that place; `code` is NumPy, {0} and {1}
the arrays in `of`, {y} the result, {j} the column.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_kit.engine.tensor import Node
from backprop_kit.films.matrix.scene import Scene
from backprop_kit.films.pass_words import plain_step, rule_of
from backprop_kit.nn import BCELoss, BCEWithLogitsLoss, MSELoss, SquaredError

Recipe = dict[str, Any]
_SIGMOID = "1 / (1 + np.exp(-{0}))"
_INNER = "np.tanh((2 / np.pi) ** 0.5 * ({0} + 0.044715 * {0} ** 3))"
_GELU_SLOPE = (
    f"0.5 * (1 + {_INNER}) + 0.5 * {{0}} * (1 - {_INNER} ** 2) * (2 / np.pi) ** 0.5"
    " * (1 + 3 * 0.044715 * {0} ** 2)"
)

# name: the value (shown, code), then the slope (read from the sum z or the value v, shown, code)
_BENDS: dict[str, tuple[list[Any], str, str, list[Any], str]] = {
    "tanh": (["tanh(", 0, ")"], "np.tanh({0})", "v", ["1 −", 0, "²"], "1 - {0} ** 2"),
    "sigmoid": (["σ(", 0, ")"], _SIGMOID, "v", [0, "× (1 −", 0, ")"], "{0} * (1 - {0})"),
    "relu": (["max(", 0, ", 0)"], "np.maximum({0}, 0)",
             "z", ["1 if", 0, "> 0, else 0"], "1.0 * ({0} > 0)"),
    "leaky_relu": ([0, "if > 0, else {slope} × it"], "np.where({{0}} > 0, {{0}}, {slope} * {{0}})",
                   "z", ["1 if", 0, "> 0, else {slope}"], "np.where({{0}} > 0, 1.0, {slope})"),
    "elu": ([0, "if > 0, else {alpha} (e^z − 1)"],
            "np.where({{0}} > 0, {{0}}, {alpha} * np.expm1(np.minimum({{0}}, 0)))",
            "zv", ["1 if", 0, "> 0, else", 1, "+ {alpha}"],
            "np.where({{0}} > 0, 1.0, {{1}} + {alpha})"),
    "softplus": (["ln(1 + e^z) at", 0], "np.logaddexp(0, {0})", "z", ["σ(", 0, ")"], _SIGMOID),
    "gelu": (["gelu(", 0, ")"], "0.5 * {0} * (1 + " + _INNER + ")",
             "z", ["gelu′(", 0, ")"], _GELU_SLOPE),
    "exp": (["e^z at", 0], "np.exp({0})", "v", [0], "{0}"),
    "sin": (["sin(", 0, ")"], "np.sin({0})", "z", ["cos(", 0, ")"], "np.cos({0})"),
    "cos": (["cos(", 0, ")"], "np.cos({0})", "z", ["−sin(", 0, ")"], "-np.sin({0})"),
    "abs": (["|", 0, "|"], "abs({0})", "z", ["the sign of", 0], "np.sign({0})"),
    "identity": ([0], "{0}", "z", ["1, at", 0], "0 * {0} + 1.0"),
}  # fmt: skip
_DEFAULTS = {"slope": 0.01, "alpha": 1.0}


def each(of: list[str], show: list[Any], code: str) -> Recipe:
    return {"t": "each", "of": of, "show": show, "code": code}


def closed(name: str) -> Recipe:
    return {"t": "closed", "s": name}


def bend(node: Node, z: str, v: str) -> Recipe:
    """The value of an activation."""
    assert node.op is not None
    name = node.op.name
    if name == "softmax":
        code = ["p = np.exp({0} - {0}.max())", "{y} = p[{j}] / p.sum()"]
        return {"t": "row", "of": [z], "code": code}
    if name == "log_softmax":
        code = ["a = {0} - {0}.max()", "{y} = a[{j}] - np.log(np.exp(a).sum())"]
        return {"t": "row", "of": [z], "code": code}
    show, code_ = _BENDS[name][:2]
    return each([z], _set(show, node), _put(code_, node))


def steep(node: Node, z: str, v: str) -> Recipe:
    """How steep an activation is."""
    assert node.op is not None
    reads, show, code = _BENDS[node.op.name][2:]
    return each([{"z": z, "v": v}[letter] for letter in reads], _set(show, node), _put(code, node))


def bend_back(node: Node, v: str, dv: str, s: str) -> Recipe:
    """The slope before an activation, from the slope after it."""
    assert node.op is not None
    if node.op.name == "softmax":
        return {"t": "row", "of": [v, dv], "code": ["{y} = ({0} * ({1} - ({0} * {1}).sum()))[{j}]"]}
    if node.op.name == "log_softmax":
        return {"t": "row", "of": [v, dv], "code": ["{y} = ({1} - np.exp({0}) * {1}.sum())[{j}]"]}
    return each([dv, s], [0, "×", 1], "{0} * {1}")


def _options(node: Node) -> dict[str, float]:
    return {**_DEFAULTS, **{k: v for k, v in node.options.items() if k in _DEFAULTS}}


def _set(show: list[Any], node: Node) -> list[Any]:
    return [p.format(**_options(node)) if isinstance(p, str) and "{" in p else p for p in show]


def _put(code: str, node: Node) -> str:
    return code.format(**_options(node)) if "{{" in code else code


def loss_slope(scene: Scene) -> tuple[Recipe, str]:
    """The slope at the output as the loss makes it, and the rule in letters, "" if there is none.

    Of scores behind cross-entropy: through the softmax in it as well.
    """
    recorded, m = scene.recorded, scene.last.number
    v, loss = f"v{m}", recorded.loss
    if scene.scored:
        n = scene.size("t")[0]
        code = "({0} - {1})" + (f" / {n}" if n > 1 else "")
        show: list[Any] = ["(", 0, "−", 1, f") / {n}"] if n > 1 else [0, "−", 1]
        return each([v, "o"], show, code), "P − T" if n == 1 else f"(P − T) / {n}"
    if not scene.has("e"):
        return closed(type(loss).__name__), ""
    n = int(np.prod(scene.size("e")))
    out = scene.last.out
    if type(loss) is SquaredError:
        return each([v, "t"], [0, "−", 1], "{0} - {1}"), f"{out} − T"
    if type(loss) is MSELoss:
        rule = f"2 ({out} − T) / {n}"
        return each([v, "t"], ["2 × (", 0, "−", 1, f") / {n}"], f"2 * ({{0}} - {{1}}) / {n}"), rule
    if type(loss) in (BCELoss, BCEWithLogitsLoss) and _plain_entropy(scene, n):
        show = ["(", 0, "−", 1, ") / (", 0, "× (1 −", 0, ")" + (f" × {n})" if n > 1 else ")")]
        return each([v, "t"], show, f"(-{{1}} / {{0}} + (1 - {{1}}) / (1 - {{0}})) / {n}"), ""
    return closed(type(loss).__name__), ""


def _plain_entropy(scene: Scene, n: int) -> bool:
    """Whether the slope is the textbook's: beyond the smallest logarithm the loss bends it."""
    m = scene.last.number
    if not scene.has(f"dv{m}"):
        return False
    p, t, g = (scene.values(a) for a in (f"v{m}", "t", f"dv{m}"))
    if ((p <= 0) | (p >= 1)).any():
        return False
    return bool(np.allclose((-t / p + (1 - t) / (1 - p)) / n, g, rtol=1e-9, atol=0))


def loss_value(scene: Scene) -> Recipe:
    """The loss itself."""
    v, loss, name = f"v{scene.last.number}", scene.recorded.loss, type(scene.recorded.loss)
    out = scene.last.out
    if scene.scored:
        code = "-np.log({0}[np.arange(len({1})), {1}]).mean()"
        return {"t": "whole", "of": [v, "t"], "show": "mean of $−ln p$ at the label",
                "code": ["{y} = " + code], "labels": 1}  # fmt: skip
    whole: Recipe = {"t": "whole", "of": [v, "t"]}
    if not scene.has("e"):
        return closed(loss.title)
    if name is SquaredError:
        code = "{y} = 0.5 * (({0} - {1}) ** 2).sum()"
        return {**whole, "show": f"½ Σ (${out} − T$)²", "code": [code], "sign": "½ Σ E^2"}
    if name is MSELoss:
        code = "{y} = (({0} - {1}) ** 2).mean()"
        return {**whole, "show": f"mean of (${out} − T$)²", "code": [code], "sign": "mean E^2"}
    p = scene.values(v)
    if name in (BCELoss, BCEWithLogitsLoss) and ((p > 0) & (p < 1)).all():
        code = "{y} = -({1} * np.log({0}) + (1 - {1}) * np.log(1 - {0})).mean()"
        return {**whole, "show": "mean of $−(t ln p + (1 − t) ln(1 − p))$", "code": [code]}
    return closed(loss.title)


def update(scene: Scene, name: str) -> Recipe:
    """A parameter after the update."""
    recorded, trace = scene.recorded, scene.recorded.trace
    lr = plain_step(recorded)
    leaf = recorded.parameters[scene.paths[name]]
    whole = len(trace.parts.get(leaf, ())) == 1  # the gradient shown is all of it
    if lr is not None and whole:
        return each([name, "g" + name], [0, f"− {lr:g} ×", 1], f"{{0}} - {lr!r} * {{1}}")
    return closed(rule_of(recorded, dict(trace.updates)[leaf]))
