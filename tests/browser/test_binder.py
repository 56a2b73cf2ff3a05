"""binder/ built in a fresh environment as Binder builds it, and a lesson opened there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from lab import Page, serve

from backprop_kit.bake import STATE, VIEW
from backprop_kit.cli import COPIES, lessons

pytestmark = pytest.mark.binder
ROOT = Path(__file__).parents[2]
LONGEST = 420  # seconds for one step of the build
AT = "([n, i]) => n.querySelector('.bk-time').ariaValueNow === String(i)"
TRUSTED = """
import sys, nbformat
from nbformat.sign import NotebookNotary
notary = NotebookNotary()
print(all(notary.check_signature(nbformat.read(p, as_version=4)) for p in sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A checkout, a home and an environment of its own; then requirements and postBuild."""
    top = tmp_path_factory.mktemp("binder")
    repo, home, env = top / "repo", top / "home", top / "env"
    home.mkdir()
    named = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, named.split("\0")):
        if (ROOT / name).is_file():
            (repo / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, repo / name)
    # Nothing of the environment of this test run may help.
    own = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "IPYTHONDIR")
    told = {k: v for k, v in os.environ.items() if k not in own and not k.startswith("JUPYTER")}
    # What pip has fetched before need not be fetched again.
    cache = subprocess.run(
        [sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=False
    ).stdout.strip()
    told |= {"HOME": str(home), "PATH": f"{env / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    if cache:
        told["PIP_CACHE_DIR"] = cache

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=repo, env=told, text=True, timeout=LONGEST, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}"
        return done.stdout

    run(sys.executable, "-m", "venv", str(env))
    run(str(env / "bin" / "pip"), "install", "-r", "binder/requirements.txt")
    run("./binder/postBuild")
    return SimpleNamespace(repo=repo, env=env, told=told, run=run, top=top)


def test_the_environment_agrees_with_itself(image):
    image.run(str(image.env / "bin" / "pip"), "check")


def test_every_lesson_is_baked_and_trusted_and_its_answers_are_not_there(image):
    names = [path.name for path in lessons(ROOT / "notebooks")]
    paths = [image.repo / COPIES / name for name in names]
    for path in paths:
        book = nbformat.read(path, as_version=4)
        held = book["metadata"]["widgets"][STATE]["state"]
        for cell in book.cells:
            if "answer" in cell.metadata.get("tags", ()):
                assert cell.outputs == [] and cell.execution_count is None
            for output in cell.get("outputs", ()):
                assert output.output_type != "error", output
                if VIEW in output.get("data", {}):
                    assert output.data[VIEW]["model_id"] in held
        assert held
    python = str(image.env / "bin" / "python")
    assert image.run(python, "-c", TRUSTED, *map(str, paths)).strip() == "True"


def test_the_lessons_that_are_committed_stay_as_they_are(image):
    for path in lessons(ROOT / "notebooks"):
        assert (image.repo / "notebooks" / path.name).read_bytes() == path.read_bytes()


@pytest.fixture(scope="module")
def opened(image, chromium):
    """A page of the server that Binder starts, in the repository as its home."""
    told = {
        "HOME": image.told["HOME"], "PATH": image.told["PATH"], "PYTHONPATH": "",
        "JUPYTER_CONFIG_PATH": "", "JUPYTER_PATH": "", "VIRTUAL_ENV": "",
        "JUPYTER_DATA_DIR": str(Path(image.told["HOME"]) / ".local" / "share" / "jupyter"),
    }  # fmt: skip
    python = str(image.env / "bin" / "python")
    with serve(image.top, "", image.repo, python, **told) as lab:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        yield Page(context.new_page(), lab)
        context.close()


def test_a_visitor_steps_through_lesson_00_with_nothing_run(opened):
    tab = opened.page
    tab.goto(
        f"{opened.lab.url}/doc/tree/{COPIES}/00_start_here.ipynb", wait_until="domcontentloaded"
    )
    stage = tab.locator(".bk-stage").first
    stage.wait_for(timeout=60_000)
    stage.get_by_text("no kernel yet: stepping goes on").wait_for()
    stage.focus()
    for i in range(1, 8):
        tab.keyboard.press("ArrowRight")
        tab.wait_for_function(AT, arg=[stage.element_handle(), i], timeout=5000)
        if i == 3:
            assert stage.locator(".bk-foot").text_content().startswith("The answer is on trust")
    assert stage.locator(".bk-say").text_content() == "Forward again: 0.550, loss 0.599."
    opened.clean()


def test_a_cell_that_is_run_there_is_alive(opened):
    tab, name = opened.page, f"{COPIES}/00_start_here.ipynb"
    opened.open(name)
    for cell in (1, 3):  # the imports, the lamp
        opened.run(cell)
    stage = tab.locator(".bk-stage").first
    stage.get_by_text("17 of 17 checked").wait_for(timeout=30_000)
    assert "no kernel yet" not in stage.locator(".bk-head").text_content()
    assert stage.locator(".bk-covered").count() == 4
    opened.clean()
