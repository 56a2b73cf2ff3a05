"""What every film of a recorded pass says of it: the lesson's words, its title, its step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backprop_kit.engine.trace import Update
from backprop_kit.nn import Optimizer
from backprop_kit.study.boards import Words
from backprop_kit.study.passes import Pass


def words_of(recorded: Pass) -> Words:
    """What the model's inputs and output are called, if a lesson has named them."""
    words = getattr(recorded.model, "words", None)
    return words if isinstance(words, Words) else Words()


def title_of(
    recorded: Pass, samples: int, sizes: Sequence[int], bends: Iterable[str]
) -> tuple[str, str]:
    """What is shown, and below it the net, its loss and the step.

    sizes  how wide the input and each layer are; bends the names of the activations
    """
    head = words_of(recorded).title or ("One sample" if samples == 1 else f"{samples} samples")
    net = "–".join(map(str, sizes)) + " net"
    said = [", ".join([net, *dict.fromkeys(bends)]), recorded.loss.title]
    step = plain_step(recorded)
    if step is not None:
        said.append(f"step {step:g}")
    elif recorded.optimizer is not None:
        said.append(repr(recorded.optimizer))
    return head, " · ".join(said)


def plain_step(recorded: Pass) -> float | None:
    """η, where a step is w − η g and nothing else; None for every other rule, and without one."""
    rule = recorded.optimizer
    return rule.lr if isinstance(rule, Optimizer) and rule.plain else None


def rule_of(recorded: Pass, update: Update) -> str:
    """The rule of an update that is not plain, as a formula.

    Of w − η g with a penalty, clipping or a schedule it says where g and η come from.
    """
    if update.formula != Optimizer.formula:
        return update.formula
    return f"{update.formula}, with g and η from {recorded.optimizer!r}"
