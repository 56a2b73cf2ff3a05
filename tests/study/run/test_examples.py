"""The examples in the docstrings of `Run` and `net` give what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

import backprop_kit


@pytest.mark.parametrize("module", ["backprop_kit.study.run.run", "backprop_kit.study.nets"])
def test_the_examples(module):
    names = {name: getattr(backprop_kit, name) for name in ("Run", "net", "moons")}
    found = doctest.testmod(importlib.import_module(module), extraglobs=names)
    assert found.attempted and not found.failed
