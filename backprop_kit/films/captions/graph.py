"""What `GraphStepper` says."""

SENTENCES = {
    "start": "{values}. Press → to compute {next}.",
    "start.many": "{count} values go in. Press → to compute {next}.",
    "made": "·{recipe} gives {value}.",
    "made.array": "·{recipe} gives {count} numbers from {low} to {high}.",
    "made.scope": "{name}: {count} operations give {result} = {value}.",
    "made.scope.array": "{name}: {count} operations give {result}, {size} numbers.",
    "made.all": "All {count} values are computed; {loss} is {value}.",
    "seed": "The way back starts at {loss}: turned up a little, it changes by just that,"
    " ∂L/∂{loss} = 1.",
    "part": "·{g} comes back to {user} and goes on to {target}: {g} × {slope} {sign} {part}.",
    "part.array": "The slope at {user} goes back through {recipe} to {target}: {values}.",
    "first": "The first part arrives at {target}: {g} × {slope} {sign} {part} comes back"
    " through {user};"
    " {left} to come.",
    "next": "Another part arrives at {target}: {part} comes back through {user}; {left} to come.",
    "last": "The last part arrives at {target}: {part} comes back through {user}, and with {others}"
    " the sum is {total}.",
    "last.array": "The last part arrives at {target}, through {user}: the sum is whole.",
    "first.array": "A part arrives at {target}, through {user}; {left} to come.",
    "back.scope": "Back through {name}, in one step; the slopes inside are computed all the same.",
    "back.all": "Every slope is in: {slopes}.",
    "back.all.many": "Every slope is in: {count} values, {steps} parts.",
    "idle": "·{user} has nothing to hand on yet, so {target} gets nothing.",
    "wrong.total": "First wrong number: at {target} your rule leaves {yours},"
    " and true is {true}{because}.",
    "wrong.part": "First wrong number: {target} gets {yours}, and true is {true}{because}.",
    "wrong.nothing": "First wrong number: {target} gets nothing, and true is {true}{because}.",
    "because.overwrites": "; it overwrites where it should add",
    "because.too early": "; it counts the first part alone",
    "because.no slope": "; it adds slopes before they have passed their edges",
    "because.sign turned": "; it subtracts where it should add",
    "because.early": ": {user} handed on {came} of {all} parts",
    "because.early.sent": ": {user} handed on {came} of {all} parts, sent {sent}, final {final}",
    "summary": "{steps} steps · {loss} = {value} · {slopes}",
    "summary.covered": "{steps} steps, and a question before the last of them",
    "no mistake": "No known mistake gives this.",
}
