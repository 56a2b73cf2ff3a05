"""A lesson in the page, as a learner meets it: run from the top, its panels answered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from lab import Lab, Page
from reading import ERRORS

from backprop_kit.teaching.questions import plain, questions

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CALL = "name => window.jupyterapp.commands.execute(name)"
# Each cell that is not empty has run, or one has failed.
_DONE = """() => { const w = window.jupyterapp.shell.currentWidget;
  const cells = [...w.content.widgets].filter(c => c.model.type === 'code');
  return w.sessionContext.session.kernel.status === 'idle' && (cells.every(c =>
    !c.model.sharedModel.getSource().trim() || c.model.executionCount !== null)
    || cells.some(c => c.model.outputs.toJSON().some(o => o.output_type === 'error'))); }"""
_PRINTED = """() => [...window.jupyterapp.shell.currentWidget.content.widgets].flatMap(c =>
  (c.model.outputs?.toJSON() || []).map(o => [o.text].flat().join(''))).join('\\n')"""
_TOP = "() => window.jupyterapp.shell.currentWidget.content.scrollToItem(0)"
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def open_lesson(page: Page, lab: Lab, name: str, stages: int) -> Page:
    """Copy the lessons, open one, and run it from top to bottom."""
    for path in NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, lab.root)
    return run_lesson(page, name, stages)


def run_lesson(page: Page, path: str, stages: int) -> Page:
    """Open a lesson and run it from top to bottom, without an error, until its stages are there."""
    page.open(path)
    page.page.evaluate(CALL, "notebook:run-all-cells")
    page.page.wait_for_function(_DONE, timeout=120_000)
    assert page.page.evaluate(ERRORS) == []
    page.page.locator(".bk-stage").nth(stages - 1).wait_for()
    return page


def printed(lesson: Page) -> str:
    """All that the cells print."""
    return lesson.page.evaluate(_PRINTED)


def commit(lesson: Page, place: int, choice: str) -> Any:
    """Choose in the question that a panel asks now, say how sure, commit; return the panel."""
    form = lesson.page.locator(".bk-form").nth(place)
    form.scroll_into_view_if_needed()
    sheet = form.locator(".bkf-page:not(.bkf-away)")
    sheet.locator(".bkf-options").get_by_text(choice, exact=True).click()
    sheet.locator(".bkf-sure label").first.click()
    sheet.locator(".bkf-go").click()
    return form


def answer_quiz(lesson: Page, place: int, id: str) -> None:
    """Answer a quiz with a slip in each question, then rightly, and read each diagnosis."""
    form = lesson.page.locator(".bk-form").nth(place)
    form.scroll_into_view_if_needed()
    asked = questions(id)
    for turn, phase in ((1, "wrong"), (0, "right")):
        for i, question in enumerate(asked):
            at = question.order.index(question.options[turn])
            options = form.locator("fieldset").nth(i).locator(".bkf-options label")
            options.nth(at).click()
        form.locator(".bkf-go").click()
        for i, question in enumerate(asked):
            item = form.locator("fieldset").nth(i)
            item.and_(lesson.page.locator(f'[data-phase="{phase}"]')).wait_for()
            said = _lowered(item.locator(".bkf-say").inner_text())
            option = question.options[turn]
            for text in (option.verdict, option.says):
                assert text and _lowered(plain(text)) in said, (text, said)


def _lowered(text: str) -> str:
    """Indices as plain digits: the page lowers them by its own means."""
    return " ".join(text.translate(_LOWERED).split())


def follow(lesson: Page, text: str, name: str) -> None:
    """Press a link of the strip at the top; it leads to the lesson of this name."""
    lesson.page.evaluate(_TOP)
    lesson.page.locator(".jp-MarkdownOutput nav a", has_text=text).first.click()
    lesson.page.wait_for_url(f"**/doc/tree/{name}.ipynb")
    lesson.clean()
