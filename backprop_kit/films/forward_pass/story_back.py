"""The frames of the way back, of the update, and of the new forward pass after it."""

from __future__ import annotations

from backprop_kit.films.captions import speaker
from backprop_kit.films.film import Frame
from backprop_kit.films.forward_pass import panel_backward as panel
from backprop_kit.films.forward_pass import panel_layer_back, panel_update
from backprop_kit.films.forward_pass.layers import Layer
from backprop_kit.films.forward_pass.story import Story
from backprop_kit.films.pass_words import plain_step
from backprop_kit.study.naming import plain
from backprop_kit.study.products import MIXING

say = speaker("forward_pass")


# --- backward -------------------------------------------------------------------------------------
def layer(story: Story, layer: Layer) -> Frame | None:
    """A whole layer in one step; None where nothing goes back, or where it is told elsewhere."""
    m, scene, trace = layer.number, story.scene, story.trace
    if scene.softmax and layer is scene.layers[-1]:
        return None  # told with the scores
    names = [f"gW{m}", f"gb{m}", f"dz{m}"] if layer.block is None else [f"dv{m - 1}"]
    inside = layer.block.inside if layer.block is not None else ()
    leaves = [story.recorded.parameters[p] for p in inside]
    ks = [story.known(n) for n in names if story.has(n)]
    k = max([*ks, *(trace.complete_at[n] for n in leaves if n in trace.complete_at)], default=0)
    if not k:
        return None
    beyond = f"W{m + 1} a{m + 1}"
    if story.is_last(layer):
        beyond = f"out a{m + 1}" if scene.softmax else "out"
    return story.frame(
        k, "backward", _layer_said(story, layer), panel_layer_back.layer_backward(scene, layer),
        on=f"v{m} v{m - 1} W{m} b{m} dv{m} v{m + 1}",
        to=f"{beyond} dz{m} gW{m} gb{m} dv{m} block{m}" + (" tiles" if m == 1 else ""),
        source="L" if story.is_last(layer) else f"dz{m + 1}",
    )  # fmt: skip


def _layer_said(story: Story, layer: Layer) -> str:
    m = layer.number
    if story.batch > 1:
        return say("back.batch", layer=m, samples=story.batch, n=story.column(layer).n)
    if layer.block is not None:
        before = f"dv{m - 1}"
        values = story.list_of(before) if story.has(before) else "nothing further back"
        return say("back.block", name=layer.block.name, values=values)
    values = story.list_of(f"dz{m}") if story.has(f"dz{m}") else ""
    if not story.is_last(layer):
        return say("back.hidden", values=values)
    if story.scene.softmax:
        return say("back.scores")
    return say("back.output", output=story.words.output, values=values)


def operations(story: Story, layer: Layer) -> list[Frame]:
    """Every slope that the layer hands back, a step each."""
    m, scene = layer.number, story.scene
    here, frames = f"v{m}", []
    if layer is scene.layers[-1] and story.has(f"dv{m}"):
        key = "slope.result" if scene.values(f"dv{m}").size <= 4 else "slope.result.many"
        said = say(key, symbol=story.column(layer).letter,
                   values=story.list_of(f"dv{m}"))  # fmt: skip
        frames.append(story.frame(f"dv{m}", "backward", said, panel.slope_result(scene, layer),
                                  on=here, to=f"out dv{m}", source="L"))  # fmt: skip
    before = f"dv{m - 1}"
    if layer.block is not None:
        if story.has(before):
            said = say("back.block", name=layer.block.name, values=story.list_of(before))
            frames.append(story.frame(before, "backward", said, panel.slope_closed(scene, layer),
                                      on=here, to=f"a{m} block{m} {before} dz{m - 1}",
                                      source=f"dv{m} dz{m}"))  # fmt: skip
        return frames
    if layer.activation is not None and story.has(f"dz{m}"):
        frames.append(_bend(story, layer))
    if layer.linear is None:
        return frames
    if story.has(f"gb{m}"):
        said = say("slope.bias", values=story.list_of(f"gb{m}"))
        frames.append(story.frame(f"gb{m}", "backward", said, panel.slope_bias(scene, layer),
                                  on=here, to=f"gb{m} b{m}", source=f"dz{m}"))  # fmt: skip
    if story.has(f"gW{m}"):
        said = say("slope.weight", values=story.list_of(f"gW{m}"))
        to = f"gW{m}" + (" tiles" if m == 1 else "")
        frames.append(story.frame(f"gW{m}", "backward", said, panel.slope_weight(scene, layer),
                                  on=f"{here} W{m}", to=to, source=f"v{m - 1} dz{m}"))  # fmt: skip
    if story.has(before):
        said = say("slope.source", values=story.list_of(before))
        frames.append(story.frame(before, "backward", said, panel.slope_source(scene, layer),
                                  on=f"{here} v{m - 1} gW{m}", to=f"W{m} {before} a{m}",
                                  source=f"dz{m}"))  # fmt: skip
    return frames


