"""The Stage from Python: one small script, covers that hold back, and callbacks."""

import gzip
import re
from pathlib import Path

import pytest
from examplefilm import SECRET, film

from backprop_kit.films import theme
from backprop_kit.films.film import unpack
from backprop_kit.widgets import stage as module
from backprop_kit.widgets.stage import Stage, script, style, tight

STATIC = Path(module.__file__).parent / "static"


@pytest.fixture
def stage():
    made = Stage(film(), cut="operation")
    yield made
    made.close()


def test_the_script_is_small_whole_and_asks_for_nothing():
    text = script()
    assert len(text.encode()) <= 30_000
    assert (
        not re.search(r"^\s*(//|import\b)|\bimport\(", text, re.MULTILINE)
        and text.count("export ") + text.count("export{") == 1
    )
    assert "http" not in text.replace("http://www.w3.org/", "")
    assert not re.search(
        r"\bdocument\.(querySelector|getElement|addEventListener|body)|\bwindow\b", text
    )


@pytest.mark.parametrize("more", [(), ("strips",)])
def test_no_two_modules_use_one_name(more):
    names = [
        name
        for m in (*module._MODULES, *more)
        for name in re.findall(
            r"(?m)^(?:export )?(?:async )?(?:const|let|function) (\w+)",
            (STATIC / f"{m}.js").read_text(encoding="utf-8"),
        )
    ]
    assert len(names) > 40 and len(names) == len(set(names))


def test_every_import_names_what_a_module_above_exports():
    exported: set[str] = set()
    for name in (*module._MODULES, "strips"):
        text = (STATIC / f"{name}.js").read_text(encoding="utf-8")
        for wanted, source in re.findall(r'import \{ ([^}]+) \} from "\./(\w+)\.js";', text):
            assert set(wanted.split(", ")) <= exported, (name, source)
        exported |= set(re.findall(r"(?m)^export (?:async )?(?:const|function) (\w+)", text))
        exported |= {
            n
            for found in re.findall(r"(?m)^export const \{ ([^}]+) \}", text)
            for n in found.split(", ")
        }


def test_the_habits_that_make_joining_safe_are_kept():
    for name in (*module._MODULES, "strips"):
        for line in (STATIC / f"{name}.js").read_text(encoding="utf-8").splitlines():
            if not line.strip().startswith("//"):
                assert not re.search(r"[^:\"]//|\+ \+|- -|\+ -|- \+", line), line
                assert len(re.findall(r"`", line)) % 2 == 0, line


def test_the_style_sheet_knows_every_class_it_is_asked_for():
    sheet = style()
    for name in (
        "stage",
        "picture",
        "panel",
        "legend",
        "halo",
        "notyet",
        "ring",
        "picked",
        "covered",
        "problem",
        "gone",
    ):
        assert f".bk-{name}" in sheet, name
    sizes = [float(s) for s in re.findall(r"font(?:-size)?:[^;]*?([\d.]+)px", sheet)]
    assert min(sizes) >= 12


def test_the_style_sheet_loses_blanks_and_nothing_else():
    assert tight("/* a */ .a > b , c { x: 1px ;\n  y: f(2, 3) ; }\n") == ".a>b,c{x:1px;y:f(2,3)}"
    names = "stage", "graph", "live", "cost", "matrix"
    sheets = "".join((STATIC / f"{name}.css").read_text(encoding="utf-8") for name in names)
    whole = re.sub(r"(?s)/\*.*?\*/", "", theme.css() + sheets)
    rules = lambda css: re.findall(r"[\w-]+\s*:(?=[^{}]*[;}])", re.sub(r"\s", "", css))
    assert len(rules(style(*names[1:]))) == len(rules(whole)) > 500
    assert "calc(380px + 0.6 * (100cqw - 1100px))" in style()
    assert len(style(*names[1:])) < len(whole)


def test_a_cover_withholds_frames_and_arrays(stage):
    stage.cover(3)
    assert SECRET not in gzip.decompress(stage.film).decode("utf-8", "replace")
    assert "dh" not in unpack(stage.film)[1]
    stage.uncover(5)
    assert SECRET in gzip.decompress(stage.film).decode("utf-8", "replace")
    assert "V+" not in unpack(stage.film)[1]
    stage.uncover()
    assert stage.film == film().pack()


def test_another_film_keeps_the_cover(stage):
    stage.cover(3)
    stage.show(film(seed=6))
    assert stage.source.trace == "seed 6" and "dh" not in unpack(stage.film)[1]


def test_callbacks_hear_what_the_page_says(stage):
    heard = []
    stage.on_press(heard.append)
    stage.on_painted(lambda: heard.append("painted"))
    stage.on_step(heard.append)
    for content in ({"press": "h:3"}, {"painted": 1}, {"painted": 1}, "noise", {}, None):
        stage._handle_custom_msg(content, [])
    stage.k = 2
    assert heard == ["h:3", "painted", 2]


def test_large_type_is_offered_once_somebody_can_lay_it_out(stage):
    assert stage.presenter is None
    asked = []
    stage.on_presenter(asked.append)
    assert stage.presenter is False and asked == []
    stage.presenter = True
    stage.presenter = True
    stage.set_state({"presenter": False})
    assert asked == [True, False]


def test_an_unknown_cut_is_refused_and_the_default_takes_what_there_is():
    with pytest.raises(ValueError, match=r"no cut 'pass'\.\nIt has operation, layer\."):
        Stage(film(), cut="pass")
    only = film()
    object.__setattr__(only, "cuts", {"operation": only.cuts["operation"]})
    made = Stage(only)
    assert made.cut == "operation"
    made.close()


def test_a_stage_opens_with_little(stage):
    state = stage.get_state()
    assert sum(len(v) for v in state.values() if isinstance(v, (str, bytes))) < 60_000
