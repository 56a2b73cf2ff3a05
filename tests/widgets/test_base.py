"""The base of all widgets: two lines, one lock, and nothing half done."""

import logging
import threading

import anywidget
import ipywidgets
import pytest
import traitlets

from backprop_kit.widgets import base


class View(anywidget.AnyWidget):
    """A view with a place for the problem, as the Stage and the Form have it."""

    _esm = "export default { render() {} }"
    problem = traitlets.Unicode("").tag(sync=True)
    k = traitlets.Int(0).tag(sync=True)


class Plain(base.Widget):
    def text(self):
        return ("The lamp says 0.288, not 1." + " It is too low." * 12, "13 numbers, loss 1.25")


@pytest.fixture
def widget():
    view = View()
    made = Plain(ipywidgets.VBox([view]), view)
    yield made
    made.dispose()


def test_unknown_keywords_are_refused_and_the_near_miss_is_named():
    with pytest.raises(TypeError) as caught:
        base.refuse_unknown({"optimiser": 1}, ["loss", "optimizer", "step"], "ForwardStepper")
    first, second = str(caught.value).split("\n")
    assert first == "ForwardStepper does not know 'optimiser'."
    assert second == "Did you mean 'optimizer'? It takes: loss, optimizer, step."
    base.refuse_unknown({}, ["loss"], "ForwardStepper")


def test_a_name_that_is_near_nothing_gets_the_list_only():
    with pytest.raises(TypeError, match=r"does not know 'zzz'\.\nIt takes: loss\."):
        base.refuse_unknown(["zzz"], ["loss"], "Quiz")


def test_the_text_is_whole_and_the_view_is_live_and_html_is_absent(widget):
    data, metadata = widget._repr_mimebundle_()
    assert data["text/plain"] == repr(widget) == "\n".join(widget.text())
    assert data[base.VIEW]["model_id"] == widget.root.model_id
    assert set(data) == {"text/plain", base.VIEW}
    assert metadata == widget.stage._repr_mimebundle_()[1]


def test_the_metadata_of_the_anywidget_inside_travel_with_the_box(widget, monkeypatch):
    own = {base.VIEW: {"colab": {"custom_widget_manager": {"url": "u"}}}}
    monkeypatch.setattr(type(widget.stage), "_repr_mimebundle_", lambda self, **_: ({}, own))
    assert widget._repr_mimebundle_()[1] == own


def test_a_closed_widget_still_says_its_lines(widget):
    widget.dispose()
    assert widget._repr_mimebundle_() == ({"text/plain": repr(widget)}, {})


def test_what_fails_is_undone_and_shown_and_logged(widget, caplog):
    weights = [1.0]

    def half():
        weights[0] = 7.0
        raise ValueError("The rate is nan.\nWrite a number such as 0.1")

    guarded = widget.guard(half, restore=lambda: weights.__setitem__(0, 1.0))
    with caplog.at_level(logging.WARNING):
        assert guarded() is None
    assert weights == [1.0]
    assert widget.problem == "The rate is nan. Write a number such as 0.1. Nothing was changed."
    assert widget.stage.problem == widget.problem and "\n" not in widget.problem
    assert "Traceback" in caplog.text

    widget.guard(lambda: None)()
    assert widget.problem == ""


def test_an_unexpected_kind_of_problem_names_its_kind(widget):
    widget.guard(lambda: 1 / 0)()
    assert widget.problem.startswith("ZeroDivisionError: ")


def test_what_cannot_be_undone_says_so(widget):
    widget.guard(lambda: 1 / 0, restore=lambda: 1 / 0)()
    assert widget.problem == "This could not be done, nor undone: run this cell again."


def test_an_interrupt_is_undone_and_goes_on(widget):
    undone = []

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        widget.guard(stop, restore=lambda: undone.append(1))()
    assert undone == [1]


def test_callbacks_never_overlap_and_may_call_each_other(widget):
    inside, most = [], []

    def work():
        inside.append(1)
        most.append(len(inside))
        widget.guard(lambda: None)()  # re-entrant
        inside.pop()

    guarded = widget.guard(work)
    threads = [threading.Thread(target=lambda: [guarded() for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 200 and max(most) == 1


def test_listening_ends_with_the_widget():
    heard, other = [], View()
    widget = Plain(View())
    widget.listen(other, lambda: heard.append(other.k), "k")
    other.k = 3
    widget.dispose()
    widget.dispose()
    other.k = 4
    assert heard == [3]
    other.close()


def test_what_is_borrowed_stays_open():
    lent = View()
    box = Plain(ipywidgets.VBox([View(), lent]), borrowed=(lent,))
    own = box.root.children[0]
    box.dispose()
    assert own.comm is None and lent.comm is not None
    lent.close()
