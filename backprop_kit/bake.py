"""Bake the lessons: copies whose widgets stand and can be stepped before a kernel is up.

    python -m backprop_kit.bake FOLDER

Each lesson is run from top to bottom, and the state of its widgets is kept in the copy. As in every
copy, the output of a cell tagged ``answer`` is cleared. A copy that is there is never written over.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from .cli import clear_answers, copy_lessons, lessons, lessons_folder

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
LONGEST = 300  # seconds for one cell


def bake(source: Path, target: Path) -> list[Path]:
    """Bake the lessons of ``source`` into ``target`` and copy what belongs to them.

    Returns the copies made. Raises nbclient's CellExecutionError if a cell fails; then the copy of
    that lesson is not made.
    """
    target.mkdir(parents=True, exist_ok=True)
    made = []
    for lesson in lessons(source):
        copy = target / lesson.name
        if not copy.exists():
            baked = baked_lesson(lesson, target)
            copy.write_text(
                json.dumps(baked, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            made.append(copy)
    copy_lessons(source, target)
    return made


def baked_lesson(lesson: Path, folder: Path) -> dict[str, Any]:
    """Run a lesson in ``folder`` and return it with the state of the widgets it still shows."""
    # JupyterLab brings both; without it there is nothing that could open what is baked.
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(lesson, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=LONGEST,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, "BACKPROP_KIT_BAKE": "1"})
    clear_answers(notebook)
    _keep_shown(notebook)
    return notebook


def _keep_shown(notebook: dict[str, Any]) -> None:
    """Forget every widget that no output shows: an answer must not be found in its state."""
    saved = notebook["metadata"].get("widgets", {}).get(STATE)
    if saved is None:
        return
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    views = [output["data"][VIEW] for output in outputs if VIEW in output.get("data", {})]
    ahead, kept = [view["model_id"] for view in views], {}
    while ahead:
        model = ahead.pop()
        if model in saved["state"] and model not in kept:
            kept[model] = saved["state"][model]
            ahead += re.findall(r"IPY_MODEL_(\w+)", json.dumps(kept[model]))
    saved["state"] = kept
    # JupyterLab need not ask a kernel about these: none has made them.
    notebook["metadata"]["backprop_kit"] = {"baked": sorted(kept)}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("bake needs a folder.\nFor example: python -m backprop_kit.bake lessons")
    for path in bake(lessons_folder(), Path(sys.argv[1])):
        print(f"baked {path}")
