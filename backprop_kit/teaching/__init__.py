"""What asks and answers: predictions, the exit quiz, exercises.

predict · quiz · checks · questions (what is asked, one file a lesson) · exercises (what is checked)
"""

import importlib

# Looked up when first asked for: an exercise needs no screen, so `check` loads none.
_HOME = {"Predict": "predict", "Quiz": "quiz", "check": "checks"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
