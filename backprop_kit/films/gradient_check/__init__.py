"""The film of a gradient check: the size of a step, or a pass with a mistake beside the right one.

`film_check(found)` is pure: a comparison in, a Film out, the same bytes every time.

names   what parameters and slopes are called
curve   errors over the step size h
own     two passes, place by place
"""

from __future__ import annotations

from backprop_kit.films.film import Film
from backprop_kit.films.gradient_check.curve import film_curve
from backprop_kit.films.gradient_check.own import film_own
from backprop_kit.study.gradient_check import Comparison

__all__ = ["film_check"]


def film_check(found: Comparison, *, presenter: bool = False) -> Film:
    """The film of a gradient check: with a mistake in it, the two passes; else the curve of h.

    presenter  fewer parts, in larger type
    """
    make = film_curve if found.own is None else film_own
    return make(found, presenter=presenter)
