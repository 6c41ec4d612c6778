"""Pictures of a nearest-neighbor field."""

import numpy as np

from analogies.matching.field import NearestNeighborField

STYLES = ("direction", "grid")


def draw(
    field: NearestNeighborField,
    style: str = "direction",
    *,
    query_stride: int = 1,
    spacing: int = 8,
) -> np.ndarray:
    """Color-code a field, one pixel for each query patch.

    Args:
        field: matches of shape `(m, n)`.
        style: `"direction"`: hue tells the direction from a patch to its match, saturation how
            far it is, brightness the score. `"grid"`: red and green tell the match's row and
            column, dark lines run through every `spacing` cells of the reference, so that one
            sees the reference's grid warped onto the query.
        query_stride: the stride that the field was matched with.
        spacing: distance of the grid's lines, cells.

    Returns:
        uint8 RGB `(m, n, 3)`.

    Raises:
        ValueError: for an unknown style.

    >>> import numpy as np
    >>> here = np.zeros((2, 3), np.int32)
    >>> draw(NearestNeighborField(here, here, here.astype("float32"))).shape
    (2, 3, 3)
    """
    if style not in STYLES:
        raise ValueError(f"style must be one of {STYLES}. Received: style={style!r}")
    rows, cols, scores = (np.asarray(part) for part in field)
    if style == "grid":
        return _grid(rows, cols, spacing)
    i, j = np.indices(rows.shape) * query_stride
    down, right = rows - i, cols - j
    distance = np.hypot(down, right)
    hue = np.arctan2(down, right) / (2 * np.pi) % 1
    saturation = np.sqrt(_unit(distance, 0.0, distance.max()))
    brightness = 0.25 + 0.75 * _unit(scores, *np.quantile(scores, [0.02, 0.98]))
    return _rgb(hue, saturation, brightness)


def _grid(rows: np.ndarray, cols: np.ndarray, spacing: int) -> np.ndarray:
    place = np.stack([_unit(x, 0, max(int(x.max()), 1)) for x in (rows, cols)], axis=-1)
    colors = np.concatenate([place, 1 - place.mean(axis=-1, keepdims=True)], axis=-1)
    on_line = (rows % spacing == 0) | (cols % spacing == 0)
    colors[on_line] *= 0.4
    return np.round(colors * 255).astype(np.uint8)


def _unit(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values moved from [low, high] to [0, 1], and cut there."""
    return np.clip((values - low) / max(float(high - low), 1e-12), 0.0, 1.0)


def _rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Colors from hue, saturation and value in [0, 1]."""
    sector = (hue[..., np.newaxis] * 6 + np.array([5.0, 3.0, 1.0])) % 6
    fall = np.clip(np.minimum(sector, 4 - sector), 0, 1)
    colors = value[..., np.newaxis] * (1 - saturation[..., np.newaxis] * fall)
    return np.round(colors * 255).astype(np.uint8)
