"""The frames of a graph: what each step says, shows and lights up, for one state of folding."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from backprop_kit.engine.tensor import Node
from backprop_kit.films.captions import joined, listing, speaker
from backprop_kit.films.film import Frame
from backprop_kit.films.graph import panel
from backprop_kit.films.graph.marks import column_tag, marks
from backprop_kit.films.graph.scene import Scope, Use
from backprop_kit.films.graph.symbols import flat, recipe
from backprop_kit.films.graph.tags import tag
from backprop_kit.films.graph.units import Picture
from backprop_kit.films.numbers import number, product_sign
from backprop_kit.study.naming import plain

say = speaker("graph")


class Story:
    """All frames of one picture."""

    def __init__(self, picture: Picture) -> None:
        self.picture, self.graph = picture, picture.graph

    # --- helpers ----------------------------------------------------------------------------------
    def name(self, n: Node) -> str:
        return plain(self.graph.names[n])

    def tag(self, letter: str, n: Node, j: int | None = None) -> str:
        return tag(self.picture, letter, n, j)

    def phase(self, n: Node) -> str:
        scope = self.graph.scope_of.get(n)
        return "loss" if scope is not None and scope.loss else "forward"

    def recipe(self, n: Node) -> str:
        return flat(recipe(n, self.graph.names))

    def value(self, n: Node) -> float:
        return float(n.value.reshape(-1)[0].real)

    def edges_in(self, n: Node) -> tuple[str, ...]:
        """The edges into a value or a card."""
        unit = self.picture.unit_of[n]
        found = []
        for m, slot in unit.sources:
            for j, use in enumerate(self.picture.uses[m]):
                if self.picture.unit_of[use.user] is unit and (
                    unit.scope is not None or use.slot == slot
                ):
                    found.append(self.tag("e", m, j))
        return tuple(found)

    def column(self, n: Node) -> int:
        picture = self.picture
        assert picture.layout is not None
        unit = picture.unit_of[n]
        host = next((u for u in picture.units if unit.node in u.hanging), unit)
        return picture.layout.column[picture.kept.index(host)]

    # --- the cuts ---------------------------------------------------------------------------------
    def cuts(self) -> dict[str, tuple[Frame, ...]]:
        cuts = {"operation": self._growing([self.start(), *self.forward(), *self.backward()])}
        if self.graph.scopes:
            cuts["layer"] = self._growing([self.start(), *self.layers()])
        else:
            cuts["pass"] = self._growing([self.start(), *self.passes()])
        return cuts

    def _growing(self, frames: list[Frame]) -> tuple[Frame, ...]:
        latest: dict[int, Frame] = {}
        for f in sorted(frames, key=lambda f: f.k):
            latest[f.k] = f
        return tuple(latest[k] for k in sorted(latest))

    def start(self) -> Frame:
        graph = self.graph
        leaves = [n for n in graph.nodes if n.op is None]
        following = (
            self.name(graph.trace.made[0]) if graph.trace.made else self.name(graph.trace.loss)
        )
        if all(n.value.size == 1 for n in leaves) and len(leaves) <= 6:
            values = joined([f"{self.name(n)} is {number(self.value(n))}" for n in leaves])
            said = say("start", values=values, next=following)
            said = values[:1] + said[1:]
        else:
            said = say("start.many", count=len(leaves), next=following)
        return self._pan(
            Frame(0, "forward", said, panel=panel.start(graph)),
            leaves[0] if leaves else graph.trace.loss,
        )

    def _pan(self, frame: Frame, n: Node) -> Frame:
        """Bring the column of a value into the middle, in whole columns."""
        layout, c = self.picture.layout, self.column(n)
        assert layout is not None
        if not self.picture.panned:
            return replace(frame, pan=layout.columns[c][0])
        near = range(max(0, c - 2), min(len(layout.columns), c + 3))
        bright = (*frame.on, *map(column_tag, near)) if frame.on or frame.to or frame.source else ()
        return replace(frame, on=bright, pan=layout.columns[c][0])

    # --- forward ----------------------------------------------------------------------------------
    def forward(self) -> list[Frame]:
        graph = self.graph
        frames = [self.made(n) for n in graph.trace.made if self.picture.card_of(n) is None]
        return frames + [self.card_forward(s) for s in self.picture.folded]

    def made(self, n: Node) -> Frame:
        graph = self.graph
        if n.value.size == 1:
            said = say("made", recipe=self.recipe(n), value=self.value(n))
        else:
            low, high = float(n.value.min()), float(n.value.max())
            said = say("made.array", recipe=self.recipe(n), count=n.value.size, low=low, high=high)
        sources = tuple(
            self.tag("v", m) for m, _ in self.picture.unit_of[n].sources if self.picture.shown(m)
        )
        frame = Frame(
            graph.trace.computed_at[n], self.phase(n), said, on=(self.tag("o", n),),
            to=(self.tag("v", n), *self.edges_in(n)), source=sources, panel=panel.made(graph, n),
        )  # fmt: skip
        return self._pan(frame, n)

    def card_forward(self, scope: Scope) -> Frame:
        graph = self.graph
        result = scope.made[-1]
        k = max(graph.trace.computed_at[n] for n in scope.made)
        frame = Frame(
            k, self.phase(result), self._through(scope), on=(f"card{scope.number}",),
            to=(self.tag("v", result), *self.edges_in(result)),
            source=tuple(self.tag("v", m) for m, _ in self.picture.unit_of[result].sources
                         if self.picture.shown(m)),
            panel=panel.scope_forward(graph, scope),
        )  # fmt: skip
        return self._pan(frame, result)

    def _through(self, scope: Scope) -> str:
        result, count = scope.made[-1], len(scope.made)
        name = scope.name
        if result.value.size == 1:
            return say(
                "made.scope",
                name=name,
                count=count,
                result=self.name(result),
                value=self.value(result),
            )
        return say(
            "made.scope.array",
            name=name,
            count=count,
            result=self.name(result),
            size=result.value.size,
        )

    # --- backward ---------------------------------------------------------------------------------
    def backward(self) -> list[Frame]:
        graph, picture = self.graph, self.picture
        frames: list[Frame] = []
        for i, v in enumerate(graph.visits):
            inside = picture.card_of(v.node if v.node is not None else v.target)
            if inside is None:
                frames.append(self.seed(i) if v.node is None else self.part(i))
        return frames + [f for s in picture.folded if (f := self.card_backward(s))]

    def seed(self, i: int) -> Frame:
        loss = self.graph.trace.loss
        said = say("seed", loss=self.name(loss))
        frame = Frame(self.graph.at(i), "backward", said, to=(self.tag("g", loss),),
                      source=(self.tag("v", loss),), panel=panel.seed(self.graph))  # fmt: skip
        return self._pan(frame, loss)

    def _use(self, i: int) -> tuple[int, Use] | None:
        v = self.graph.visits[i]
        for j, use in enumerate(self.picture.uses[v.target]):
            if use.scope is None and use.user is v.node and use.slot == v.slot:
                return j, use
        return None

    def part(self, i: int) -> Frame:
        graph, picture = self.graph, self.picture
        v = graph.visits[i]
        assert v.node is not None
        n, user, k = v.target, v.node, graph.at(i)
        found = self._use(i)
        own = graph.own.first if graph.own is not None else None
        # Into a folded card the part of its result arrives at the card's own slot.
        several = picture.sums(n) and picture.card_of(n) is None
        to: list[str] = []
        if found is not None:
            j, use = found
            to.append(self.tag("e", n, j))
            if several and use in picture.rows(n):
                to.append(self.tag("p", n, j))
        whole = graph.done.get(n) == k
        if picture.shown(n) and (whole or not several):
            to.append(self.tag("g", n))
        if len(picture.uses[n]) > 1 and n in picture.steep:
            to += [self.tag("f", n)] if whole else []
        on = [self.tag("v", n), self.tag("o", user), self.tag("v", user), self.tag("f", n)]
        if several:
            on += [
                self.tag("p", n, j) for j, u in enumerate(picture.parts(n)) if u in picture.rows(n)
            ]
            on.append(self.tag("g", n))
        if own is not None and own.at == i:
            said, rows = self.wrong_said(), panel.wrong(graph, own)
            on.append(f"{self.tag('g', own.where)}.true")
        else:
            said, rows = (
                self.part_said(i, several),
                panel.part(graph, picture, i, self.following(i)),
            )
        frame = Frame(k, "backward", said, on=tuple(self._there(on)), to=tuple(self._there(to)),
                      source=tuple(self._there([self.tag("g", user)])), panel=rows,
                      mark="failed" if own is not None and own.at == i else "")  # fmt: skip
        return self._pan(frame, n)

    def _there(self, tags: list[str]) -> list[str]:
        return [t for t in tags if t in self.tags]

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags in the picture."""
        return frozenset(m["tag"] for m in marks(self.picture) if "tag" in m)

    def following(self, i: int) -> str:
        graph = self.graph
        if i + 1 >= len(graph.visits):
            return ""
        v = graph.visits[i + 1]
        if v.node is None or self.picture.card_of(v.node) is not None:
            return ""
        return f"from ${graph.names[v.node]}$ to ${graph.names[v.target]}$"

    def part_said(self, i: int, several: bool) -> str:
        graph = self.graph
        v = graph.visits[i]
        assert v.node is not None
        target, user = self.name(v.target), self.name(v.node)
        if v.part is None:
            return say("idle", user=user, target=target)
        slope = graph.s(v.node, v.slot)
        at = graph.arrivals[v.target]
        left = len(at) - 1 - at.index(i)
        assert v.g is not None
        if not graph.has(slope):
            if several:
                key = "last.array" if not left else "first.array"
                return say(key, target=target, user=user, left=left)
            values = listing([float(p) for p in v.part.reshape(-1).real])
            recipe_ = self.recipe(v.node)
            return say("part.array", user=user, target=target, recipe=recipe_, values=values)
        g, s, p = (float(a.reshape(-1)[0].real) for a in (v.g, graph.values(slope), v.part))
        shown = {"g": g, "slope": s, "part": p, "user": user, "target": target,
                 "sign": product_sign(g, s, p)}  # fmt: skip
        if not several:
            return say("part", **shown)
        if left:
            return say("first" if at.index(i) == 0 else "next", left=left, **shown)
        before = [graph.visits[j].part for j in at[:-1]]
        others = (
            joined([number(float(b.reshape(-1)[0].real)) for b in before if b is not None])
            if len(before) <= 3
            else f"the {len(before)} others"
        )
        total = float(v.held.reshape(-1)[0].real) if v.held is not None else float("nan")
        return say("last", others=others, total=total, **shown)

    def wrong_said(self) -> str:
        graph = self.graph
        own = graph.own
        assert own is not None and own.first is not None
        first = own.first
        v = graph.visits[first.at]
        fits = [m.name for m in first.mistakes if m.fits]
        because = ""
        if first.part and "too early" in fits and v.node is not None:
            parts = len(graph.arrivals[v.node])
            key, more = "because.early", {}
            if v.g is not None and v.g.size == 1 and v.node in own.held:
                key = "because.early.sent"
                more = {
                    "sent": float(v.g.reshape(-1)[0]),
                    "final": float(own.held[v.node].reshape(-1)[0]),
                }
            because = say(key, user=self.name(v.node), came=v.came, all=parts, **more)
        elif fits:
            because = say(f"because.{fits[0]}")
        where = self.name(first.where)
        if first.where.value.size > 1:
            return f"First wrong number: at {where}{because}."
        true = float(first.true.reshape(-1)[0])
        if first.yours is None:
            return say("wrong.nothing", target=where, true=true, because=because)
        key = "wrong.part" if first.part else "wrong.total"
        return say(
            key, target=where, yours=float(first.yours.reshape(-1)[0]), true=true, because=because
        )

    def card_backward(self, scope: Scope) -> Frame | None:
        graph, picture = self.graph, self.picture
        mine = [i for i, v in enumerate(graph.visits)
                if (v.node if v.node is not None else v.target) in scope.inside]  # fmt: skip
        if not mine:
            return None
        result = scope.made[-1]
        to = []
        for m, _ in picture.unit_of[result].sources:
            for j, use in enumerate(picture.uses[m]):
                if use.scope is scope and use.k is not None:
                    to += [self.tag("e", m, j), self.tag("p", m, j)]
                    if graph.done.get(m) == graph.at(max(mine)):
                        to += [self.tag("g", m)]
        own = graph.own.first if graph.own is not None else None
        lit = own is not None and own.at in mine
        frame = Frame(
            graph.at(max(mine)),
            "backward",
            self.wrong_said() if lit else say("back.scope", name=scope.name),
            on=(f"card{scope.number}", self.tag("v", result)),
            to=tuple(self._there(to)),
            source=tuple(self._there([self.tag("g", result)])),
            panel=panel.wrong(graph, own)
            if lit and own is not None
            else panel.scope_backward(graph, scope),
            mark="failed" if lit else "",
        )
        return self._pan(frame, result)

    # --- larger steps -----------------------------------------------------------------------------
    def layers(self) -> list[Frame]:
        """One step for each scope in each direction, and one for each operation outside of them."""
        graph, picture = self.graph, self.picture
        frames: list[Frame] = []
        for f in (*self.forward(), *self.backward()):
            frames.append(f)
        keep: dict[int, Frame] = {}
        for scope in graph.scopes:
            ks = [graph.trace.computed_at[n] for n in scope.made]
            back = [graph.at(i) for i, v in enumerate(graph.visits)
                    if (v.node if v.node is not None else v.target) in scope.inside]  # fmt: skip
            frames = [f for f in frames if f.k not in ks and f.k not in back]
            shown = tuple(t for n in (*scope.made, *sorted(scope.leaves, key=lambda n: n.index))
                          for t in self._there([self.tag("v", n), self.tag("o", n)]))  # fmt: skip
            slopes = tuple(t for n in (*scope.made, *sorted(scope.leaves, key=lambda n: n.index))
                           for t in self._there([self.tag("g", n)]))  # fmt: skip
            edges = tuple(
                dict.fromkeys(e for n in scope.made if picture.shown(n) for e in self.edges_in(n))
            )
            card = (f"card{scope.number}",) if scope in picture.folded else ()
            result = scope.made[-1]
            keep[max(ks)] = self._pan(
                Frame(
                    max(ks),
                    "loss" if scope.loss else "forward",
                    self._through(scope),
                    on=(*shown, *card),
                    to=edges,
                    panel=panel.scope_forward(graph, scope),
                ),
                result,
            )
            if back:
                lit = (
                    graph.own is not None
                    and graph.own.first is not None
                    and graph.at(graph.own.first.at) in back
                )
                first = graph.own.first if graph.own is not None else None
                keep[max(back)] = self._pan(
                    Frame(
                        max(back),
                        "backward",
                        self.wrong_said() if lit else say("back.scope", name=scope.name),
                        on=(*shown, *slopes, *card),
                        to=edges,
                        panel=panel.wrong(graph, first)
                        if lit and first is not None
                        else panel.scope_backward(graph, scope),
                        mark="failed" if lit else "",
                    ),
                    result,
                )
        return [*frames, *keep.values()]

    def passes(self) -> list[Frame]:
        graph = self.graph
        loss = graph.trace.loss
        count = len(graph.trace.made)
        frames: list[Frame] = []
        if count:
            said = say("made.all", count=count, loss=self.name(loss), value=self.value(loss))
            frames.append(
                self._pan(
                    Frame(graph.forward, "forward", said, panel=panel.everything(graph, False)),
                    loss,
                )
            )
        leaves = [n for n in graph.nodes if n.op is None and graph.has(graph.g(n))]
        first = graph.own.first if graph.own is not None else None
        if first is not None:
            said, rows = self.wrong_said(), panel.wrong(graph, first)
        elif len(leaves) <= 5 and all(n.value.size == 1 for n in leaves):
            slopes = joined(
                [f"∂{self.name(n)} = {number(graph.number(graph.g(n)))}" for n in leaves]
            )
            said, rows = say("back.all", slopes=slopes), panel.everything(graph, True)
        else:
            said = say("back.all.many", count=len(graph.trace.grads), steps=len(graph.visits))
            rows = panel.everything(graph, True)
        last = leaves[0] if leaves else loss
        frames.append(
            self._pan(
                Frame(
                    graph.end,
                    "backward",
                    said,
                    panel=rows,
                    mark="failed" if first is not None else "",
                ),
                last,
            )
        )
        return frames
