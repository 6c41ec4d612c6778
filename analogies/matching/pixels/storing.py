"""The compiled loops that bring maps into whole numbers, for arrays that may not be written to."""

from numba import types

from analogies.matching.pixels.compiling import compiled

_MAP = types.Array(types.float32, 3, "A", readonly=True)
_LINE = types.Array(types.float32, 1, "A", readonly=True)


@compiled(types.void(_MAP, types.float32[:, ::1]))
def extent(values, found):
    """The least and the largest of each channel, into the two rows of `found`."""
    for c in range(values.shape[2]):
        found[0, c] = found[1, c] = values[0, 0, c]
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            for c in range(values.shape[2]):
                value = values[y, x, c]
                found[0, c] = min(found[0, c], value)
                found[1, c] = max(found[1, c], value)


@compiled(types.void(_MAP, _LINE, _LINE, _LINE, _LINE, types.int16[:, :, :]))
def store(values, low, factor, least, most, to):
    """`round((value - low) * factor)`, within limits, into `to`; all but the maps of channels."""
    for y in range(values.shape[0]):
        for x in range(values.shape[1]):
            for c in range(values.shape[2]):
                whole = round((values[y, x, c] - low[c]) * factor[c])
                to[y, x, c] = min(max(whole, least[c]), most[c])
