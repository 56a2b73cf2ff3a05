"""binder/ as repo2docker reads it, and how a lesson is baked; browser/test_binder.py builds it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from backprop_kit.bake import STATE, VIEW, bake
from backprop_kit.cli import lab_environment, lessons
from backprop_kit.films.film import unpack

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
JUPYTER = ROOT / "backprop_kit" / "jupyter"
# The loop is repo2docker's own (`Repo2Docker.build`); nothing here says what it should find.
DETECT = """
import json
from repo2docker.app import Repo2Docker
app = Repo2Docker()
for kind in app.buildpacks:
    pack = kind(base_image=app.base_image)
    if pack.detect():
        break
pack.platform = app.platform
files = pack.render({"NB_USER": "someone", "NB_UID": "1000"})
print(json.dumps({
    "kind": type(pack).__name__, "python": pack.python_version,
    "separate": pack.separate_kernel_env, "early": pack._should_preassemble_pip,
    "assemble": pack.get_assemble_scripts(), "post": pack.get_post_build_scripts(),
    "start": pack.get_start_script(), "dockerfile": files,
}))
"""


@pytest.fixture(scope="module")
def detected():
    """What repo2docker makes of this repository."""
    done = subprocess.run(
        [sys.executable, "-c", DETECT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_repo2docker_takes_it_for_python_with_these_requirements(detected):
    assert detected["kind"] == "PythonBuildPack"
    assert detected["python"] == "3.11" and not detected["separate"]
    assert not detected["early"]  # the kit itself is installed, so all of it must be there first
    (install,) = [text for _, text in detected["assemble"] if "pip install" in text]
    assert install.endswith('-r "binder/requirements.txt"')


def test_repo2docker_runs_post_build_and_has_nothing_to_start(detected):
    assert detected["post"] == ["binder/postBuild"] and detected["start"] is None
    assert "./binder/postBuild" in detected["dockerfile"]
    path = ROOT / "binder" / "postBuild"
    assert os.access(path, os.X_OK) and path.read_bytes().startswith(b"#!/usr/bin/env bash\n")


def test_there_is_a_badge_for_each_lesson_and_it_opens_the_baked_copy():
    found = re.findall(r"\[!\[([^\]]*)\]\([^)]*badge_logo\.svg\)\]\(([^)]+)\)", README)
    opened = [parse_qs(urlparse(url).query)["urlpath"] for _, url in found]
    assert opened == [
        [f"doc/tree/backprop_lessons/{path.name}"] for path in lessons(ROOT / "notebooks")
    ]
    assert opened[0] == ["doc/tree/backprop_lessons/00_start_here.ipynb"]
    assert len({name for name, _ in found}) == len(found)


def test_widgets_are_saved_and_shown_by_the_kits_own_settings(monkeypatch):
    text = (JUPYTER / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8")
    assert json.loads(text)["@jupyter-widgets/jupyterlab-manager:plugin"] == {"saveState": True}
    package = JUPYTER / "labextensions" / "backprop-kit" / "package.json"
    build = json.loads(package.read_text(encoding="utf-8"))["jupyterlab"]["_build"]
    assert (package.parent / build["load"]).is_file()
    monkeypatch.setenv("JUPYTER_PATH", "mine")
    told = lab_environment()
    assert told["JUPYTER_PATH"] == f"{JUPYTER}{os.pathsep}mine"
    assert told["JUPYTER_CONFIG_PATH"].startswith(str(JUPYTER))


# ── baking ───────────────────────────────────────────────────────────────────────────────────────

SHOWN = "from backprop_kit import *\nForwardStepper(*board('stairs'))"
ASKED = "Predict('00.p1', ForwardStepper(*board('stairs')), after='loss')"
SECRET = "answer = ForwardStepper(*board('digit'))\nanswer"


def lesson(folder: Path, name: str, *cells: tuple[str, list[str]]) -> Path:
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(s, metadata={"tags": tags}) for s, tags in cells]
    )
    folder.mkdir(exist_ok=True)
    nbformat.write(book, folder / name)
    return folder / name


def films(book) -> list[dict]:
    return [
        model
        for model in book["metadata"]["widgets"][STATE]["state"].values()
        if "film" in [path for buffer in model.get("buffers", []) for path in buffer["path"]]
    ]


@pytest.fixture(scope="module")
def baked(tmp_path_factory):
    root = tmp_path_factory.mktemp("bake")
    cells = [(SHOWN, []), (ASKED, []), (SECRET, ["answer"]), ("answer.text()[0]", [])]
    lesson(root / "in", "00_first.ipynb", *cells)
    (root / "in" / "pictures").mkdir()
    (root / "in" / "pictures" / "a.png").write_bytes(b"\x89PNG")
    (root / "out").mkdir()
    made = bake(root / "in", root / "out")
    assert made == [root / "out" / "00_first.ipynb"]
    return nbformat.read(made[0], as_version=4), root


def test_a_baked_lesson_was_run_and_holds_the_widgets_it_shows(baked):
    book, root = baked
    nbformat.validate(book)
    assert [cell.execution_count for cell in book.cells] == [1, 2, None, 4]
    held = book["metadata"]["widgets"][STATE]["state"]
    for cell in book.cells[:2]:
        assert cell.outputs[0].data[VIEW]["model_id"] in held
    assert book["metadata"]["backprop_kit"]["baked"] == sorted(held)
    assert (root / "out" / "pictures" / "a.png").read_bytes() == b"\x89PNG"


def test_an_answer_is_cleared_with_its_widget_but_what_follows_was_computed(baked):
    book, _ = baked
    assert book.cells[2].outputs == []
    assert len(films(book)) == 2
    assert "2452" not in json.dumps(book["metadata"])  # the digit's badge
    assert book.cells[3].outputs


def test_baked_all_frames_travel_the_cover_is_on_trust_and_the_check_is_done(baked):
    free, asked = sorted(films(baked[0]), key=lambda model: model["state"]["trust"])
    assert free["state"]["trust"] == [] and len(asked["state"]["trust"]) == 1
    for model in (free, asked):
        (data,) = [b["data"] for b in model["buffers"] if b["path"] == ["film"]]
        header, _ = unpack(b64decode(data))
        assert not any(cut["covered"] for cut in header["cuts"].values())
        assert model["state"]["badge"]["state"] == "ok"


def test_what_is_there_is_not_baked_over(baked):
    _, root = baked
    path = root / "out" / "00_first.ipynb"
    path.write_text("my own work", encoding="utf-8")
    assert bake(root / "in", root / "out") == []
    assert path.read_text(encoding="utf-8") == "my own work"


def test_a_cell_that_fails_stops_the_baking_and_leaves_no_copy(tmp_path):
    lesson(tmp_path / "in", "00_first.ipynb", ("1 / 0", []))
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        bake(tmp_path / "in", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
