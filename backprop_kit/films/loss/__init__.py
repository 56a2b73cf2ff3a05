"""Pictures of a loss: predictions under two losses, a line through points, one sigmoid unit."""

from .line import film_line
from .predictions import film_losses
from .unit import film_unit

__all__ = ["film_line", "film_losses", "film_unit"]
