"""What `CostMeter` says."""

SENTENCES = {
    "start": "{name}: {count} numbers, so {count} slopes to find. Space runs both ways of finding "
    "them, on {samples}.",
    "running": "Each cell is one forward pass of {samples}, run now. Esc stops.",
    "running.many": "Each cell is {each} forward passes of {samples}, run now. Esc stops.",
    "training": "And what one pair is not: now {pairs} pairs, with a step after each, on all "
    "training digits.",
    "pair": "Backprop found all {count} slopes with one forward and one backward pass: by "
    "multiplications {pair} forwards.",
    "differences": "{forwards} forward passes found the same {count} slopes, one pass for each "
    "number and one more.",
    "both": "Backprop finds all {count} slopes for {pair} forwards; finite differences need "
    "{forwards}, one pass for each number and one more.",
    "stopped": "Stopped after {done} of {forwards} forward passes: so many slopes are still "
    "unknown: {left}.",
    "not": "That is one gradient, not a trained net: {pairs} such pairs, with a step after each, "
    "took a digit net to {many} %.",
    # in large type: one line
    "start.large": "{count} slopes to find. Space runs both ways.",
    "both.large": "{pair} forwards find what differences find with {forwards}.",
    "is.large": "✓ one exact gradient",
    "is.not.large": "✕ not training: {one} % right",
    # what stands in the picture
    "head.pair": "1 forward and 1 backward pass",
    "head.differences": "·forward passes: one a number, plus one",
    "is": "✓ is one exact gradient of this batch",
    "is.not": "✕ is not training: unseen digits right",
    "shares": "{before} %, after 1 pair {one} %, after {pairs} {many} %",
    "shares.none": "–, after 1 pair –, after {pairs} –",
    # line two of a widget's text
    "summary": "forward passes by finite differences, counted: {counts}",
}
