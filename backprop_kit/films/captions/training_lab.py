"""What `TrainingLab` says of a moment: its numbers, then the one thing to notice."""

SENTENCES = {
    # the numbers of the moment
    "when.epoch": "Epoch {epoch}",
    "when.inside": "Step {k}, in epoch {epoch}",
    "when.step": "Step {k}",
    "now": "{when}: train loss {train}, test loss {test}.",
    "now.train": "{when}: the loss is {train}.",
    "now.large": "{when}: train {train}, test {test}.",
    # what to notice
    "stopped": "Here it ends: {why}.",
    "start": "Nothing is learned yet.",
    "fork.rises": "With {name} from step {start} on, the loss first rises to {peak} and then is"
    " {rank}, {loss} at step {k}.",
    "fork.lowest": "With {name} from step {start} on, the loss is {rank}, {loss} at step {k}.",
    "fork.peak": "With {name} from step {start} on, the loss rises to {peak}; at step {k} it is"
    " {loss}, where {best} has {lowest}.",
    "fork.behind": "With {name} from step {start} on, the loss is {loss} at step {k}, where {best}"
    " has {lowest}.",
    "fork.ends": "With {name} from step {start} on it ends at step {k}: {why}.",
    "rank.two": "the lower of the two",
    "rank.some": "the lowest of the {n}",
    "angle": "The steepest way down misses the minimum by {angle}.",
    "rose": "Since step {start} the train loss rose, from {before}.",
    "apart": "Since step {start} the test loss rises, from {before}, while the train loss falls.",
    "digits": "{wrong} of {n} {part} digits are read wrong, most often {true} as {read}: {times}.",
    "digits.none": "All {n} {part} digits are read right.",
    "still": "Since step {start} the loss has hardly moved.",
    "right": "All {n} training points are on their own side.",
}
