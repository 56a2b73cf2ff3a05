"""The film of a pass in matrices: every product and every gradient as blocks of true numbers.

`film_matrix(recorded)` is pure: a recorded pass in, a Film out, the same bytes every time.

pages · scene      the layers, what they are called, and the numbers they show
recipes · tries    where each number comes from, and the products one may try
book · atlas       the marks, and the atlas with which the page takes numbers apart
equations · backward   what each step writes
story              the frames
"""

from __future__ import annotations

from backprop_kit.films.film import Film
from backprop_kit.films.film_check import references
from backprop_kit.films.fingerprint import fingerprint
from backprop_kit.films.matrix.atlas import atlas_of
from backprop_kit.films.matrix.scene import Scene
from backprop_kit.films.matrix.story import Story
from backprop_kit.films.pass_words import title_of
from backprop_kit.study.passes import Pass

__all__ = ["PHASES", "film_matrix"]

PHASES = (
    ("forward", "Forward"), ("loss", "Loss"), ("backward", "Backward"), ("update", "Update"),
)  # fmt: skip
CUTS = ("product", "entry")
SIZE = (656, 382)


def film_matrix(recorded: Pass, *, lens: bool = False, presenter: bool = False) -> Film:
    """The film of a recorded pass, with the cuts "product" and "entry".

    lens       the shape lens is on at first
    presenter  laid out with fewer and larger parts, for a lecture hall
    """
    scene = Scene.of(recorded)
    story = Story(scene, presenter)
    frames = story.frames()
    marks = (*story.book.marks, atlas_of(story.book, lens=lens))
    shown = {name for mark in marks for name, _ in references(_within(mark))}
    shown |= set(story.book.atlas)
    phases = tuple(p for p in PHASES if recorded.trace.updates or p[0] != "update")
    return Film(
        title=_title(scene),
        size=SIZE,
        arrays=tuple(a for a in scene.arrays.values() if a.name in shown),
        marks=marks,
        phases=phases,
        # By entry the page unfolds the sum of one number, term by term, within a step.
        cuts=dict.fromkeys(CUTS, frames),
        trace=fingerprint(recorded.trace),
        presenter=presenter,
    )


def _within(mark: dict[str, object]) -> list[object]:
    """A mark and the answers to its tries, as a list of parts that may read arrays."""
    asked = mark.get("tries")
    return [mark, *asked["answers"].values()] if isinstance(asked, dict) else [mark]


def _title(scene: Scene) -> tuple[str, str]:
    """What is shown, and below it the net, its loss and the step."""
    pages = scene.pages[:-1] if scene.scored else scene.pages
    sizes = [scene.size("v0")[1], *(scene.size(f"v{p.number}")[1] for p in pages)]
    bends = [p.bend.name for p in pages if p.bend is not None]
    return title_of(scene.recorded, scene.batch, sizes, bends)
