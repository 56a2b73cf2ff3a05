"""`Plan`, a recorded graph laid out for speed: permanent buffers and a straight list of calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from backprop_kit.engine.backward import ancestors
from backprop_kit.engine.op import Array
from backprop_kit.engine.plan import forms, generic, vectors
from backprop_kit.engine.plan.draft import Draft
from backprop_kit.engine.replay import Place, leaves_by_tensor, node_of
from backprop_kit.engine.tensor import Node


class Plan:
    """A recorded loss, played again and again with other numbers, for one batch shape.

    loss        the recorded loss, one real number
    parameters  {name: tensor}: what slopes are wanted of; they stand in one flat vector `theta`,
                in this order, and their slopes in `grad`
    inputs      the places that `run(*arrays)` replaces, in this order; arrays of the recorded shape
    theta       the vector of another plan with the same parameters, to share it with its numbers
    grad        the vector of slopes of another plan, to share it
    buffers     {name: (leaf, fresh)}: numbers kept beside the parameters (running means). After
                `run` the value of `fresh` is copied over the leaf's; fresh None: only read
    kept        {name: array}: the kept numbers of another plan, to share them
    slopes      False: only forward

    `step` chooses the masks of operations of chance. Everything else that was recorded stays as
    it was. A plan never writes into the recording, and its numbers leave it as copies; only the
    vectors `theta` and `grad`, their views by name (`views`, `slopes`) and `kept` are there to be
    moved. `reached` names the parameters a slope comes to.

    Raises ValueError for a loss that is not one real number, parameters of several types, or a
    shared vector of another length.
    """

    def __init__(
        self,
        loss: Place,
        parameters: Mapping[str, Place],
        inputs: Iterable[Place] = (),
        *,
        theta: Array | None = None,
        grad: Array | None = None,
        buffers: Mapping[str, tuple[Place, Place | None]] | None = None,
        kept: Mapping[str, Array] | None = None,
        slopes: bool = True,
    ) -> None:
        root = node_of(loss)
        _check(root)
        fresh = {n: node_of(f) for n, (_, f) in (buffers or {}).items() if f is not None}
        self._known = leaves_by_tensor(ancestors(root, *fresh.values()))
        leaves = {name: self._node(p) for name, p in parameters.items()}
        held = {name: self._node(p) for name, (p, _) in (buffers or {}).items()}
        fed = [self._node(p) for p in inputs]

        dtype, moving = vectors.one_type(leaves, root), leaves if slopes else {}
        self.theta = vectors.vector(theta, leaves, dtype)
        self.grad = vectors.vector(grad if slopes else None, moving, dtype)
        self.views = vectors.views(self.theta, leaves)
        self.slopes = vectors.views(self.grad, moving)
        if theta is None:
            for name, n in leaves.items():
                self.views[name][...] = n.value
        self.kept: dict[str, Array] = {}
        for name, n in held.items():
            shared = (kept or {}).get(name)
            self.kept[name] = n.value.copy() if shared is None else shared

        arrays = {n: self.views[name] for name, n in leaves.items()}
        arrays |= {n: self.kept[name] for name, n in held.items()}
        wanted = {n: self.slopes[name] for name, n in moving.items()}
        draft = self._draft = Draft([root, *fresh.values()], arrays, fed, wanted)
        forms.draw(draft)
        self.reached = tuple(name for name, n in leaves.items() if n in draft.slope)
        self.step = next((n.options["step"] for n in draft.made if "step" in n.options), 0)
        self._inputs = [draft.at(n) for n in fed]
        self._forward, self._backward = tuple(draft.forward), tuple(draft.backward)
        self._offset, self._terms = draft.offset, [(c, u.dot, v) for c, u, v in draft.terms]
        self._renewed = [(self.kept[name], draft.at(n)) for name, n in fresh.items()]
        self._recipes: dict[Node, list[Node]] = {}
        self.forward()  # so that every place holds a value

    @property
    def step(self) -> int:
        """The number of the step, which masks depend on."""
        return self._draft.moment[0]

    @step.setter
    def step(self, k: int) -> None:
        self._draft.moment[0] = int(k)

    @property
    def calls(self) -> tuple[int, int]:
        """How many NumPy calls a run makes, forward (feeding the inputs, too) and back. An
        operation without a fast form counts as two, its rule and a copy."""
        there, back = self._draft.counts
        return len(self._inputs) + there + len(self._terms), back + len(self._renewed)

    # --- playing ----------------------------------------------------------------------------------
    def forward(self, *arrays: Any) -> float:
        """The loss of a batch, with the present numbers. Without arrays: of the last batch."""
        if arrays:
            self._feed(arrays)
        for function, args in self._forward:
            function(*args)
        loss = self._offset
        for factor, dot, v in self._terms:
            loss += factor * dot(v)
        return float(loss)

    def run(self, *arrays: Any) -> float:
        """The loss of a batch, and its slopes in `grad`."""
        loss = self.forward(*arrays)
        for function, args in self._backward:
            function(*args)
        for leaf, fresh in self._renewed:
            np.copyto(leaf, fresh)
        return loss

    def _feed(self, arrays: tuple[Any, ...]) -> None:
        if len(arrays) != len(self._inputs):
            raise TypeError(
                f"This plan takes {len(self._inputs)} arrays; got {len(arrays)}.\n"
                "Give one for each input it was drawn up with."
            )
        given = [np.asarray(a) for a in arrays]
        for place, a in zip(self._inputs, given, strict=True):
            if a.shape != place.shape:
                raise ValueError(
                    f"A batch of shape {a.shape} came to a plan for {place.shape}.\n"
                    "One plan plays one batch shape; draw up another for this one."
                )
        for place, a in zip(self._inputs, given, strict=True):
            place[...] = a

    # --- looking ----------------------------------------------------------------------------------
    def value(self, place: Place) -> Array:
        """A copy of what a recorded place holds since the last run.

        A number inside a fused operation, such as the squares of a squared error, is computed now,
        from the buffers around it and the present parameters.
        """
        wanted, draft = self._node(place), self._draft
        if wanted not in self._recipes:
            self._recipes[wanted] = draft.inside_of(wanted)
        found: dict[Node, Array] = {}
        for n in self._recipes[wanted]:
            args = [found[i] if i in found else draft.at(i) for i in n.inputs]
            found[n] = generic.value(draft, n, args)
        return np.array(found[wanted] if found else draft.at(wanted))

    def _node(self, place: Place) -> Node:
        return self._known.get(place) or node_of(place)

    def __repr__(self) -> str:
        there, back = self.calls
        numbers = f"{self.theta.size} numbers in {len(self.views)} parameters"
        return f"<Plan of {numbers}: {there} calls forward, {back} back>"


def _check(root: Node) -> None:
    if root.value.size != 1 or root.value.dtype.kind != "f":
        raise ValueError(
            f"A plan plays a loss of one real number; this has shape {root.value.shape} "
            f"({root.value.dtype}).\nSum or average it first: loss.sum() or loss.mean()."
        )
