"""What `ActivationExplorer` says."""

SENTENCES = {
    # one neuron
    "neuron": "At the sum {z} {name} gives {h}; turned up a little, it answers {slope} times as "
    "much.",
    "neuron.saturated": "At the sum {z} {name} gives {h} and answers only {slope} times as much: "
    "nearly flat, not dead.",
    "neuron.dead": "At the sum {z} {name} gives {h}, and its slope is exactly 0: it does not "
    "answer at all.",
    "neuron.moved": "The sum went from {z0} to {z}, the output from {h0} to {h}: it moved by {by}.",
    # a layer
    "before": "Each point is one pair of inputs; x stands at ({x1}, {x2}), and a small square "
    "round it.",
    "weights": "The weights turn and stretch the plane; lines stay straight, and an area becomes "
    "{det} times as large.",
    "weights.line": "The weights press the plane onto one line: each point becomes one sum.",
    "weights.more": "Each point becomes {n} sums; lines stay straight, and an area becomes {det} "
    "times as large.",
    "bend": "Now {name} bends each sum on its own, and {area} of the small square's area is left.",
    "bend.line": "Now {name} bends the sum; x becomes {h}.",
    "bend.saturated": "Neuron {j} is saturated at this x: its slope is {slope}, so the square is "
    "crushed, and {area} of its area is left.",
    "bend.dead": "Neuron {j} is dead at this x: its slope is 0, so the square is pressed flat.",
    "bend.linear": "Nothing bends: with these activations the layer only turns and stretches.",
    "bend.middles": "Now {name} bends each sum, and takes the midpoints to {middles}.",
    "middles": "The weights keep midpoints: {middles}.",
    "block": "Through {name} x becomes {h}; {area} of the small square's area is left.",
    "cut": "The next layer cuts straight: {right} of {n} samples lie on its positive side.",
    # a net
    "net": "{size} numbers, {bend}, {n} samples: the outputs add up to {sums}.",
    "net.bent": "With {name} between the layers the outputs add up to {sums}.",
    # line two of a widget's text
    "summary.neuron": "·z = {z} · h = {h} · slope {slope}",
    "summary.layer": "{n} neurons · h = {h} · {area} of an area left",
    "summary.net": "{size} numbers · {n} outputs from {low} to {high}",
    "summary.covered": "A question comes before the last step.",
}
