"""``python -m backprop_kit`` does what ``backprop-kit`` does."""

from .cli import main

main()
