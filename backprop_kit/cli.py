"""The command ``backprop-kit``: open the lessons, on copies that are the learner's own.

    backprop-kit              opens JupyterLab at the first lesson
    backprop-kit fresh 03     makes a further copy of lesson 03

Copies stand in ``./backprop_lessons/`` and are never written over. In a copy, the output of a cell
tagged ``answer`` is cleared, so that a question comes before its answer.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import __version__

COPIES = "backprop_lessons"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; ``--help`` lists the lessons."""
    source = lessons_folder()
    options = _parser(source).parse_args(arguments)
    try:
        if options.command == "fresh":
            if options.lesson is None:
                raise ValueError("fresh needs the number of a lesson.\nFor example: fresh 03")
            path = fresh_copy(find_lesson(source, options.lesson), Path(COPIES))
            print(f"A fresh copy is in {path}")
        else:
            _open_lab(source, options)
    except (ValueError, OSError) as problem:
        raise SystemExit(f"backprop-kit: {_two_lines(problem)}") from None


def lessons_folder() -> Path:
    """Where the lessons stand: inside an installed package, or beside it in a checkout."""
    here = Path(__file__).parent
    inside = here / "lessons"
    return inside if inside.is_dir() else here.parent / "notebooks"


def lessons(source: Path) -> list[Path]:
    """The lessons in their order."""
    return sorted(source.glob("[0-9][0-9]_*.ipynb"))


def title(lesson: Path) -> str:
    """The first heading of a lesson."""
    for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return lesson.stem


def find_lesson(source: Path, wanted: str) -> Path:
    """The lesson meant by ``3``, ``03`` or ``03_chain_rule``; ValueError if there is none."""
    stem = wanted.removesuffix(".ipynb")
    number = stem.zfill(2) if stem.isdigit() else None
    for lesson in lessons(source):
        if lesson.stem == stem or lesson.stem[:2] == number:
            return lesson
    there = ", ".join(lesson.stem[:2] for lesson in lessons(source)) or "none"
    raise ValueError(
        f"there is no lesson {wanted}.\nLessons: {there}; backprop-kit --help says more."
    )


def copy_lessons(source: Path, target: Path) -> None:
    """Copy every file of ``source`` that is not in ``target`` yet; what is there stays as it is."""
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        relative = path.relative_to(source)
        if not any(part.startswith((".", "__")) for part in relative.parts):
            _write_new(target / relative, _learners_copy(path))


def fresh_copy(lesson: Path, target: Path) -> Path:
    """One more copy of a lesson: its own name if that is free, else ``name (2)``, ``name (3)`` …"""
    content = _learners_copy(lesson)
    path, number = target / lesson.name, 1
    while not _write_new(path, content):
        number += 1
        path = target / f"{lesson.stem} ({number}){lesson.suffix}"
    return path


def _learners_copy(path: Path) -> bytes:
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    clear_answers(notebook)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def clear_answers(notebook: dict[str, Any]) -> None:
    """Take away the output of every cell tagged ``answer``."""
    for cell in notebook["cells"]:
        if "answer" in cell["metadata"].get("tags", ()):
            cell["outputs"], cell["execution_count"] = [], None


def _write_new(path: Path, content: bytes) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:  # x: the system itself refuses to write over a file
            file.write(content)
    except FileExistsError:
        return False
    return True


def _open_lab(source: Path, options: argparse.Namespace) -> None:
    if importlib.util.find_spec("jupyterlab") is None:
        raise ValueError(
            "the lessons open in JupyterLab, which is not installed here.\n"
            'Install it with: pip install "backprop-kit[lab]"'
        )
    if not lessons(source):
        raise ValueError(f"there are no lessons in {source}.\nInstall backprop-kit once more.")
    copy_lessons(source, Path(COPIES))
    _become(lab_command(lessons(source)[0].name, options.port, options.browser), lab_environment())


def lab_command(first: str, port: int | None, browser: bool) -> list[str]:
    """The command line that serves this folder and shows the lesson ``first``."""
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={Path.cwd()}",
        # /doc/ shows one document, without the file browser beside it
        f"--LabApp.default_url=/doc/tree/{COPIES}/{first}",
    ]
    if port is not None:
        command.append(f"--ServerApp.port={port}")
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one is root, and Jupyter asks for this word
    return command


def lab_environment() -> dict[str, str]:
    """This environment, with the kit's default settings for JupyterLab; the learner's own win."""
    # They switch off the question about news: nothing is fetched from the network, nor asked for.
    # And they save the widgets with a copy, so that it can be stepped on when it is opened again.
    ours = str(Path(__file__).parent / "jupyter")  # settings, and what shows saved widgets
    return os.environ | {
        name: os.pathsep.join(filter(None, [ours, os.environ.get(name)]))
        for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH")
    }


def _become(command: list[str], environment: dict[str, str]) -> None:
    sys.stdout.flush()
    if os.name == "nt":  # there, exec returns to the prompt at once
        raise SystemExit(subprocess.call(command, env=environment))
    os.execve(command[0], command, environment)


def _parser(source: Path) -> argparse.ArgumentParser:
    listed = "\n".join(f"  {path.stem[:2]}  {title(path)}" for path in lessons(source))
    parser = argparse.ArgumentParser(
        prog="backprop-kit",
        usage="backprop-kit [--no-browser] [--port N]\n       backprop-kit fresh LESSON",
        description=f"Open the lessons in JupyterLab, on copies in ./{COPIES}/ that are yours.\n"
        "A copy that is there is never written over.",
        epilog=f"lessons:\n{listed or '  none found'}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command",
        nargs="?",
        choices=["fresh"],
        metavar="fresh LESSON",
        help="make a new numbered copy of one lesson, for example of 03",
    )
    parser.add_argument("lesson", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="do not open a browser"
    )
    parser.add_argument("--port", type=int, metavar="N", help="the port to serve on")
    parser.add_argument("--version", action="version", version=f"backprop-kit {__version__}")
    return parser


def _two_lines(problem: Exception) -> str:
    if isinstance(problem, OSError):
        what = problem.strerror or type(problem).__name__
        return f"{problem.filename}: {what}.\nStart it in a folder where you may write."
    return str(problem)
