"""The palette, once: data here, custom properties in the page.

Two channels never mix. *Direction* is an accent (forward, backward, update) for arrows, frames and
words; *sign and size* are a fill. ``css()`` gives the page the same rows; figures read ``colour``.
"""

import math

# role: (light, dark)
PALETTE: dict[str, tuple[str, str]] = {
    "surface": ("#FFFFFF", "#15181D"),
    "panel": ("#F6F7F8", "#1E232A"),
    "line": ("#DEE2E6", "#2D343C"),
    "ink": ("#1B2027", "#ECEFF2"),
    "muted": ("#5B6570", "#A3ADB8"),
    "faint": ("#8B95A1", "#75808D"),
    "zero": ("#FAF8F3", "#20252C"),
    "forward": ("#00796B", "#4DB8A9"),
    "backward": ("#7A3E9D", "#C792EA"),
    "positive": ("#0072B2", "#4FA8E0"),
    "negative": ("#D55E00", "#F28C4A"),
    "positive-text": ("#0068A3", "#62B4E8"),
    "negative-text": ("#B34E00", "#F7A065"),
    "checked": ("#2E6B1F", "#A5D88F"),
    "checked-ground": ("#EAF4E4", "#1F2D1B"),
    "covered": ("#D5DAE0", "#3A434E"),
    "covered-text": ("#4A535E", "#C3CBD3"),
    "field": ("#6F7985", "#8A95A1"),
    "lens-batch": ("#A87900", "#E0B040"),
    "lens-batch-text": ("#7D5A00", "#E0B040"),
    "lens-in": ("#3C4A63", "#A9B8D4"),
    "lens-out": ("#BF3A78", "#F08AB6"),
    "lens-out-text": ("#A82C66", "#F08AB6"),
    "run-1": ("#946500", "#E0B04A"),
    "run-2": ("#B13E83", "#EE8DBE"),
    "run-3": ("#5A7300", "#B9CC5E"),
    "run-4": ("#8A4B32", "#D6A088"),
    "class-0": ("#0072B2", "#4FA8E0"),
    "class-1": ("#D55E00", "#F28C4A"),
    "class-2": ("#00855F", "#3CC39B"),
    "class-3": ("#B7478B", "#E79AC3"),
    "class-4": ("#A87900", "#E0B040"),
    "class-5": ("#2E93C4", "#8FD0F5"),
    "class-6": ("#6F4A94", "#B58FD1"),
    "class-7": ("#7A5A28", "#C2A35F"),
    "class-8": ("#5F6B78", "#9AA5B1"),
    "class-9": ("#6E7400", "#D0D24F"),
    "on-ink": ("#FFFFFF", "#15181D"),
    "black": ("#050608", "#050608"),
    "white": ("#FFFFFF", "#FFFFFF"),
}
# The colour of a direction; the loss belongs to the way forward, an update has no direction.
DIRECTIONS = {
    "forward": "forward",
    "loss": "forward",
    "backward": "backward",
    "update": "ink",
    "again": "ink",
    # the moves of a layer
    "weights": "forward",
    "bend": "forward",
    "cut": "forward",
}
THEMES = ("light", "dark")


def colour(role: str, theme: str = "light") -> str:
    """Return the colour of a role as ``#RRGGBB``."""
    if role not in PALETTE:
        raise ValueError(f"There is no colour for {role!r}.\nThe roles are {', '.join(PALETTE)}.")
    if theme not in THEMES:
        raise ValueError(f"There is no theme {theme!r}.\nThe themes are light and dark.")
    return PALETTE[role][THEMES.index(theme)]


def mix(start: str, end: str, share: float) -> str:
    """Return the colour that lies the given share (0 to 1) of the way from start to end."""
    pairs = ((int(start[i : i + 2], 16), int(end[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{math.floor(a + (b - a) * share + 0.5):02X}" for a, b in pairs)


def fill(value: float, peak: float, theme: str = "light", *, cap: float = 0.9) -> str:
    """Return the fill of a number: zero's colour mixed towards its sign's colour.

    The share is ``|value| / peak``, and never more than ``cap``. What is not a number, or has no
    scale, keeps zero's colour.
    """
    size = abs(value) / peak if peak > 0 else 0.0
    share = 0.0 if math.isnan(size) else min(1.0, size) * cap
    return mix(colour("zero", theme), colour("negative" if value < 0 else "positive", theme), share)


def contrast(ground: str, text: str) -> float:
    """Return the contrast ratio of two colours (1 to 21), after WCAG 2."""

    def luminance(code: str) -> float:
        linear = []
        for i in (1, 3, 5):
            c = int(code[i : i + 2], 16) / 255
            linear.append(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(ground), luminance(text)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def text_on(ground: str) -> str:
    """Return white or near-black, whichever stands out more on the ground."""
    return max(PALETTE["black"][0], PALETTE["white"][0], key=lambda text: contrast(ground, text))


def css(root: str = ".bk", *, training: bool = False) -> str:
    """Return the palette as custom properties of one class, for both themes and all directions.

    training  with the colours of runs and classes, which only pictures of a training have
    """
    palette = {
        role: codes
        for role, codes in PALETTE.items()
        if training or not role.startswith(("run-", "class-"))
    }
    rules = []
    for index, theme in enumerate(THEMES):
        rows = "".join(f"--bk-{role}:{codes[index]};" for role, codes in palette.items())
        rules.append(f"{root}{'[data-theme=dark]' if theme == 'dark' else ''}{{{rows}}}")
    rules += [
        f'{root}[data-phase="{phase}"],{root} [data-phase="{phase}"]{{--bk-dir:var(--bk-{role})}}'
        for phase, role in DIRECTIONS.items()
    ]
    return "\n".join(rules) + "\n"
