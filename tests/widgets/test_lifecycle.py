"""What a cell makes, the next run of the cell disposes."""

import gc
import threading
import types

import ipywidgets
import pytest
import traitlets
from ipywidgets.widgets.widget import _instances
from jupyter_client.manager import start_new_kernel

from backprop_kit.widgets import base, lifecycle


class Counter(traitlets.HasTraits):
    k = traitlets.Int(0)

    def observers(self):
        return sum(len(list_) for by in self._trait_notifiers.values() for list_ in by.values())


class Two(base.Widget):
    """A box with a control and a label, listening to something that outlives it."""

    def __init__(self, subject):
        super().__init__(ipywidgets.VBox([ipywidgets.FloatSlider(), ipywidgets.Label("two")]))
        self.listen(subject, lambda: None, "k")

    def text(self):
        return ("two", "lines")


class Shell:
    """As much of IPython's shell as the kit asks for."""

    def __init__(self):
        self.parent = {}
        self.callbacks = []
        self.events = types.SimpleNamespace(register=lambda name, f: self.callbacks.append(f))

    def get_parent(self):
        return self.parent

    def run(self, cell, run, body=lambda: None):
        header = {"msg_id": run, "msg_type": "execute_request"}
        self.parent = {"header": header, "metadata": {"cellId": cell} if cell else {}}
        for callback in self.callbacks:
            callback(None)
        return body()


@pytest.fixture
def shell(monkeypatch):
    fake = Shell()
    monkeypatch.setattr(lifecycle, "_shell", lambda: fake)
    monkeypatch.setattr(lifecycle, "_cells", {})
    monkeypatch.setattr(lifecycle, "_hooked", None)
    return fake


def test_a_hundred_runs_leave_nothing_behind(shell):
    subject = Counter()
    shell.run("a", "0", lambda: Two(subject))
    gc.collect()
    widgets, observers, threads = len(_instances), subject.observers(), threading.active_count()
    for run in range(1, 101):
        shell.run("a", str(run), lambda: Two(subject))
    gc.collect()
    assert len(_instances) == widgets
    assert subject.observers() == observers == 1
    assert threading.active_count() == threads
    assert len(shell.callbacks) == 1
    shell.run("a", "end")
    assert subject.observers() == 0


def test_cells_do_not_disturb_each_other_and_one_run_may_make_many(shell):
    subject = Counter()
    first = shell.run("a", "1", lambda: [Two(subject), Two(subject)])
    other = shell.run("b", "2", lambda: Two(subject))
    shell.run("a", "3")
    assert [w.root.comm for w in first] == [None, None]
    assert other.root.comm is not None
    other.dispose()


def test_a_cell_that_no_longer_makes_a_widget_still_ends_the_old_one(shell):
    made = shell.run("a", "1", lambda: Two(Counter()))
    shell.run("a", "2")
    assert made.root.comm is None


def test_a_widget_disposed_by_hand_is_not_disposed_again(shell):
    made = shell.run("a", "1", lambda: Two(Counter()))
    made.dispose()
    assert lifecycle._cells["a"][1] == []


def test_one_that_cannot_end_does_not_keep_the_others(shell, caplog):
    class Stuck:
        def dispose(self):
            raise RuntimeError("stuck")

    made = shell.run("a", "1", lambda: (Two(Counter()), lifecycle.made(Stuck()))[0])
    shell.run("a", "2")
    assert made.root.comm is None
    assert "Stuck could not be disposed" in caplog.text


def test_outside_a_cell_nothing_is_noted(shell):
    made = shell.run(None, "1", lambda: Two(Counter()))
    shell.run(None, "2")
    assert made.root.comm is not None and lifecycle._cells == {}
    made.dispose()
    shell.parent = {"header": {"msg_type": "comm_msg"}, "metadata": {"cellId": "a"}}
    assert lifecycle.running() is None


def test_without_ipython_nothing_is_asked(monkeypatch):
    monkeypatch.setitem(lifecycle.sys.modules, "IPython", None)
    assert lifecycle.running() is None
    lifecycle.made(object())


@pytest.fixture(scope="module")
def kernel():
    """A kernel as JupyterLab uses it: `run(code, cell)` gives what the cell printed."""
    manager, client = start_new_kernel(kernel_name="python3")

    def run(code, cell):
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        request = client.session.msg("execute_request", content, metadata={"cellId": cell})
        client.shell_channel.send(request)
        out = ""
        while True:
            message = client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            out += message["content"].get("text", "")
            out += "\n".join(message["content"].get("traceback", ()))
            if message["content"].get("execution_state") == "idle":
                return out.strip()

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_in_a_real_kernel_a_hundred_runs_leave_nothing_behind(kernel):
    make = "from backprop_kit import Predict, Quiz\np, q = Predict('00.p1'), Quiz('00.quiz')\np"
    count = (
        "import gc, threading; from ipywidgets.widgets.widget import _instances; gc.collect()\n"
        "print(len(_instances), threading.active_count())"
    )
    assert kernel(make, "one") == ""
    once = kernel(count, "two")
    for _ in range(100):
        kernel(make, "one")
    assert kernel(count, "two") == once
    kernel("'the cell now makes nothing'", "one")
    assert kernel(count, "two").split()[0] == "0"
