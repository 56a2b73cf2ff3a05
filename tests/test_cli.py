"""``backprop-kit``: copies are the learner's own, and JupyterLab opens at the first lesson."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import nbformat
import pytest

from backprop_kit import cli

FIRST = "00_start_here.ipynb"


@pytest.fixture
def source(tmp_path) -> Path:
    """Two lessons and a picture, as they are committed."""
    folder = tmp_path / "lessons"
    for name, heading in [("00_start.ipynb", "Start here"), ("03_chain.ipynb", "Chain rule − ∂")]:
        cells = [nbformat.v4.new_markdown_cell(f"# {heading}\nA promise.")]
        for tags in ([], ["answer"]):
            cell = nbformat.v4.new_code_cell("1 + 1", execution_count=1, metadata={"tags": tags})
            data = {"text/plain": "2"}
            cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
            cells.append(cell)
        folder.mkdir(exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / name)
    (folder / "pictures").mkdir()
    (folder / "pictures" / "a.png").write_bytes(b"\x89PNG")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "00_start.ipynb").write_text("{}")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder of the learner's, entered."""
    folder = tmp_path / "learner"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_copy_has_everything_but_the_answers(source, here):
    cli.copy_lessons(source, here / "copies")
    assert list(files_below(here / "copies")) == [
        "00_start.ipynb",
        "03_chain.ipynb",
        "pictures/a.png",
    ]
    original = nbformat.read(source / "03_chain.ipynb", as_version=4)
    copy = nbformat.read(here / "copies" / "03_chain.ipynb", as_version=4)
    assert copy.cells[:2] == original.cells[:2]
    assert copy.cells[2].outputs == [] and copy.cells[2].execution_count is None
    assert copy.cells[2].source == original.cells[2].source
    text = (here / "copies" / "03_chain.ipynb").read_text(encoding="utf-8")
    assert "Chain rule − ∂" in text and text.endswith("}\n")


def test_what_is_there_is_never_written_over(source, here):
    target = here / "copies"
    target.mkdir()
    (target / "00_start.ipynb").write_text("my own work")
    cli.copy_lessons(source, target)
    cli.copy_lessons(source, target)
    assert (target / "00_start.ipynb").read_text() == "my own work"
    assert (target / "03_chain.ipynb").exists()


def test_fresh_makes_numbered_copies(source, here, monkeypatch, capsys):
    monkeypatch.setattr(cli, "lessons_folder", lambda: source)
    for name in ("03_chain.ipynb", "03_chain (2).ipynb", "03_chain (3).ipynb"):
        cli.main(["fresh", "03"])
        path = Path("backprop_lessons") / name
        assert capsys.readouterr().out == f"A fresh copy is in {path}\n"
        assert len(nbformat.read(path, as_version=4).cells) == 3
    assert len(files_below(here)) == 3


@pytest.mark.parametrize("wanted", ["3", "03", "03_chain", "03_chain.ipynb"])
def test_a_lesson_is_found_by_number_or_name(source, wanted):
    assert cli.find_lesson(source, wanted).name == "03_chain.ipynb"


@pytest.mark.parametrize("wanted", ["7", "chain", "", "003x", "../03_chain"])
def test_an_unknown_lesson_is_named(source, here, monkeypatch, wanted):
    monkeypatch.setattr(cli, "lessons_folder", lambda: source)
    with pytest.raises(SystemExit) as caught:
        cli.main(["fresh", wanted])
    assert str(caught.value) == (
        f"backprop-kit: there is no lesson {wanted}.\n"
        "Lessons: 00, 03; backprop-kit --help says more."
    )
    assert files_below(here) == {}


def test_fresh_needs_a_lesson(here):
    with pytest.raises(SystemExit, match=r"^backprop-kit: fresh needs the number of a lesson\.\n"):
        cli.main(["fresh"])


def test_help_lists_the_lessons(source, monkeypatch, capsys):
    monkeypatch.setattr(cli, "lessons_folder", lambda: source)
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "  00  Start here\n  03  Chain rule − ∂\n" in said
    for word in ("fresh", "--no-browser", "--port"):
        assert word in said


