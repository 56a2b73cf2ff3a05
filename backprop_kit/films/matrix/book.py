"""The marks of the picture as they are written, and the atlas of its numbers.

`Book.item` one block with the meanings of its edges · `Book.add` an equation · `Book.place` an
array in the atlas. The page places equations: the first that a frame makes bright stands above, the
second below.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backprop_kit.films.captions import speaker
from backprop_kit.films.matrix.pages import python, spelled
from backprop_kit.films.matrix.recipes import Recipe
from backprop_kit.films.matrix.scene import Scene

say = speaker("matrix")
Mark = dict[str, Any]
FOREVER = 10**9
# What the edges of a block count: rows, then columns.
AT_INPUTS, AT_OUTPUTS, OF_WEIGHTS = ("batch", "in"), ("batch", "out"), ("in", "out")


@dataclass(eq=False)
class Book:
    """The marks of a film, and the atlas: for each array its symbol and where it comes from."""

    scene: Scene
    marks: list[Mark] = field(default_factory=list)
    atlas: dict[str, Mark] = field(default_factory=dict)

    def item(self, name: str, symbol: str, means: tuple[str, str], **more: Any) -> Mark:
        """A block of an equation; `turned` shows the transpose.

        key     what is looked at in several arrays at once: a weight, its gradient, its new value
        whole   it holds whole numbers
        """
        scene = self.scene
        rows, cols = scene.values(name).shape
        size = scene.size(name)
        turned = more.pop("turned", False)
        mark: Mark = {
            "sym": spelled(symbol) + ("^T" if turned else ""), "tag": name, "v": [[name, 0]],
            "rows": cols if turned else rows, "cols": rows if turned else cols, **more,
        }  # fmt: skip
        edges = [[means[0], size[0]], [means[1], size[1]]]
        mark["m"] = edges[::-1] if turned else edges
        if turned:
            mark["T"] = 1
        if name in scene.whole:
            mark["bin"] = 1
        if name + "+" in scene.arrays and not more.get("old"):
            mark["v"].append([name + "+", 0])
        return mark

    def add(self, tag: str, items: list[Any], *, known: int, head: str, note: str = "",
            kind: str = "same", **more: Any) -> str:  # fmt: skip
        """An equation; `items` are blocks and signs, the first block is its result.

        kind  product (a row meets a column) | sum (a column) | same (entry by entry) | closed
        """
        if any(m["tag"] == tag for m in self.marks):
            raise ValueError(f"Two equations are called {tag!r}.\nGive each its own tag.")
        parts = [{"op": i} if isinstance(i, str) else i for i in items]
        self.marks.append({
            "t": "equation", "tag": tag, "when": "on", "frames": [known, FOREVER],
            "head": say(f"head.{head}"), "note": note, "kind": kind, "items": parts, **more,
        })  # fmt: skip
        return tag

    def place(self, name: str, symbol: str, key: str, how: Recipe, eq: str = "",
              **more: Any) -> None:  # fmt: skip
        """Put an array into the atlas: its symbol, its name in code, its recipe, its equation."""
        if name not in self.scene.arrays or name in self.atlas:
            return
        rows, cols = self.scene.values(name).shape
        if name in self.scene.whole:
            how = {"t": "binned"}
        self.atlas[name] = {
            "sym": spelled(symbol), "py": python(symbol), "rows": rows, "cols": cols, "key": key,
            "how": how, **({"eq": eq} if eq else {}), **more,
        }  # fmt: skip
