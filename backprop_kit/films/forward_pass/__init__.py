"""The film of a pass: forward, loss, backward, update, again; by layer and by operation.

`film_pass(recorded)` is pure: a recorded pass in, a Film out, the same bytes every time.

layers · scene            what is drawn, what it is called, and the numbers it shows
layout · marks · connections   the picture, placed once
large                     the picture for a lecture hall
rows · panel_forward · panel_loss · panel_backward · panel_layer_back ·
panel_update   the panel beside it
story · story_forward · story_back   the frames
"""

from __future__ import annotations

from backprop_kit.films.film import Film, Frame, growing
from backprop_kit.films.film_check import references
from backprop_kit.films.fingerprint import fingerprint
from backprop_kit.films.forward_pass import large, story_back, story_forward
from backprop_kit.films.forward_pass.layout import SIZE
from backprop_kit.films.forward_pass.marks import marks
from backprop_kit.films.forward_pass.scene import Scene
from backprop_kit.films.forward_pass.story import Story
from backprop_kit.films.pass_words import title_of
from backprop_kit.study.passes import Pass

__all__ = ["PHASES", "film_pass"]

PHASES = (
    ("forward", "Forward"), ("loss", "Loss"), ("backward", "Backward"), ("update", "Update"),
    ("again", "Again"),
)  # fmt: skip


def film_pass(recorded: Pass, *, plain: bool = False, presenter: bool = False) -> Film:
    """The film of a recorded pass, with the cuts "layer" and "operation".

    plain      say *slope* and show numbers without symbols
    presenter  large type for a lecture hall: the same steps with larger and fewer parts
    """
    scene = Scene.of(recorded, plain, presenter)
    placed = large.marks(scene) if presenter else marks(scene)
    story = Story(scene, tuple(dict.fromkeys(m["tag"] for m in placed if "tag" in m)))
    cuts = {"layer": _by_layer(story), "operation": _by_operation(story)}
    rows = [row for frames in cuts.values() for f in frames for row in f.panel]
    shown = {name for part in (*placed, *rows) for name, _ in references(part)}
    phases = tuple(p for p in PHASES if recorded.trace.updates or p[0] not in ("update", "again"))
    return Film(
        title=_title(scene),
        size=large.SIZE if presenter else SIZE,
        arrays=tuple(a for a in scene.arrays.values() if a.name in shown),
        marks=placed,
        phases=phases,
        cuts=cuts,
        legend=() if presenter else _legend(scene),
        trace=fingerprint(recorded.trace),
        presenter=presenter,
    )


def _by_layer(story: Story) -> tuple[Frame, ...]:
    layers = story.scene.layers
    back = [story_back.layer(story, m) for m in reversed(layers)]
    frames = [
        story_forward.start(story),
        *(story_forward.layer(story, m) for m in layers),
        story_forward.loss(story),
        *(f for f in back if f is not None),
    ]
    if story.trace.updates:
        frames += [story_back.update_all(story), story_back.again(story)]
    return growing(frames)


def _by_operation(story: Story) -> tuple[Frame, ...]:
    layers = story.scene.layers
    frames = [
        story_forward.start(story),
        *(f for m in layers for f in story_forward.operations(story, m)),
        story_forward.loss(story),
        *(f for m in reversed(layers) for f in story_back.operations(story, m)),
    ]
    if story.trace.updates:
        frames += [*story_back.updates(story), story_back.again(story)]
    return growing(frames)


def _title(scene: Scene) -> tuple[str, str]:
    columns = scene.columns[:-1] if scene.softmax else scene.columns
    bends = [m.activation.name for m in scene.layers if m.activation is not None]
    return title_of(scene.recorded, scene.batch, [c.n for c in columns], bends)


def _legend(scene: Scene) -> tuple[dict[str, object], ...]:
    rows: list[dict[str, object]] = [
        {"t": "sign", "v": 1, "s": "positive"}, {"t": "sign", "v": -1, "s": "negative"},
    ]  # fmt: skip
    if any(c.kind == "neurons" for c in scene.columns):
        slope = "slope" if scene.plain else "∂w"
        rows.append({"t": "text", "s": "thick = large"})
        rows.append({"t": "pair", "a": "w", "b": slope, "s": "weight, its slope"})
    return (*rows, {"t": "dash", "s": "not computed yet"})
