"""The frame of the house: its public names, what an import costs, the files around it, the laws of
form (format, types, direction of imports)."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import backprop_kit

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FLOORS = ("engine", "nn", "data", "study", "films", "widgets", "teaching")


def run(*command: object, **options: object) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def python(code: str) -> str:
    return run(sys.executable, "-c", code).stdout.strip()


# ── names ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", backprop_kit.__all__)
def test_every_public_name_resolves_to_its_package(name):
    value = getattr(backprop_kit, name)
    package = importlib.import_module(f"backprop_kit.{backprop_kit._HOME[name]}")
    assert value is getattr(package, name)
    assert value.__module__.startswith("backprop_kit.")
    assert value.__doc__, f"{name} has no docstring"
    assert name in package.__all__


@pytest.mark.parametrize("package", ["nn", "data"])
def test_all_that_a_lesson_builds_with_is_public(package):
    theirs = importlib.import_module(f"backprop_kit.{package}").__all__
    assert set(theirs) <= set(backprop_kit.__all__)


def test_the_packages_are_there_too():
    for name in FLOORS:
        assert getattr(backprop_kit, name).__name__ == f"backprop_kit.{name}"
        assert name in dir(backprop_kit)
    assert set(backprop_kit.__all__) <= set(dir(backprop_kit))


def test_a_star_import_brings_every_name():
    space: dict[str, object] = {}
    exec("from backprop_kit import *", space)
    assert set(backprop_kit.__all__) <= set(space)


def test_an_unknown_name_is_told_its_neighbour():
    with pytest.raises(AttributeError) as caught:
        _ = backprop_kit.Lineer
    assert str(caught.value) == "backprop_kit has no Lineer.\nDid you mean Linear?"
    with pytest.raises(AttributeError, match=r"^backprop_kit has no qqqqqq\.\nDir") as caught:
        _ = backprop_kit.qqqqqq
    with pytest.raises(ImportError, match="Lineer"):
        exec("from backprop_kit import Lineer")
    assert not hasattr(backprop_kit, "__wrapped__")


# ── what an import costs ─────────────────────────────────────────────────────────────────────────


def test_the_screen_is_loaded_only_when_a_widget_is_asked_for():
    heavy = "{'plotly', 'ipywidgets', 'anywidget', 'traitlets', 'IPython', 'torch'}"
    code = f"import sys, backprop_kit as b; %s; print(sorted({heavy} & set(sys.modules)))"
    assert python(code % "dir(b)") == "[]"
    below = [name for name, home in backprop_kit._HOME.items() if home not in FLOORS[-2:]]
    assert python(code % f"[getattr(b, name) for name in {below}]") == "[]"
    assert "anywidget" in python(code % "b.Stage")


def test_the_import_loads_nothing_but_the_table_of_names():
    # So that it costs next to nothing beside numpy; `tests.benchmarks.bench_stepper` prints both.
    code = "import sys; old = set(sys.modules); import backprop_kit; "
    new = python(code + "print(*(set(sys.modules) - old))").split()
    assert "backprop_kit" in new
    foreign = {name.partition(".")[0] for name in new} - set(sys.stdlib_module_names)
    assert foreign == {"backprop_kit"} and not any(n.startswith("backprop_kit.") for n in new)


# ── the files around it ──────────────────────────────────────────────────────────────────────────


def test_dependencies_have_floors_and_no_caps():
    declared = PROJECT["project"]["dependencies"]
    assert declared == ["numpy>=2.0", "ipywidgets>=7.7.1", "anywidget>=0.11", "plotly>=5.24"]
    for extra in PROJECT["project"]["optional-dependencies"].values():
        assert all(re.fullmatch(r"[a-z\d-]+>=[\d.]+", line) for line in extra)


def test_binder_pins_what_the_kit_needs():
    *pins, last = (ROOT / "binder" / "requirements.txt").read_text().split("\n")[:-1]
    assert last == "-e ."
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+==[\d.]+", pin) for pin in pins)
    pinned = {pin.split("==")[0] for pin in pins}
    needed = {line.split(">=")[0] for line in PROJECT["project"]["dependencies"]}
    assert needed | {"jupyterlab"} <= pinned
    assert (ROOT / "binder" / "runtime.txt").read_text() == "python-3.11\n"


README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_has_its_two_commands_once_each():
    lines = [line.strip() for line in README.splitlines()]
    assert lines.count('pip install -e ".[lab]" && backprop-kit') == 1
    assert lines.count('pip install -e ".[test]" && pytest -n 2') == 1


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_readme_examples_run(code, capsys):
    exec(code, {})
    wanted = re.findall(r"print\(.*\)  # (.*)", code)
    assert capsys.readouterr().out.splitlines() == wanted


def test_the_readme_links_to_files_that_are_there():
    for target in re.findall(r"\]\((?!https:)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_no_file_names_a_place_on_one_machine_or_fetches():
    places = re.compile(r"/(?:tmp|root|home|work|opt)/|cdn\.|unpkg|jsdelivr|esm\.sh")
    for path in (ROOT / "backprop_kit").rglob("*"):
        if path.suffix in {".py", ".js", ".css"}:
            assert not places.search(path.read_text(encoding="utf-8")), path


def test_the_wheel_carries_all_it_needs(tmp_path):
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    modules = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "backprop_kit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    lessons = {f"backprop_kit/lessons/{path.name}" for path in ROOT.glob("notebooks/*.ipynb")}
    licences = {f"backprop_kit-{backprop_kit.__version__}.dist-info/licenses/LICENSE"}
    assert modules | lessons | licences <= held
    assert not [name for name in held if "__pycache__" in name or "/." in name]


# ── form ─────────────────────────────────────────────────────────────────────────────────────────


def test_formatted():
    run(sys.executable, "-m", "ruff", "format", "--check", ".", cwd=ROOT)


def test_linted():
    run(sys.executable, "-m", "ruff", "check", ".", cwd=ROOT)


def test_typed():
    run(sys.executable, "-m", "mypy", cwd=ROOT)
    assert (ROOT / "backprop_kit" / "py.typed").exists()


def test_imports_go_one_way():
    run(Path(sys.executable).with_name("lint-imports"), "--no-cache", cwd=ROOT)


# ── strict runs ──────────────────────────────────────────────────────────────────────────────────

SKIPPING = """
import pytest
def test_skipped(): pytest.skip("no browser here")
@pytest.mark.xfail
def test_expected(): assert False
def test_ran(): pass
"""


@pytest.mark.parametrize(
    ("strict", "code", "said"),
    [("", 0, "1 passed, 1 skipped, 1 xfailed"), ("1", 1, "1 failed, 1 passed, 1 xfailed")],
)
def test_a_skip_fails_only_in_a_strict_run(tmp_path, strict, code, said):
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text(SKIPPING)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -ra")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={"BACKPROP_KIT_STRICT": strict},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stdout
    assert "no browser here" in done.stdout


def test_a_module_that_skips_itself_fails_in_a_strict_run(tmp_path):
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "test_it.py").write_text('import pytest\npytest.importorskip("not_a_module")\n')
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path],
        cwd=tmp_path,
        env={"BACKPROP_KIT_STRICT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "could not import 'not_a_module'" in done.stdout
