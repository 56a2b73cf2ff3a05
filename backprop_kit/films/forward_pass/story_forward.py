"""The frames of the way forward, up to the loss: a layer at a time, or an operation at a time."""

from __future__ import annotations

from backprop_kit.films.captions import listing, speaker
from backprop_kit.films.film import Frame
from backprop_kit.films.forward_pass import panel_forward as panel
from backprop_kit.films.forward_pass import panel_loss
from backprop_kit.films.forward_pass.layers import Layer
from backprop_kit.films.forward_pass.story import Story
from backprop_kit.films.numbers import number
from backprop_kit.study.products import MIXING

say = speaker("forward_pass")


def start(story: Story) -> Frame:
    scene = story.scene
    if story.batch > 1:
        said = say("start.batch", samples=story.batch, features=scene.columns[0].n)
    else:
        said = say("start", inputs=story.inputs())
    return story.frame(0, "forward", said, panel.start(scene), on="v0")


def layer(story: Story, layer: Layer) -> Frame:
    """A whole layer in one step."""
    m = layer.number
    return story.frame(
        f"v{m}", "forward", _layer_said(story, layer), panel.layer_forward(story.scene, layer),
        on=f"v{m - 1} v{m}", to=f"v{m} W{m} b{m} a{m} block{m}", source=f"v{m - 1}",
    )  # fmt: skip


def _layer_said(story: Story, layer: Layer) -> str:
    m, scene = layer.number, story.scene
    values, n = story.list_of(f"v{m}"), story.column(layer).n
    if story.batch > 1:
        before = scene.columns[m - 1].n
        return say("layer.batch", layer=m, samples=story.batch, n_in=before, n_out=n)
    if layer.block is not None:
        return say("layer.block", name=layer.block.name, values=values)
    if scene.softmax and layer is scene.layers[-1]:
        best, value = story.best(f"v{m}")
        target = int(story.target)
        share = float(scene.values(f"v{m}").reshape(-1)[target])
        return say("layer.softmax", output=story.words.output, best=best, value=value,
                   target=target, share=share)  # fmt: skip
    if layer is scene.layers[-1]:
        return _output_said(story, f"v{m}", values)
    if story.is_last(layer):
        best, value = story.best(f"v{m}")
        return say("layer.scores", n=n, best=best, value=value)
    if m == 1:
        return say("layer.first", inputs=story.inputs(), values=values)
    return say("layer.hidden", values=values)


def _output_said(story: Story, name: str, values: str) -> str:
    out = story.scene.values(name).reshape(-1)
    target = listing(story.recorded.y.value.reshape(-1).tolist()).replace(".00", "")
    right = out.size == 1 and number(float(out[0])) == number(story.target)
    key = "layer.output.right" if right else "layer.output"
    return say(key, output=story.words.output, values=values, target=target)


def operations(story: Story, layer: Layer) -> list[Frame]:
    """Product, offset, bend: a step each; a closed block is one step."""
    m, scene = layer.number, story.scene
    here, before = f"v{m}", f"v{m - 1}"
    if layer.block is not None:
        said = say("block", name=layer.block.name, before=story.list_of(before),
                   values=story.list_of(here))  # fmt: skip
        return [story.frame(here, "forward", said, panel.closed(scene, layer),
                            to=f"{here} a{m} block{m}", source=before)]  # fmt: skip
    frames = []
    sums = f"z{m}" if story.has(f"z{m}") else here
    if layer.linear is not None:
        name = f"s{m}" if story.has(f"s{m}") else sums
        said = say("product", n_in=scene.columns[m - 1].n, values=story.list_of(name))
        frames.append(story.frame(name, "forward", said, panel.product(scene, layer, name),
                                  on=here, to=f"W{m} a{m}", source=before))  # fmt: skip
        if name != sums:
            said = say("bias", values=story.list_of(sums))
            frames.append(story.frame(sums, "forward", said, panel.bias(scene, layer, sums),
                                      on=f"{before} W{m}", to=f"b{m} {here}"))  # fmt: skip
    if layer.activation is not None:
        name = sums if layer.linear is not None else before
        to = here if layer.linear is not None else f"{here} a{m}"
        frames.append(story.frame(here, "forward", _bend_said(story, layer),
                                  panel.activation(scene, layer, name),
                                  on=f"{before} W{m}", to=to))  # fmt: skip
    return frames


def _bend_said(story: Story, layer: Layer) -> str:
    assert layer.activation is not None
    name, here = layer.activation.name, f"v{layer.number}"
    if name == "softmax" and story.batch == 1:
        best, value = story.best(here)
        counted = f"unit {best + 1}" if story.column(layer).first else f"{best}"
        return say("softmax", best=counted, value=value)
    return say("mixed" if name in MIXING else "activation", name=name, values=story.list_of(here))


def loss(story: Story) -> Frame:
    last = f"v{len(story.scene.layers)}"
    return story.frame("L", "loss", story.spoken_loss(), panel_loss.loss(story.scene),
                       on=last, to="out L", source=last)  # fmt: skip
