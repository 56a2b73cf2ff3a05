"""What the frames of a pass are told with: the numbers in words, and the marks by their stems."""

from __future__ import annotations

from backprop_kit.films.captions import listing, speaker
from backprop_kit.films.film import Frame
from backprop_kit.films.forward_pass.layers import Column, Layer
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.numbers import number
from backprop_kit.films.pass_words import words_of
from backprop_kit.films.presenter import one_line, presented, usual
from backprop_kit.films.rows import Panel

say = speaker("forward_pass")


class Story:
    """A scene and the tags in its picture, ready to be told frame by frame."""

    def __init__(self, scene: Scene, tags: tuple[str, ...]) -> None:
        self.scene, self.tags = scene, tags
        self.recorded = scene.recorded
        self.trace = scene.recorded.trace
        self.words = words_of(scene.recorded)

    def frame(
        self, k: int | str, phase: str, said: str, panel: Panel, *, on: str = "", to: str = "",
        source: str = "",
    ) -> Frame:  # fmt: skip
        """A frame; `k` may name the array that is known then, the marks are given by stems.

        A stem is a tag without its index: "v1 W2" stands for every unit and weight of these.
        """
        at = self.known(k) if isinstance(k, str) else k
        if self.scene.large:
            return self._large(at, phase, said, panel, on, to, source)
        panel = usual(panel)
        return Frame(at, phase, said, self.wear(on), self.wear(to), self.wear(source), panel)

    def _large(
        self, k: int, phase: str, said: str, panel: Panel, on: str, to: str, source: str
    ) -> Frame:
        """A frame for a lecture hall: only what gives and one receiver are bright."""
        rows = presented(panel, self.tags, self.wear(to))
        lead = next((r for r in rows if "of" in r), None)
        receives = tuple(lead["of"][lead["bright"]]) if lead else self.wear(to)
        if phase == "update" and lead is None:
            receives = ()  # everything at once: nothing recedes
        bright = () if lead or receives or phase == "update" else self.wear(on)
        return Frame(k, phase, one_line(said), bright, receives, self.wear(source), rows)

    def wear(self, stems: str) -> tuple[str, ...]:
        """The tags in the picture that belong to these stems."""
        wanted = set(stems.split())
        return tuple(t for t in self.tags if t.split(":")[0] in wanted)

    def has(self, name: str) -> bool:
        return self.scene.has(name)

    def known(self, name: str) -> int:
        return self.scene.arrays[name].known

    def list_of(self, name: str) -> str:
        return listing(self.scene.values(name).reshape(-1).tolist())

    def best(self, name: str) -> tuple[int, float]:
        """The largest entry and where it is."""
        values = self.scene.values(name).reshape(-1)
        i = int(values.argmax())
        return i, float(values[i])

    def column(self, layer: Layer) -> Column:
        return self.scene.columns[layer.number]

    @property
    def batch(self) -> int:
        return self.scene.batch

    @property
    def target(self) -> float:
        return float(self.recorded.y.value.reshape(-1)[0])

    def is_last(self, layer: Layer) -> bool:
        """Whether a layer makes the output: the last one, or the scores before softmax."""
        layers = self.scene.layers
        return layer is layers[-1] or (self.scene.softmax and layer is layers[-2])

    def inputs(self) -> str:
        """The input in words, as far as it has any."""
        x = self.scene.values("v0").reshape(-1)
        names, values = self.words.inputs, self.words.values
        if self.batch > 1:
            return ""
        if len(names) == len(x):
            said = [values.get(v, number(v)) for v in x.tolist()]
            first = f"{names[0]} is {said[0]}"
            rest = [f"{n} {v}" for n, v in zip(names[1:], said[1:], strict=True)]
            return ", ".join([first, *rest])
        if len(x) > 6:
            image = self.scene.columns[0].kind == "image"
            return f"A picture of {len(x)} pixels" if image else f"The input is {len(x)} numbers"
        return f"The input is {listing(x.tolist(), 6)}"

    def spoken_loss(self) -> str:
        return say("loss", loss=float(self.trace.loss.value.reshape(())))
