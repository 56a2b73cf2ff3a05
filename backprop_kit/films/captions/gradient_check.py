"""What `GradientCheck` says."""

SENTENCES = {
    # the size of a step
    "start": "{count} slopes, found again without a way back: each number moves by h, and the loss "
    "is computed anew. Press →.",
    "falls": "·h ten times smaller, and the error falls {times} times: {error} of ‖g‖.",
    "level": "·h ten times smaller, and the error stays about the same: {error} of ‖g‖.",
    "turns": "Now it rises, to {error}: two losses this close share nearly all their digits, and "
    "the difference keeps the rest.",
    "rises": "Smaller still, and worse: {error} of ‖g‖. Even the steepest slope keeps only {left} "
    "of {digits} digits.",
    "rises.none": "Smaller still, and worse: {error} of ‖g‖. The difference is rounding alone.",
    "lost": "Some losses are no numbers any more with h = {h}.",
    "end": "·h = {h}, and the difference is rounding alone. The complex step takes h = {tiny} and "
    "stays exact: it subtracts nothing.",
    # a pass with a mistake
    "own.start": "Two ways back through the same net, side by side. One of them {does}. Press →.",
    "own.same": "·{name} comes out the same in both: {values}.",
    "own.moved": "This pass moves {name} now, by {step} × its slopes, before the blame goes on.",
    "own.first": "Here they part: {name} is the first to be wrong, {mine} for {true}.",
    "own.later": "·{name} is made of that, and wrong too: {mine} for {true}.",
    "own.right": "The passes have parted, and {name} is right all the same: {values}.",
    "own.end": "The complex step knows no way back, and judges: {wrong} wrong, {right} right.",
    "own.unhurt": "The complex step finds no difference: in this net the mistake hides.",
    # line two of a widget's text
    "summary": "step sizes from {first} down to {last}, beside the complex step",
    "own.summary": "{count} slopes, and a pass that {does}",
}
