"""The chain of a pass as pages: one affine layer with what follows it, and what all is called.

A page is an affine map Y = X W + b with the activation behind it, or one of these alone, or a block
that stays closed. `spelled` writes a symbol as a formula, `plainly` as a word, `python` as code.
"""

from __future__ import annotations

from dataclasses import dataclass

from backprop_kit.engine.tensor import Node
from backprop_kit.study.chain import Link
from backprop_kit.study.naming import plain
from backprop_kit.study.passes import Pass
from backprop_kit.study.products import MIXING, Affine, affines

_JOIN = "\u2060"  # stands between two letters that are two symbols: d W, not the word dW
_GREEK = {"δ": "delta"}


@dataclass(frozen=True, eq=False)
class Page:
    """One page of the film.

    number  counts from 1, as the arrays' names do
    sub     the subscript of W, b and δ, "" where there is one affine layer only
    into, sums, out   the symbols of what comes in, of the sums, and of what goes out
    """

    number: int
    affine: Affine | None
    bend: Link | None
    block: Link | None
    sub: str
    into: str
    sums: str
    out: str

    @property
    def source(self) -> Node:
        link = self.affine.link if self.affine is not None else self.block or self.bend
        assert link is not None
        return link.source

    @property
    def result(self) -> Node:
        if self.bend is not None:
            return self.bend.result
        link = self.affine.link if self.affine is not None else self.block
        assert link is not None
        return link.result

    @property
    def mixes(self) -> bool:
        """Whether the activation looks at whole rows."""
        return self.bend is not None and self.bend.name in MIXING

    @property
    def blame(self) -> str:
        """The symbol of the slope at the sums: δ where there is an activation, else dY."""
        return f"δ{self.sub}" if self.bend is not None else f"d{self.sums}"


def pages_of(recorded: Pass) -> tuple[Page, ...]:
    """The pages of a pass, in the order of the way forward."""
    found = affines(recorded)
    groups: list[list[Link]] = []
    for link in _all(recorded):
        last = groups[-1] if groups else None
        follows = link.kind == "activation" and link.name not in MIXING
        if last is not None and follows and len(last) == 1 and last[0] in found:
            last.append(link)
        else:
            groups.append([link])
    hidden = [g for g in groups[:-1] if g[0] in found and len(g) > 1]
    pages: list[Page] = []
    into, count = "X", 0
    for number, g in enumerate(groups, 1):
        affine = found.get(g[0])
        bend = g[-1] if g[-1].kind == "activation" else None
        count += affine is not None
        sub = f"{count}" if affine is not None and len(found) > 1 else ""
        if number == len(groups) or g[-1].result is recorded.output:
            out = "P" if bend is not None and bend.name in ("sigmoid", "softmax") else "Y"
        elif g in hidden:
            out = "H" if len(hidden) == 1 else f"H{hidden.index(g) + 1}"
        else:
            out = f"Z{sub}" if affine is not None else f"V{number}"
        sums = f"Z{sub}" if bend is not None else out
        block = g[0] if affine is None and bend is None else None
        pages.append(Page(number, affine, bend, block, sub, into, sums, out))
        into = out
    return tuple(pages)


def _all(recorded: Pass) -> tuple[Link, ...]:
    """The links of a pass; what does not come from the input is made by the model as a whole."""
    first = recorded.links[0]
    if first.source is recorded.x:
        return recorded.links
    inside = tuple(n for n in recorded.parameters if n not in first.inside)
    return Link("block", "model", recorded.x, first.source, inside=inside), *recorded.links


def _parts(symbol: str) -> tuple[str, str]:
    letters = symbol.rstrip("0123456789")
    return letters, symbol[len(letters) :]


def spelled(symbol: str, more: str = "") -> str:
    """A symbol as a formula: dW1 → d W with the subscript 1; `more` is a further subscript."""
    letters, sub = _parts(symbol)
    low = ",".join(filter(None, (sub, more))) if len(sub + more) > 2 or not sub else sub + more
    return _JOIN.join(letters) + (f"_{{{low}}}" if low else "")


def plainly(symbol: str) -> str:
    """A symbol as it stands in a sentence: dW₁."""
    letters, sub = _parts(symbol)
    return plain(f"{letters}_{{{sub}}}") if sub else letters


def python(symbol: str) -> str:
    """A symbol as a name in code: delta1."""
    letters, sub = _parts(symbol)
    return _GREEK.get(letters, letters) + sub
