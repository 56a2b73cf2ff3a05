"""The equations of the way back: dY, through each activation, and the three gradients of a layer.

dW = Xᵀ dY, db the column sums of dY, dX = dY Wᵀ; then δ = dH ⊙ slope.
"""

from __future__ import annotations

from typing import Any

from backprop_kit.films.captions import speaker
from backprop_kit.films.matrix import recipes
from backprop_kit.films.matrix.book import AT_INPUTS, AT_OUTPUTS, OF_WEIGHTS, Book
from backprop_kit.films.matrix.pages import Page, spelled
from backprop_kit.films.matrix.tries import tries

say = speaker("matrix")


def backward(book: Book) -> list[tuple[str, str, Page]]:
    """The equations of the way back: (what it is, tag, page), in the order of the pages."""
    found: list[tuple[str, str, Page]] = []
    scene = book.scene
    short = say("note.short")
    first = _from_loss(book, short)
    if first:
        found.append(("loss", first, scene.pages[-2] if scene.scored else scene.last))
    for page in reversed(scene.pages):
        m = page.number
        if page.bend is not None and not (scene.scored and page is scene.last):
            found += _through_bend(book, page, short)
        if page.block is not None and scene.has(f"dv{m}"):
            items: list[Any] = [{"name": page.block.name}]
            known = scene.known(f"dv{m}")
            tag = f"k{m}"
            if scene.has(f"dv{m - 1}"):
                known = scene.known(f"dv{m - 1}")
                items = [
                    book.item(f"dv{m - 1}", f"d{page.into}", AT_INPUTS, key=f"v{m - 1}"),
                    "←", {"name": page.block.name}, "←",
                ]  # fmt: skip
                how = recipes.closed(page.block.name)
                book.place(f"dv{m - 1}", f"d{page.into}", f"v{m - 1}", how, tag)
            items.append(book.item(f"dv{m}", f"d{page.out}", AT_OUTPUTS, key=f"v{m}"))
            book.add(tag, items, known=known, head="backward", note=short, kind="closed")
            found.append(("block", tag, page))
        if page.affine is not None and scene.has(scene.blame(page)):
            found += _affine(book, page, short)
    return found


def _from_loss(book: Book, note: str) -> str:
    scene, last = book.scene, book.scene.last
    how, _ = recipes.loss_slope(scene)
    m = last.number
    out = f"v{m}"
    if scene.scored:
        name, symbol, key = f"dv{m - 1}", f"d{last.into}", f"v{m - 1}"
    else:
        name, symbol, key = f"dv{m}", f"d{last.out}", out
    if not scene.has(name):
        return ""
    items: list[Any] = [book.item(name, symbol, AT_OUTPUTS, key=key)]
    result = book.item(out, last.out, AT_OUTPUTS, key=out)
    target = (
        book.item("o", "T", AT_OUTPUTS, key=out)
        if scene.scored
        else book.item("t", "T", AT_OUTPUTS if scene.has("e") else ("batch", ""), key=out)
    )
    if how["t"] == "each" and how["show"] in ([0, "−", 1],):
        items += ["=", result, "−", target]
    elif how["t"] == "each" and "×" not in how["show"]:
        before, after = how["show"][0], how["show"][4]
        items += [f"= {before}", result, "−", target, after]
    else:
        items += ["←", result, ",", target]
    tag = book.add("k0", items, known=scene.known(name), head="backward", note=note)
    book.place(name, symbol, key, how, tag, high=1)
    return tag


def _through_bend(book: Book, page: Page, note: str) -> list[tuple[str, str, Page]]:
    scene, m = book.scene, page.number
    assert page.bend is not None
    if page.affine is not None:
        name, symbol, key = f"dz{m}", page.blame, f"v{m}"
    else:
        name, symbol, key = f"dv{m - 1}", f"d{page.into}", f"v{m - 1}"
    if not (scene.has(name) and scene.has(f"dv{m}")):
        return []
    above = book.item(f"dv{m}", f"d{page.out}", AT_OUTPUTS, key=f"v{m}")
    items: list[Any] = [book.item(name, symbol, AT_OUTPUTS, key=key), "=", above]
    if scene.has(f"s{m}"):
        items += ["⊙", book.item(f"s{m}", f"S{page.sub}", AT_OUTPUTS, key=f"v{m}", word="slope")]
    else:
        items = [items[0], f"← {page.bend.name} ←", above]
    tag = book.add(f"d{m}", items, known=scene.known(name), head="backward", note=note,
                   kind="rows" if page.mixes else "same")  # fmt: skip
    how = recipes.bend_back(page.bend.result, f"v{m}", f"dv{m}", f"s{m}")
    book.place(name, symbol, key, how, tag)
    return [("bend", tag, page)]


def _affine(book: Book, page: Page, note: str) -> list[tuple[str, str, Page]]:
    """db, dW and dX of one layer."""
    scene, m, layer = book.scene, page.number, page.affine
    assert layer is not None
    found: list[tuple[str, str, Page]] = []
    d, W, b, before = scene.blame(page), f"W{m}", f"b{m}", f"v{m - 1}"
    blame = book.item(d, page.blame, AT_OUTPUTS, key=f"v{m}")
    if scene.has("g" + b):
        items: list[Any] = [
            book.item("g" + b, f"db{page.sub}", ("", "out"), key=b),
            f"= {say('column sums')}", blame,
        ]  # fmt: skip
        tag = book.add(f"b{m}", items, known=scene.known("g" + b), head="backward", note=note,
                       kind="sum", blame=1)  # fmt: skip
        book.place("g" + b, f"db{page.sub}", b, {"t": "sum", "of": d}, tag)
        found.append(("bias", tag, page))
    if scene.has("g" + W):
        under = {"under": say("same shape", W=spelled(f"W{page.sub}"))}
        items = [
            book.item("g" + W, f"dW{page.sub}", OF_WEIGHTS, key=W, **under), "=",
            book.item(before, page.into, AT_INPUTS, key=before, turned=True), "·", blame,
        ]  # fmt: skip
        known = scene.known("g" + W)
        tag = book.add(f"w{m}", items, known=known, head="backward", note=note, kind="product",
                       blame=1, meet="batch", tries=tries(scene, page, "dW", known))  # fmt: skip
        how = {"t": "product", "l": before, "lT": 1, "r": d}
        book.place("g" + W, f"dW{page.sub}", W, how, tag)
        found.append(("weight", tag, page))
    dX = f"d{before}"
    if scene.has(dX):
        under = {"under": say("same shape", W=spelled(page.into))}
        items = [
            book.item(dX, f"d{page.into}", AT_INPUTS, key=before, **under), "=", blame, "·",
            book.item(W, f"W{page.sub}", OF_WEIGHTS, key=W, turned=True),
        ]  # fmt: skip
        known = scene.known(dX)
        tag = book.add(f"x{m}", items, known=known, head="backward", note=note, kind="product",
                       meet="out", tries=tries(scene, page, "dX", known))  # fmt: skip
        how = {"t": "product", "l": d, "r": W, "rT": 1}
        book.place(dX, f"d{page.into}", before, how, tag)
        found.append(("source", tag, page))
    return found