def test_lab_command(monkeypatch, here):
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    command = cli.lab_command(FIRST, None, browser=True)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={here}" in command
    assert f"--LabApp.default_url=/doc/tree/backprop_lessons/{FIRST}" in command
    assert not {"--no-browser", "--allow-root"} & set(command)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    command = cli.lab_command(FIRST, 8899, browser=False)
    assert {"--ServerApp.port=8899", "--no-browser", "--allow-root"} <= set(command)


def test_the_learners_settings_come_after_ours(monkeypatch):
    ours = str(Path(cli.__file__).parent / "jupyter")
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    assert cli.lab_environment()["JUPYTER_CONFIG_PATH"] == ours
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    assert cli.lab_environment()["JUPYTER_CONFIG_PATH"] == f"{ours}{os.pathsep}mine"


def test_without_jupyterlab_it_says_what_to_install(here):
    code = "import sys; sys.modules['jupyterlab'] = None; import backprop_kit.cli as c; c.main([])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == (
        "backprop-kit: the lessons open in JupyterLab, which is not installed here.\n"
        'Install it with: pip install "backprop-kit[lab]"\n'
    )
    assert files_below(here) == {}


def test_a_folder_that_cannot_be_written_gets_two_lines(source, here, monkeypatch):
    monkeypatch.setattr(cli, "lessons_folder", lambda: source)
    (here / "backprop_lessons").write_text("a file in the way")
    with pytest.raises(SystemExit) as caught:
        cli.main(["fresh", "00"])
    first, second = str(caught.value).splitlines()
    assert first.startswith("backprop-kit: backprop_lessons: ")
    assert second == "Start it in a folder where you may write."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """``backprop-kit --no-browser`` in a process of its own, with settings of its own."""

    token = "for-this-test-only"

    def __init__(self, folder: Path, home: Path) -> None:
        self.port = free_port()
        self.log = home / "log.txt"
        places = {
            name: str(home / name)
            for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
        }
        script = Path(sys.executable).with_name("backprop-kit")
        assert script.exists(), 'the command is missing; run pip install -e ".[test]" first'
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [script, "--no-browser", "--port", str(self.port)],
                cwd=folder,
                env={**os.environ, **places, "JUPYTER_TOKEN": self.token},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def get(self, path: str) -> str:
        """The page at ``path``, asked for until the server answers."""
        url = f"http://127.0.0.1:{self.port}/{path}?token={self.token}"
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(url, timeout=30) as answer:
                    assert answer.status == 200
                    return answer.read().decode()
            except URLError as error:
                if not isinstance(error.reason, ConnectionRefusedError):
                    raise
                time.sleep(0.1)
        raise TimeoutError(self.log.read_text())

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def test_jupyterlab_opens_at_the_first_lesson_and_keeps_my_copy(here, tmp_path):
    with Lab(here, tmp_path) as lab:
        assert "jupyter-config-data" in lab.get(f"doc/tree/backprop_lessons/{FIRST}")
        served = json.loads(lab.get(f"api/contents/backprop_lessons/{FIRST}"))
        assert served["type"] == "notebook" and served["writable"]
        assert f"/doc/tree/backprop_lessons/{FIRST}" in lab.log.read_text()
        notices = json.loads(
            lab.get("lab/api/settings/@jupyterlab/apputils-extension:notification")
        )
        assert notices["schema"]["properties"]["fetchNews"]["default"] == "false"
        widgets = json.loads(lab.get("lab/api/settings/@jupyter-widgets/jupyterlab-manager:plugin"))
        assert widgets["schema"]["properties"]["saveState"]["default"] is True
    mine = here / "backprop_lessons" / FIRST
    mine.write_text(mine.read_text(encoding="utf-8").replace("# ", "# My ", 1), encoding="utf-8")
    before = files_below(here / "backprop_lessons")
    with Lab(here, tmp_path) as lab:
        lab.get(f"doc/tree/backprop_lessons/{FIRST}")
    assert files_below(here / "backprop_lessons") == before
