"""What can be asked for: one table of options, their kinds, presets and speeds.

Nothing here imports TensorFlow, Keras or another room, but for the names of the networks' layers.
"""

from analogies.options.table import LARGEST_SIDE, SMALLEST_SIDE, Options, defaults, kinds, usual

__all__ = ["LARGEST_SIDE", "SMALLEST_SIDE", "Options", "defaults", "kinds", "usual"]
