"""What `LossExplorer` says."""

SENTENCES = {
    # several predictions
    "look": "{row} has {rank} {error}, and under squared error {push} {squared}: {of_loss} of the"
    " loss, {of_push} of the push. Under cross-entropy its push is the error itself:"
    " {of_push_cross}.",
    "look.large": "{row}: {of_loss} of the loss, {of_push} of the push, or {of_push_cross}.",
    "look.one": "{row} has the error {error}: its push is {squared} under squared error and {cross}"
    " under cross-entropy, the error itself.",
    "look.classes": "{row} has {rank} {error}: under squared error δ is {squared}, since every"
    " prediction feels every sum; under cross-entropy δ is the error itself.",
    "look.short": "{row}: error {error}, δ {squared} or {cross}.",
    "rank.largest": "the largest error,",
    "rank.smallest": "the smallest error,",
    "rank.some": "the error",
    "push.weakest": "the weakest push,",
    "push.strongest": "the strongest push,",
    "push.some": "the push",
    "step": "After {steps}, {row} stands at {squared} under squared error and at {cross} under"
    " cross-entropy; its target is {target}.",
    "crossed": "After {steps} {row} is on its target's side of ½ under {loss}, {here}; under"
    " {other} it stands at {there}.",
    "step.large": "After {steps} {row} stands at {squared} and at {cross}.",
    "hand": "Set by hand: {row} stands at {squared} under squared error and at {cross} under"
    " cross-entropy.",
    "stale": "These steps are out of date. Let go, and they are computed anew.",
    "summary": "{rows} · squared error {squared}, cross-entropy {cross}, both summed · {steps}"
    " updates",
    # a line
    "line": "The line is {off}; the loss, {counted}, is {loss}.",
    "line.high": "too high by {by}",
    "line.low": "too low by {by}",
    "line.on": "The line goes through every point; the loss, {counted}, is {loss}.",
    "line.pulls": "All pulls together: the slope of w is {slope_w}, that of b {slope_b}.",
    "line.step": "After {steps} w is {w}, b is {b}. Forecast was a fall of {forecast}, it fell by"
    " {fall}; the loss is {loss}.",
    "line.hand": "Set by hand: w is {w}, b is {b}; the loss, {counted}, is {loss}.",
    "line.large": "The loss is {loss}; w has slope {slope_w}, b has {slope_b}.",
    "line.step.large": "After {steps}: w {w}, b {b}, loss {loss}.",
    "line.covered": "Which of them pulls w hardest? Answer first.",
    "line.summary": "{points} points · {counted} {loss}, slopes {slope_w} and {slope_b}",
    "line.summary.covered": "{points} points · {counted} {loss}, and a question before the slopes",
    "line.summary.hand": "{points} points · {counted} {loss}, two numbers to move",
    "line.away": "The line has run away: the step is too large, and it is followed no further.",
    # one unit
    "unit": "At p = {p} the error is {error}; the push is {squared} under squared error and {cross}"
    " under cross-entropy.",
    "unit.why": "Push = error × slope of the sigmoid, {error} × {slope}; in cross-entropy that"
    " slope cancels.",
    "unit.large": "·p = {p}: pushed by {squared}, or by {cross}.",
    "unit.covered": "At p = {p} the error is {error}. How hard it is pushed stays covered until you"
    " have answered.",
    "unit.summary": "One sigmoid unit, target {target} · squared error {squared}, cross-entropy"
    " {cross}",
}
