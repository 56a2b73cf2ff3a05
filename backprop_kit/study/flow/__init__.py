"""Slopes on their way back through deep nets: how large they arrive, and why.

gradient_flow · layers · places   one pass, layer by layer
budget                            what weights and slopes each do to δ, from layer to layer
events                            the first number that was none
course · unchanged                the same over training
deep_nets · bends · cures         nets that lose their slopes, and what helps, from the same draws
mean_field · phase_map            what theory says, and what is measured
sizes · pass_sizes                norms without overflow, counted passes
"""

from __future__ import annotations

from backprop_kit.study.flow.course import flow_course
from backprop_kit.study.flow.cures import cured
from backprop_kit.study.flow.deep_nets import deep
from backprop_kit.study.flow.gradient_flow import gradient_flow
from backprop_kit.study.flow.phase_map import phase_map
from backprop_kit.study.flow.unchanged import unchanged

__all__ = ["cured", "deep", "flow_course", "gradient_flow", "phase_map", "unchanged"]
