"""The frames of a pass in matrices: a sentence each, one equation bright and one beside it."""

from __future__ import annotations

from dataclasses import replace

from backprop_kit.films.captions import listing, speaker
from backprop_kit.films.film import Frame, growing
from backprop_kit.films.matrix import backward, equations, recipes
from backprop_kit.films.matrix.book import Book
from backprop_kit.films.matrix.pages import Page, plainly
from backprop_kit.films.matrix.scene import Scene
from backprop_kit.films.pass_words import plain_step, rule_of
from backprop_kit.films.rows import Panel, title

say = speaker("matrix")


def short(said: str) -> str:
    """A sentence that fits one line in large type: its main clause."""
    if len(said) <= 60:
        return said
    head = said.split(": ")[0]
    head = said.split("; ")[0] if len(head) < 12 else head
    return head.removesuffix(".") + "."


class Story:
    """A book of equations, told frame by frame; in a lecture hall in one line each."""

    def __init__(self, scene: Scene, presenter: bool = False) -> None:
        self.scene, self.book, self.presenter = scene, Book(scene), presenter
        self.trace = scene.recorded.trace
        self.up = equations.forward(self.book)
        self.loss_tag = equations.loss(self.book)
        self.back = backward.backward(self.book)
        self.moves = equations.updates(self.book)
        self.pages = {p.number: p for p in scene.pages}

    def frames(self) -> tuple[Frame, ...]:
        told = [self._start(), *self._forward(), *self._backward(), *self._update()]
        frames = growing(told)
        return tuple(replace(f, say=short(f.say)) for f in frames) if self.presenter else frames

    def _frame(
        self, k: int, phase: str, said: str, kicker: str, head: str, to: str, on: str = "",
    ) -> Frame:  # fmt: skip
        panel: Panel = (title(head, kicker), {"t": "desk"})
        return Frame(k, phase, said, on=tuple(filter(None, [on])), to=(to,), panel=panel)

    def _layer(self, page: Page) -> str:
        m, count = self.scene.layer(page)
        return say("kicker.layer", m=m, all=count) if count > 1 else say("kicker")

    def _page(self, tag: str) -> Page:
        return self.pages[int(tag[1:])]

    # --- forward ----------------------------------------------------------------------------------
    def _start(self) -> Frame:
        key = "start" if self.scene.batch > 1 else "start.one"
        panel: Panel = (title(say("title.start"), say("kicker.start")), {"t": "desk"})
        second = [*self.up, self.loss_tag][1]
        said = say(key, samples=self.scene.batch)
        return Frame(0, "forward", said, on=(self.up[0], second), panel=panel)

    def _forward(self) -> list[Frame]:
        frames, tags = [], [*self.up, self.loss_tag]
        for i, tag in enumerate(self.up):
            page = self._page(tag)
            # The equation stands above; what follows from it, still empty, below. A bend stands
            # below what it bends.
            beside = tags[i - 1] if tag[0] == "h" and i else tags[i + 1]
            name = self.scene.summed(page) if tag[0] == "f" else f"v{page.number}"
            frames.append(
                self._frame(self.scene.known(name), "forward", self._forward_said(tag, page),
                            self._layer(page), self._forward_head(tag, page), tag, beside)
            )  # fmt: skip
        loss = float(self.trace.loss.value.reshape(()))
        rows, cols = self.scene.size(f"v{self.scene.last.number}")
        said = say("loss", count=rows * cols, loss=loss)
        return [
            *frames,
            self._frame(self.scene.known("L"), "loss", said, say("kicker.loss"), say("title.loss"),
                        self.loss_tag, self.up[-1]),
        ]  # fmt: skip

    def _forward_head(self, tag: str, page: Page) -> str:
        if page.block is not None:
            return say("title.block", name=page.block.name)
        if tag[0] == "f":
            return say("title.affine")
        return say("title.mixed" if page.mixes else "title.bend")

    def _forward_said(self, tag: str, page: Page) -> str:
        X, Y = plainly(page.into), plainly(page.out)
        if page.block is not None:
            n, o = self.scene.size(f"v{page.number}")
            return say("block", name=page.block.name, before=X, after=Y, n=n, o=o)
        if tag[0] == "f":
            Y, W, b = plainly(page.sums), plainly(f"W{page.sub}"), plainly(f"b{page.sub}")
            key = "affine" if self.scene.has(f"b{page.number}") else "affine.bare"
            shapes = equations.plain_shapes(page)
            return say(key, Y=Y, X=X, W=W, b=b, shapes=shapes)
        assert page.bend is not None
        Z = plainly(page.sums if page.affine is not None else page.into)
        if page.bend.name == "softmax":
            return say("softmax", Z=Z)
        key = "mixed" if page.mixes else "bend"
        return say(key, H=Y, name=page.bend.name, Z=Z)

    # --- backward ---------------------------------------------------------------------------------
    def _backward(self) -> list[Frame]:
        return [self._back(what, tag, page) for what, tag, page in self.back]

    def _back(self, what: str, tag: str, page: Page) -> Frame:
        scene = self.scene
        mark = next(m for m in self.book.marks if m["tag"] == tag)
        k = mark["frames"][0]
        ups = [t for t in self.up if int(t[1:]) == page.number]
        # A bend is passed beside its own forward equation, all else beside the layer's product.
        on = ups[-1] if what in ("bend", "loss") else ups[0]
        if what == "loss" and scene.scored:
            on = self.up[-1]
        said, head = self._back_said(what, page)
        return self._frame(k, "backward", said, self._layer(page), head, tag, on)

    def _back_said(self, what: str, page: Page) -> tuple[str, str]:
        scene, m = self.scene, page.number
        X, d = plainly(page.into), plainly(page.blame)
        W = plainly(f"W{page.sub}")
        if what == "loss":
            return self._from_loss(page), say("title.back")
        if what == "bias":
            values = listing(scene.values(f"gb{m}").reshape(-1).tolist())
            said = say("bias", b=plainly(f"b{page.sub}"), db=plainly(f"db{page.sub}"), dY=d,
                       values=values)  # fmt: skip
            return said, say("title.bias")
        if what == "weight":
            leaf = scene.recorded.parameters[scene.paths[f"W{m}"]]
            times = len(self.trace.parts[leaf])
            if times > 1:
                return say("weight.part", W=W, times=times), say("title.weight")
            said = say("weight", dW=f"d{W}", XT=f"{X}ᵀ", dY=d)
            return said, say("title.weight")
        if what == "source":
            data = page.source not in self.trace.grads
            said = say("source.data" if data else "source", dX=f"d{X}", dY=d, WT=f"{W}ᵀ", X=X)
            return said, say("title.source")
        if what == "bend":
            assert page.bend is not None
            d = d if page.affine is not None else f"d{X}"
            key = "mixed.back" if page.mixes else "delta"
            said = say(key, d=d, dH=f"d{plainly(page.out)}", name=page.bend.name)
            return said, say("title.delta", name=page.bend.name)
        assert page.block is not None
        key = "block.back" if scene.has(f"dv{m - 1}") else "block.in"
        said = say(key, name=page.block.name, before=X, after=plainly(page.out))
        return said, say("title.block", name=page.block.name)

    def _from_loss(self, page: Page) -> str:
        _, rule = recipes.loss_slope(self.scene)
        if self.scene.scored:
            n = self.scene.size("t")[0]
            shared = say("back.scores.shared", samples=n) if n > 1 else ""
            return say("back.scores", shared=shared)
        Y = plainly(page.out)
        if rule:
            return say("back.error", Y=Y, dY=f"d{Y}", rule=rule)
        return say("back.loss", Y=Y, dY=f"d{Y}")

    # --- update -----------------------------------------------------------------------------------
    def _update(self) -> list[Frame]:
        frames = []
        told = {u.name: u for _, u in self.trace.updates}
        recorded = self.scene.recorded
        lr = plain_step(recorded)
        for name, tag, page in self.moves:
            u = told[self.scene.paths[name]]
            step = (
                say("rule.plain", lr=f"{lr:g}")
                if lr is not None
                else say("rule.other", rule=rule_of(recorded, u))
            )
            said = say("update", W=plainly(f"{name[0]}{page.sub}"), rule=step,
                       up=int((u.new > u.old).sum()), down=int((u.new < u.old).sum()))  # fmt: skip
            on = next(t for t in self.up if int(t[1:]) == page.number)
            frames.append(self._frame(self.scene.known(name + "+"), "update", said,
                                      self._layer(page), say("title.update"), tag, on))  # fmt: skip
        last = self.scene.end - 1
        if told and (not frames or max(f.k for f in frames) < last):
            said = say("update.rest", count=len(told))
            panel: Panel = (title(say("title.update"), say("kicker.rest")), {"t": "desk"})
            frames.append(Frame(last, "update", said, on=tuple(self.up[:1]), panel=panel))
        return frames
