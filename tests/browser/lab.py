"""Driving JupyterLab: a server, a page that remembers what it saw, and notebooks."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from backprop_kit.cli import lab_environment

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_READY = """() => {
  const w = window.jupyterapp?.shell?.currentWidget;
  return w?.context?.isReady && w.sessionContext.session?.kernel?.connectionStatus === 'connected';
}"""
_CELLS = """() => JSON.stringify(
  [...window.jupyterapp.shell.currentWidget.content.widgets].map(({ model: m }) =>
    [m.type, m.sharedModel.getSource(), m.executionCount ?? null, m.outputs?.length ?? 0]))"""
_THEME = """async t => {
  // JupyterLab fades its splash out behind each change, and fails to take it away twice.
  const wait = async done => { while (!done()) await new Promise(requestAnimationFrame); };
  const gone = () => !document.getElementById('jupyterlab-splash');
  await wait(gone);
  await window.jupyterapp.commands.execute('apputils:change-theme', { theme: t });
  await wait(() => document.body.dataset.jpThemeName === t && gone());
}"""
_SESSION = "window.jupyterapp.shell.currentWidget.sessionContext"
# Two frames later all that was asked for is painted.
DRAWN = "() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
_RUN = """i => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = i;
  content.deselectAll();
  window.__ran = false;
  window.jupyterapp.commands.execute('notebook:run-cell').then(() => { window.__ran = true; });
}"""


def chromium_path() -> str | None:
    """Return the path of an installed Chromium or Chrome."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@dataclass
class Lab:
    """A running server: its address, its folder, and what its processes are told."""

    url: str
    root: Path
    env: dict[str, str]

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells, and return its name."""
        book = nbformat.v4.new_notebook(metadata={"kernelspec": {
            "name": "python3", "display_name": "Python 3", "language": "python"}})  # fmt: skip
        book.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(book, self.root / name)
        return name

    def trust(self, name: str) -> None:
        """Let this server trust a notebook that it has not saved itself."""
        command = [sys.executable, "-m", "jupyter", "trust", str(self.root / name)]
        subprocess.run(command, env=self.env, check=True, capture_output=True)


@contextlib.contextmanager
def serve(
    root: Path,
    pythonpath: str,
    books: Path | None = None,
    python: str = sys.executable,
    **told: str,
) -> Iterator[Lab]:
    """Start JupyterLab on a free port, with the settings of the command, and stop it at the end.

    root        a folder for what it writes
    pythonpath  where its kernels find modules
    books       the folder that is served; None: an empty one in root
    python      the interpreter that has JupyterLab
    told        further variables of its environment, which come last
    """
    home = root / "home"
    if books is None:
        books = root / "books"
        books.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = dict(
        lab_environment(), PYTHONPATH=pythonpath, JUPYTER_CONFIG_DIR=str(home / "config"),
        JUPYTER_DATA_DIR=str(home / "data"), JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        JUPYTERLAB_SETTINGS_DIR=str(home / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"), IPYTHONDIR=str(home / "ipython"),
    )  # fmt: skip
    env |= told
    command = [
        python, "-m", "jupyterlab", "--allow-root", "--no-browser", f"--port={port}",
        "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={books}", "--expose-app-in-browser",
    ]  # fmt: skip
    with (root / "server.log").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=env)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(server, url, root / "server.log")
            yield Lab(url, books, env)
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("JupyterLab ended:\n" + log.read_text(encoding="utf-8")[-2000:])
        try:
            with urllib.request.urlopen(url + "/api", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("JupyterLab did not answer for a minute.")


class Page:
    """A page of JupyterLab; it keeps what the kernel's socket carried and what the console said."""

    def __init__(self, page: Any, lab: Lab) -> None:
        self.page, self.lab = page, lab
        self.received: list[bytes] = []
        self.sent: list[bytes] = []
        self.said: list[str] = []
        page.on("websocket", self._listen)
        page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.said.append(str(e)))

    def _listen(self, socket: Any) -> None:
        if "/channels" in socket.url:
            socket.on("framereceived", lambda data: self.received.append(_bytes(data)))
            socket.on("framesent", lambda data: self.sent.append(_bytes(data)))

    def open(self, name: str) -> None:
        """Open a notebook and wait until its kernel answers."""
        self.page.goto(f"{self.lab.url}/doc/tree/{name}", wait_until="domcontentloaded")
        self.page.wait_for_function(_READY, timeout=90_000)

    def run(self, cell: int, wait: bool = True) -> None:
        """Run one cell."""
        self.page.evaluate(_RUN, cell)
        if wait:
            self.page.wait_for_function("() => window.__ran", timeout=90_000)

    def start(
        self, name: str, *cells: str, shown: Callable[[int], object] | None = None
    ) -> list[int]:
        """Write a notebook, open it and run its cells; return how many bytes came with each.

        shown(i) waits until what cell i shows is there.
        """
        self.open(self.lab.write(name, *cells))
        sizes = []
        for i in range(len(cells)):
            before = len(self.received)
            self.run(i)
            if shown is not None:
                shown(i)
            sizes.append(sum(map(len, self.received[before:])))
        return sizes

    def end_kernel(self) -> None:
        """Shut the kernel down, and wait until JupyterLab has heard of it."""
        self.page.evaluate(f"() => {_SESSION}.shutdown()")
        self.page.wait_for_function(f"() => !{_SESSION}.session")
        self.page.evaluate(DRAWN)

    def theme(self, name: str) -> None:
        """Change to "JupyterLab Light" or "JupyterLab Dark", and wait until that is over."""
        self.page.evaluate(_THEME, name)

    def cells(self) -> str:
        """Return type, source, count and outputs of every cell, as one text to compare."""
        return self.page.evaluate(_CELLS)

    def clean(self) -> None:
        """Fail if the console spoke of an error since the last time."""
        said, self.said = self.said, []
        assert not said, said


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data
