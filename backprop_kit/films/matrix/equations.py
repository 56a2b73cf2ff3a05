"""The equations of the way forward, of the loss and of the update.

`forward` Y = X W + b and the activation of each page · `loss` · `updates` new = old − step · slope
"""

from __future__ import annotations

from typing import Any

from backprop_kit.films.captions import speaker
from backprop_kit.films.matrix import recipes
from backprop_kit.films.matrix.book import AT_INPUTS, AT_OUTPUTS, OF_WEIGHTS, Book
from backprop_kit.films.matrix.pages import Page
from backprop_kit.films.matrix.scene import Scene

say = speaker("matrix")


def _note(scene: Scene, page: Page) -> str:
    batch = say("note.batch", samples=scene.batch) if scene.batch > 1 else say("note.one")
    m, count = scene.layer(page)
    return batch if count == 1 else say("note.layer", m=m, all=count, batch=batch)


def forward(book: Book) -> list[str]:
    """The equations of the way forward; their tags in order."""
    scene, tags = book.scene, []
    book.place("v0", "X", "v0", {"t": "given", "s": "data"})
    for page in scene.pages:
        m, note = page.number, _note(scene, page)
        before, here = f"v{m - 1}", f"v{m}"
        if page.affine is not None:
            sums = scene.summed(page)
            W, b = f"W{m}", f"b{m}"
            items: list[Any] = [
                book.item(sums, page.sums, AT_OUTPUTS, key=here), "=",
                book.item(before, page.into, AT_INPUTS, key=before), "·",
                book.item(W, f"W{page.sub}", OF_WEIGHTS, key=W),
            ]  # fmt: skip
            how: recipes.Recipe = {"t": "product", "l": before, "r": W}
            if scene.has(b):
                row = book.item(b, f"b{page.sub}", ("", "out"), key=b, under=say("every row"))
                items += ["+", row]
                how["b"] = b
            tag = book.add(f"f{m}", items, known=0, head="forward", note=note, kind="product")
            tags.append(tag)
            given = {"t": "given", "s": "weight"}
            book.place(W, f"W{page.sub}", W, given, next=f"g{W}" if scene.has(f"g{W}") else "")
            book.place(b, f"b{page.sub}", b, given, next=f"g{b}" if scene.has(f"g{b}") else "")
            book.place(sums, page.sums, here, how, tag)
            before = sums
        if page.bend is not None:
            z = page.sums if page.affine is not None else page.into
            name = page.bend.name
            items = [
                book.item(here, page.out, AT_OUTPUTS, key=here), f"= {name}",
                book.item(before, z, AT_OUTPUTS, key=here if page.affine is not None else before),
            ]  # fmt: skip
            tag = book.add(f"h{m}", items, known=0, head="forward", note=note,
                           kind="rows" if page.mixes else "same")  # fmt: skip
            tags.append(tag)
            book.place(here, page.out, here, recipes.bend(page.bend.result, before, here), tag)
            if scene.has(f"s{m}"):
                steep = recipes.steep(page.bend.result, before, here)
                book.place(f"s{m}", f"S{page.sub}", here, steep, tag)
        if page.block is not None:
            items = [
                book.item(here, page.out, AT_OUTPUTS, key=here), "=", {"name": page.block.name},
                book.item(before, page.into, AT_INPUTS, key=before),
            ]  # fmt: skip
            tag = book.add(f"h{m}", items, known=0, head="forward", note=note, kind="closed")
            tags.append(tag)
            book.place(here, page.out, here, recipes.closed(page.block.name), tag)
    return tags


def loss(book: Book) -> str:
    """The loss: the output, the target, and one number."""
    scene, last = book.scene, book.scene.last
    here = f"v{last.number}"
    if scene.scored:
        target = book.item("t", "T", ("batch", ""), key="t", whole=1)
    else:
        target = book.item("t", "T", AT_OUTPUTS, key=here)
    out = book.item(here, last.out, AT_OUTPUTS, key=here)
    one = book.item("L", "L", ("", ""), key="L")
    how = recipes.loss_value(scene)
    if "sign" in how:
        error = book.item("e", "E", AT_OUTPUTS, key=here)
        items: list[Any] = [one, f"= {how['sign']}", error, "=", out, "−", target]
    else:
        items = [one, "←", out, ",", target]
    tag = book.add("L", items, known=0, head="loss", kind="closed",
                   note=scene.recorded.loss.title)  # fmt: skip
    book.place("L", "L", "L", how, tag)
    book.place("t", "T", "t" if scene.scored else here, {"t": "given", "s": "target"})
    book.place("o", "T", here, {"t": "given", "s": "target"})
    minus = recipes.each([here, "t"], [0, "−", 1], "{0} - {1}")
    book.place("e", "E", here, minus, tag)
    return tag


def updates(book: Book) -> list[tuple[str, str, Page]]:
    """One equation for each parameter that moves and is no part of a closed block."""
    scene, found = book.scene, []
    pages = {p.number: p for p in scene.pages}
    names = {path: name for name, path in scene.paths.items()}
    note = say("note.step")
    for _, u in scene.recorded.trace.updates:
        if u.name not in names:
            continue
        name = names[u.name]
        page = pages[int(name[1:])]
        letter = f"{name[0]}{page.sub}"
        means = OF_WEIGHTS if name[0] == "W" else ("", "out")
        how = recipes.update(scene, name)
        grad = book.item("g" + name, f"d{letter}", means, key=name)
        sign = how["show"][1] if how["t"] == "each" else ","
        items = [
            book.item(name + "+", letter, means, key=name, word="new"),
            "=" if how["t"] == "each" else "←",
            book.item(name, letter, means, key=name, tag=f"{name}-", old=1, word="old"), sign, grad,
        ]  # fmt: skip
        known = scene.known(name + "+")
        tag = book.add(f"u{name}", items, known=known, head="update", note=note)
        book.place(name + "+", letter, name, how, tag)
        found.append((name, tag, page))
    return found


def plain_shapes(page: Page) -> str:
    """The sizes of a layer's product in words."""
    assert page.affine is not None
    (n, i), (_, o) = page.affine.X.shape, page.affine.W.shape
    return say("affine.shapes", n=n, i=i, o=o)
