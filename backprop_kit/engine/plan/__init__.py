"""Plans: a recorded graph laid out for speed, for one batch shape. Recording is for people, plans
are for the clock.

plan · vectors    `Plan`, what is played; parameters as views into one vector
check             `planned`, a plan that has been compared with fresh recordings
draft · forms     where every number stands, and the calls that put it there
generic           the form that every operation has
products · bends · arithmetic · logs · sums · scores · views · masks    faster forms
"""

from backprop_kit.engine.plan.check import planned
from backprop_kit.engine.plan.plan import Plan

__all__ = ["Plan", "planned"]
