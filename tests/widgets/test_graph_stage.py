"""The script of the graph view: small, and of one piece with the Stage's."""

from __future__ import annotations

import re
from pathlib import Path

from backprop_kit.widgets import stage as module
from backprop_kit.widgets.graph_stage import GraphStage
from backprop_kit.widgets.stage import script

STATIC = Path(module.__file__).parent / "static"
NAME = r"(?m)^(?:export )?(?:async )?(?:const|let|function) (\w+)"


def test_what_a_graph_adds_is_small():
    added = len(GraphStage._esm.encode()) - len(script().encode())
    assert 0 < added <= 8_000


def test_it_names_nothing_anew_and_imports_what_there_is():
    base = "".join((STATIC / f"{name}.js").read_text(encoding="utf-8") for name in module._MODULES)
    own = (STATIC / "graph.js").read_text(encoding="utf-8")
    assert not set(re.findall(NAME, own)) & set(re.findall(NAME, base))
    exported = set(re.findall(r"(?m)^export (?:async )?(?:const|function) (\w+)", base))
    for listed in re.findall(r"(?m)^export const \{ ([^}]+) \}", base):
        exported |= set(listed.split(", "))
    for wanted in re.findall(r'import \{ ([^}]+) \} from "\./\w+\.js";', own):
        assert set(wanted.split(", ")) <= exported
        for name in wanted.split(", "):
            assert len(re.findall(rf"\b{name}\b", own)) > 1, name
