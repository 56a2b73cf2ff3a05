"""What `ForwardStepper` says."""

SENTENCES = {
    # start
    "start": "{inputs}. Press → and let it through.",
    "start.batch": "{samples} samples, {features} numbers each. Press → and let them through.",
    # forward, layer by layer
    "layer.first": "{inputs}; the hidden units give {values}.",
    "layer.hidden": "The next hidden units give {values}.",
    "layer.output": "They make {output} say {values}, not {target}.",
    "layer.output.right": "They make {output} say {values}; right is {target}.",
    "layer.scores": "They are mixed into {n} scores; {best} leads with {value}.",
    "layer.softmax": "As probabilities: {output} says {best} ({value}); the {target} gets {share}.",
    "layer.block": "Through {name} that becomes {values}.",
    "layer.batch": "Layer {layer} turns {samples} rows of {n_in} numbers into rows of {n_out}.",
    # forward, operation by operation
    "product": "Each sum adds {n_in} inputs, each times its own weight: {values}.",
    "bias": "Each sum gets its offset: {values}.",
    "activation": "Now {name} bends each sum on its own: {values}.",
    "mixed": "Now {name} sees all numbers of a row at once: {values}.",
    "softmax": "Softmax makes the scores positive and lets them add up to 1: {best} gets {value}.",
    "block": "Through {name}, {before} becomes {values}.",
    # loss
    "loss": "The loss says how wrong: {loss}; right is 0.",
    # backward
    "back.output": "Back: the slope at {output}'s sum is {values}.",
    "back.scores": "Back: the slopes at the scores are probability minus target; they add up to 0.",
    "back.hidden": "At the hidden sums: {values}.",
    "back.block": "The slope goes back through {name}: {values}.",
    "back.batch": "Back through layer {layer}: one slope for each of the {samples} × {n} sums.",
    "slope.result": "Turn {symbol} up a little: the loss changes by {values} times as much.",
    "slope.result.many": "How the loss answers when one output is turned up: {values}.",
    "slope.delta": "The slope passes {name}, times how steep {name} is there: {values}.",
    "slope.mixed": "The slopes go back through {name}, each a sum over all that arrived: {values}.",
    "slope.softmax": "Through softmax the slopes become probability minus target: {values}.",
    "slope.softmax.batch": "Through softmax: probability minus target, divided by {samples}: "
    "{values}.",
    "slope.bias": "An offset is added as it is, so its slope is the slope at the sum: {values}.",
    "slope.weight": "A weight's slope is what came in times the slope that comes back: {values}.",
    "slope.source": "Each input collects the slopes it helped to make, each times its "
    "weight: {values}.",
    # update and after
    "update": "All {all} numbers move at once, against their slopes: {up} up, {down} down.",
    "update.some": "{moved} of {all} numbers move, against their slopes: {up} up, {down} down.",
    "update.one": "Now {name} moves against its slopes, each by {lr} times its own: {up} "
    "up, {down} down.",
    "update.rule": "Now {name} moves, each number by the optimizer's rule: {up} up, {down} down.",
    "again": "Forward again: {values}, loss {loss}.",
    "again.scores": "Forward again: {output} says {best} ({value}), loss {loss}.",
    "again.loss": "Forward again: the loss is {loss}.",
    # line two of a widget's text
    "summary": "{steps} steps · loss {loss} · length of all slopes {norm}",
    "summary.covered": "{steps} steps, and a question before the last of them",
}
