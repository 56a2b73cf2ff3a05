"""Layers that make it harder to learn by heart: `Dropout`."""

from __future__ import annotations

from backprop_kit.engine import ops
from backprop_kit.engine.chance import current_moment, share_dropped
from backprop_kit.engine.scope import current_call
from backprop_kit.engine.tensor import Tensor
from backprop_kit.nn.module import Module


class Dropout(Module):
    """In training each number becomes 0 with probability `rate`, the others x / (1 − rate)
    (Srivastava et al. 2014); in `eval()` x is handed on as it is.

    rate  0 or more, below 1 (0.5)

    Inside `with moment(seed, step):` the mask belongs to that step. Outside, the seed is that of
    `model.reset`, and each training call since then has a mask of its own.
    """

    def __init__(self, rate: float = 0.5) -> None:
        self.rate = share_dropped(rate)
        self._restart(0, None)

    def _restart(self, seed: int, place: int | None) -> None:
        self._seed, self._place, self._calls = seed, place, 0

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        now = current_moment()
        if now is not None and now.seed is not None:
            return ops.dropout(
                x, rate=self.rate, seed=now.seed, step=now.step, call=now.next_call()
            )
        # Two layers of one model draw for themselves: the place in the model is the call.
        if self._place is None:
            self._place = self._found()
        step = self._calls + (now.again(self) if now is not None else 0)
        y = ops.dropout(x, rate=self.rate, seed=self._seed, step=step, call=self._place)
        if now is None:
            self._calls += 1
        return y

    def _found(self) -> int:
        """Which of the modules it is in the outermost one that is being called."""
        call = current_call()
        model = [self, *(c.module for c in call.chain)][-1] if call is not None else self
        return next((i for i, m in enumerate(model.modules()) if m is self), 0)

    def extra_repr(self) -> str:
        return f"{self.rate:g}"
