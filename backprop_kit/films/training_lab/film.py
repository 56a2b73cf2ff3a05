"""The film of a training lab: one moment, which the next one replaces."""

from __future__ import annotations

from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Film, Frame
from backprop_kit.films.numbers import number
from backprop_kit.films.rows import Row
from backprop_kit.films.training_lab.caption import caption
from backprop_kit.films.training_lab.chart import chart
from backprop_kit.films.training_lab.chart_shape import BOX
from backprop_kit.films.training_lab.digits import digits
from backprop_kit.films.training_lab.fit import fit_curve
from backprop_kit.films.training_lab.large import large_parts
from backprop_kit.films.training_lab.layout import HIGH, TOP, WIDE, Part, joined
from backprop_kit.films.training_lab.levels import level_lines
from backprop_kit.films.training_lab.map import drawn, plane_map
from backprop_kit.films.training_lab.network import bright, network
from backprop_kit.films.training_lab.words import count, plain, sizes
from backprop_kit.study.lab_view import LabView

say = speaker("training_lab")

HEAD = "TrainingLab"
PICTURES = {"plane": plane_map, "curve": fit_curve, "levels": level_lines, "images": digits}


def film_training_lab(
    view: LabView,
    groups: tuple[Row, ...] = (),
    *,
    transport: Row | None = None,
    chip: Row | None = None,
    at: int | None = None,
    presenter: bool = False,
) -> Film:
    """The picture of one moment of a run.

    groups     the controls at the left, transport the buttons below, chip the token: as the Stage
               takes them
    at         the number of this moment on the slider; None: its step
    presenter  map and chart alone, in larger type
    """
    parts = large_parts(view) if presenter else _parts(view)
    on = () if presenter else bright(view)
    return Film(
        title=_title(view),
        size=(WIDE, HIGH),
        arrays=parts.arrays,
        marks=parts.marks,
        phases=(("update", "learn"),),
        cuts={"moment": (Frame(0, "update", caption(view, short=presenter), on=on),)},
        head=HEAD,
        trace=_trace(view),
        presenter=presenter,
        controls=groups,
        transport=transport or {},
        chip=chip or {},
        texts=parts.texts,
        at=view.k if at is None else at,
    )


def _parts(view: LabView) -> Part:
    picture = PICTURES.get(view.kind)
    if picture is None:
        return chart(view, BOX._replace(head=12, top=TOP + 12))
    return joined([network(view), picture(view), chart(view)])


def _title(view: LabView) -> tuple[str, str]:
    """What learns from what, and how; both lines stand beside the name."""
    layers, data = view.layers, view.data
    net = f"{sizes(layers.sizes)} {layers.bend}".strip() if layers.sizes else ""
    first = [data, net, count(view.count, "parameter")]
    whole = view.batch >= view.samples[0]
    train, test = view.samples
    samples = f"{train:,} + {test:,} samples" if test else count(train, "sample")
    second = [samples + drawn(view),
              "all at once" if whole else f"batch {view.batch:,}, seed {view.seed}"]  # fmt: skip
    if view.shown.gauge is not None and view.kind != "levels":
        second.append(f"ηλmax {number(view.shown.gauge[0])}, limit {plain(view.shown.gauge[1])}")
    return " · ".join(p for p in first if p), " · ".join(second)


def _trace(view: LabView) -> str:
    """What else than the step decides what is seen: pictures of one trace differ by it alone."""
    s = view.shown
    told = (view.kind, view.present.id, s.unit, s.weight, s.measure, s.test, s.flat, s.edit,
            len(view.pasts), view.samples, view.count, view.seed, view.data)  # fmt: skip
    return repr(told)
