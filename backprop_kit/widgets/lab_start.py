"""How a lab begins: from what a cell says, from a token or a file, or anew with one change."""

from __future__ import annotations

import os
from math import isfinite
from typing import Any

from ..data import Data, from_recipe, spirals
from ..nn import SGD, Adam
from ..study.curvature import sharpness
from ..study.nets import net
from ..study.run import Run
from ..study.run.recipe import make_model
from .knob_items import Anew

# Settings from which every seed finds the spirals within the 100 epochs that a lab plays.
SAMPLES, NOISE, SEED, TEST = 192, 0.05, 6, 1 / 3
RATE, BATCH, INIT = 0.01, 16, "normal"
SMALL = 200  # numbers up to which the curvature is computed while a person waits


def begun(model: Any, data: Any, loss: Any, optimizer: Any, batch: Any, seed: Any) -> Run:
    """The run a cell asks for. Raises ValueError or TypeError, in two lines."""
    if isinstance(model, (str, os.PathLike)):
        given = {"data": data, "loss": loss, "optimizer": optimizer, "batch": batch}
        said = [name for name, v in given.items() if v is not None]
        if said:
            raise TypeError(
                f"A token or a file says by itself what is trained; {said[0]} is too much.\n"
                "Write TrainingLab(token), and change things in the lab."
            )
        text = os.fspath(model)
        return Run.from_token(text) if text.startswith("bpk1.") else Run.load(text)
    if data is None and model is None:
        data = spirals(SAMPLES, NOISE, SEED, test=TEST)
        model = net((2, 8, 8, 1), init=INIT)
        optimizer = Adam(RATE) if optimizer is None else optimizer
        batch = BATCH if batch is None else batch
    elif data is None:
        raise TypeError(
            "TrainingLab got a model and no data.\n"
            "Write TrainingLab(model, data), such as TrainingLab(net((2, 8, 1)), moons())."
        )
    if model is None:
        model = fitting(data)
    return Run(model, data, loss=loss, optimizer=optimizer, batch=batch, seed=seed)


def fitting(data: Any) -> Any:
    """A net with two hidden layers of eight for these data."""
    x, y = data
    data = data if isinstance(data, Data) else Data(x, y)
    inputs = data.x[0].size
    labels = data.y.dtype.kind in "iu" and data.y.ndim == 1
    outputs = int(data.y.max()) + 1 if labels else data.y[0].size
    return net((inputs, 8, 8, outputs))


def recipes(run: Run) -> tuple[Any, Any]:
    """How the kit makes data and net of a run again; None for what is a learner's own."""
    data, model = run.recipe["data"], run.recipe["model"]
    if model is not None and "digits_net" in model:
        model = {"sizes": [64, 32, 10], "init": "digits", "seed": model["digits_net"]}
    return data, model if model is not None and "sizes" in model else None


def fresh(run: Run, what: Anew, loss: Any, data: Any = None) -> Run:
    """A run from step 0 with other data or another net; settings and seed are the same."""
    if data is None:
        data = run.data if what.data is None else from_recipe(what.data)
    model = run.start_model() if what.model is None else make_model(what.model)
    optimizer, batch = run.settings
    return Run(
        model, data, loss=loss, optimizer=optimizer, batch=batch, seed=run.seed, name=what.name
    )


def gauge_of(run: Run) -> tuple[float, float] | None:
    """η·λmax and the value it must stay under, for plain descent (with momentum) on a small
    net; None where there is no such limit."""
    optimizer = run.settings.optimizer
    if type(optimizer) is not SGD or optimizer.nesterov:
        return None
    plain = SGD(optimizer.lr).plain and not (
        optimizer.weight_decay
        or optimizer.l1
        or optimizer.schedule
        or optimizer.clip_value
        or optimizer.clip_norm
    )
    if not plain or run.theta.size > SMALL:
        return None
    samples = run.samples
    most = sharpness(run.model, (samples.x, samples.y), run.loss)
    if not isfinite(most):
        return None
    return optimizer.lr * most, 2 * (1 + optimizer.momentum)