def _bend(story: Story, layer: Layer) -> Frame:
    """Back through the activation."""
    m, scene = layer.number, story.scene
    assert layer.activation is not None
    name, delta = layer.activation.name, f"dz{m}"
    if scene.softmax and layer is scene.layers[-1]:
        delta = f"dz{m - 1}" if story.has(f"dz{m - 1}") else delta
        key = "slope.softmax" if story.batch == 1 else "slope.softmax.batch"
        said = say(key, samples=story.batch, values=story.list_of(delta))
    else:
        key = "slope.mixed" if name in MIXING else "slope.delta"
        said = say(key, name=name, values=story.list_of(delta))
    return story.frame(delta, "backward", said, panel.slope_delta(scene, layer),
                       on=f"v{m}", to=delta, source=f"dv{m}")  # fmt: skip


# --- update and again -----------------------------------------------------------------------------
def update_all(story: Story) -> Frame:
    """Every parameter at once."""
    up, down, stay = story.recorded.moved
    if stay:
        said = say("update.some", moved=f"{up + down:,}", all=f"{up + down + stay:,}",
                   up=f"{up:,}", down=f"{down:,}")  # fmt: skip
    else:
        said = say("update", all=f"{up + down:,}", up=f"{up:,}", down=f"{down:,}")
    names = " ".join(f"{p} g{p}" for p in story.scene.paths)
    return story.frame(story.scene.end - 1, "update", said, panel_update.update(story.scene),
                       to=f"{names} tiles")  # fmt: skip


def updates(story: Story) -> list[Frame]:
    """One parameter after the other, and all together where some are inside a closed block."""
    frames = []
    names = {path: name for name, path in story.scene.paths.items()}
    lr = plain_step(story.recorded)
    key = "update.rule" if lr is None else "update.one"
    for node, u in story.trace.updates:
        if u.name not in names:
            continue
        name = names[u.name]
        sub = story.scene.layers[int(name[1:]) - 1].sub
        said = say(key, name=plain(f"{name[0]}{sub}"), lr="" if lr is None else f"{lr:g}",
                   up=int((u.new > u.old).sum()), down=int((u.new < u.old).sum()))  # fmt: skip
        rows = panel_update.one_update(story.scene, name, sub)
        k = story.trace.updated_at[node]
        frames.append(story.frame(k, "update", said, rows, to=f"{name} g{name}"))
    if not frames or frames[-1].k < story.scene.end - 1:
        frames.append(update_all(story))
    return frames


def again(story: Story) -> Frame:
    """The new forward pass: what the step has brought."""
    last = len(story.scene.layers)
    loss = float(story.trace.again[story.trace.loss].reshape(()))
    if story.batch > 1:
        said = say("again.loss", loss=loss)
    elif story.scene.softmax:
        best, value = story.best(f"v{last}+")
        said = say("again.scores", output=story.words.output, best=best, value=value, loss=loss)
    else:
        said = say("again", values=story.list_of(f"v{last}+"), loss=loss)
    before = " ".join(f"v{m}" for m in range(last))
    return story.frame(story.scene.end, "again", said, panel_update.again(story.scene),
                       on=f"{before} out", to=f"v{last} L")  # fmt: skip
