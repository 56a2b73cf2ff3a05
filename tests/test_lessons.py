"""The committed lessons keep the house rules; that their outputs are true is nbval's part.

nbval runs every cell again and compares what it prints. A notebook without outputs would pass with
nothing compared, so here a lesson must show that it was run, and must not ask nbval to look away.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))

KNOWN_TAGS = {"answer", "exercise"}
MOST_LINES = 3
MOST_WIDGETS = 8
WIDGET = "application/vnd.jupyter.widget-view+json"
LOOKS_AWAY = re.compile(r"^\s*#\s*(NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)", re.MULTILINE)
NETWORK = re.compile(
    r"""\]\(\s*<?(?:https?:)?//      # [text](https://…) and ![text](//…)
      | ^\s*\[[^\]]+\]:\s*<?https?:  # [ref]: https://…
      | <https?:                     # <https://…>
      | \b(?:src|href)\s*=\s*["']?\s*(?:https?:)?//""",
    re.MULTILINE | re.VERBOSE,
)


def problems(notebook: dict) -> list[str]:
    """What is wrong with a lesson, one sentence each; an empty list when nothing is."""
    found = []
    cells = notebook["cells"]
    if "widgets" in notebook["metadata"]:
        found.append("metadata.widgets is committed")
    if notebook["metadata"].get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not python3")
    if not (cells and cells[0]["cell_type"] == "markdown" and _text(cells[0]).startswith("# ")):
        found.append("the first cell is not a heading")
    widgets = sum(WIDGET in data for cell in cells for data in _shown(cell))
    if widgets > MOST_WIDGETS:
        found.append(f"{widgets} live widgets, at most {MOST_WIDGETS}")
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in code]
    if counts != list(range(1, len(code) + 1)):
        found.append(f"execution counts are {counts}: run all cells of a fresh kernel, then save")
    for number, cell in enumerate(cells):
        found += [f"cell {number}: {what}" for what in _cell_problems(cell)]
    return found


def _cell_problems(cell: dict) -> list[str]:
    found = []
    tags = set(cell["metadata"].get("tags", []))
    if tags - KNOWN_TAGS:
        found.append(f"unknown tags {sorted(tags - KNOWN_TAGS)}")
    if cell["cell_type"] == "markdown":
        if NETWORK.search(_text(cell)):
            found.append("an image or a link goes to the network")
        return found
    lines = [line for line in _text(cell).splitlines() if line.strip()]
    if len(lines) > MOST_LINES and "exercise" not in tags:
        found.append(f"{len(lines)} lines, at most {MOST_LINES}")
    if LOOKS_AWAY.search(_text(cell)):
        found.append("a comment keeps nbval from comparing")
    if any(output["output_type"] == "error" for output in cell["outputs"]):
        found.append("an error is committed")
    if any(WIDGET in data and "text/html" in data for data in _shown(cell)):
        found.append("a live output also carries text/html, which would hide its sentence")
    return found


def _text(cell: dict) -> str:
    return "".join(cell["source"])


def _shown(cell: dict) -> list[dict]:
    return [output.get("data", {}) for output in cell.get("outputs", [])]


def test_there_are_lessons_and_they_are_numbered_from_00():
    assert LESSONS
    assert LESSONS[0].name == "00_start_here.ipynb"
    for path in LESSONS:
        assert re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_keeps_the_rules(path):
    raw = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(raw)
    assert problems(raw) == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_picture_a_lesson_points_to_is_there(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for target in re.findall(r"\]\(([^)#\s]+)", _text(cell)):
                assert target.startswith("attachment:") or (path.parent / target).exists(), target


def lesson(*, source="1 + 1", count=1, text="2", tags=(), markdown="# A title", **metadata) -> dict:
    """A small notebook, right in every way until an argument says otherwise."""
    output = nbformat.v4.new_output("execute_result", {"text/plain": text}, execution_count=count)
    cell = nbformat.v4.new_code_cell(source, outputs=[output], execution_count=count)
    if tags:
        cell.metadata["tags"] = list(tags)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(markdown), cell],
        metadata={"kernelspec": kernel, **metadata},
    )


def test_a_lesson_without_fault_has_no_problems():
    assert problems(lesson()) == []
    assert problems(lesson(source="a = 1\n\nb = 2\na + b", tags=["answer"])) == []
    assert problems(lesson(source="a = 1\nb = 2\nc = 3\na + b + c", tags=["exercise"])) == []
    assert problems(lesson(markdown="# A title\n[next](01_next.ipynb) ![a](pictures/a.png)")) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"count": None}, "execution counts are [None]"),
        ({"count": 7}, "execution counts are [7]"),
        ({"widgets": {}}, "metadata.widgets is committed"),
        ({"kernelspec": {"name": "mine", "display_name": "Mine"}}, "the kernel is not python3"),
        ({"source": "a = 1\nb = 2\nc = 3\nd = 4"}, "cell 1: 4 lines"),
        ({"source": "# NBVAL_IGNORE_OUTPUT\n1"}, "cell 1: a comment keeps nbval"),
        ({"tags": ["nbval-skip"]}, "cell 1: unknown tags ['nbval-skip']"),
        ({"tags": ["anwser"]}, "cell 1: unknown tags ['anwser']"),
        ({"markdown": "no heading"}, "the first cell is not a heading"),
        ({"markdown": "# A\n![a](https://a.org/a.png)"}, "cell 0: an image or a link"),
        ({"markdown": "# A\n[a](//a.org)"}, "cell 0: an image or a link"),
        ({"markdown": "# A\n[a][1]\n\n[1]: https://a.org"}, "cell 0: an image or a link"),
        ({"markdown": "# A\n<https://a.org>"}, "cell 0: an image or a link"),
        ({"markdown": '# A\n<img alt="" src="https://a.org/a.png">'}, "cell 0: an image or a link"),
    ],
)
def test_each_fault_is_found(wrong, said):
    assert [problem for problem in problems(lesson(**wrong)) if problem.startswith(said)]


def test_a_committed_error_and_hidden_sentences_are_found():
    bad = lesson()
    bad["cells"][1]["outputs"] = [
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": []},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {WIDGET: {}, "text/html": "<p>", "text/plain": "a"},
        },
    ]
    assert len(problems(bad)) == 2
    bad["cells"][1]["outputs"] = bad["cells"][1]["outputs"][1:] * 9
    assert problems(bad)[0] == "9 live widgets, at most 8"


@pytest.mark.parametrize(("text", "code"), [("2", 0), ("3", 1)])
def test_a_changed_output_fails_the_run(tmp_path, text, code):
    """The options of pyproject.toml make nbval strict."""
    nbformat.write(lesson(text=text), tmp_path / "00_a.ipynb")
    config = Path(__file__).parents[1] / "pyproject.toml"
    command = [sys.executable, "-m", "pytest", "-q", "-c", config, "--rootdir", tmp_path]
    command += ["-p", "no:cacheprovider", tmp_path / "00_a.ipynb"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == code, run.stdout + run.stderr
