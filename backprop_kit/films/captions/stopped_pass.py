"""What is said of a forward pass that stopped half way."""

SENTENCES = {
    "start": "The input: {shape}. It comes as far as {name}.",
    "link": "Through {name} that becomes {shape}.",
    "stopped": "Here it stops: {said}",
    "title": "The pass stops at {name}",
    "after": "·not computed",
}
