"""Places of source patches: which may be taken, a random field of them, and a finer field.

A place is the middle of a patch, `row * width + column` of the source.
"""

import numpy as np

from analogies.errors import InputError
from analogies.matching.pixels.maps import PLANE, Wrap, beyond


def allowed_places(size: tuple[int, int], patch_size: int, mask: np.ndarray | None) -> np.ndarray:
    """bool `(hA, wA)`: middles of the patches that lie inside the source and inside the mask.

    Raises:
        InputError: if no patch does.
    """
    radius = patch_size // 2
    allowed = np.zeros(size, bool)
    if mask is None:
        allowed[radius : size[0] - radius, radius : size[1] - radius] = True
        return allowed
    usable = np.asarray(mask, bool)
    if usable.shape != tuple(size):
        raise InputError(
            f"The mask must be as large as the style, {tuple(size)}. Received: {usable.shape}."
        )
    allowed[radius : size[0] - radius, radius : size[1] - radius] = _whole(usable, patch_size)
    if not allowed.any():
        raise InputError(
            f"The mask must leave a whole patch of {patch_size} by {patch_size} pixels."
            f" Received: a mask with {int(usable.sum())} usable pixels. Use smaller patches."
        )
    return allowed


def leaves_patches(mask: np.ndarray, patch_size: int) -> bool:
    """Whether a whole patch lies inside a mask, bool `(h, w)`."""
    return min(mask.shape) >= patch_size and bool(_whole(mask, patch_size).any())


def _whole(mask: np.ndarray, patch_size: int) -> np.ndarray:
    """Which patches lie wholly inside, by their first pixels."""
    windows = np.lib.stride_tricks.sliding_window_view(mask, (patch_size, patch_size))
    return np.all(windows, axis=(2, 3))


def random_field(allowed: np.ndarray, size: tuple[int, int], seed: int) -> np.ndarray:
    """int32 `(h, w)`: random allowed places."""
    choice = np.flatnonzero(allowed).astype(np.int32)
    return choice[np.random.default_rng(seed).integers(len(choice), size=size)]


def joined(rows: np.ndarray, cols: np.ndarray, allowed: np.ndarray, seed: int) -> np.ndarray:
    """int32 `(h, w)`: places of a field, moved inside; random ones where a mask forbids them."""
    inside = [np.flatnonzero(allowed.any(axis)) for axis in (1, 0)]
    rows = np.clip(rows, inside[0][0], inside[0][-1])
    cols = np.clip(cols, inside[1][0], inside[1][-1])
    places = (rows * allowed.shape[1] + cols).astype(np.int32)
    forbidden = ~allowed.ravel()[places]
    if forbidden.any():
        places[forbidden] = random_field(allowed, places.shape, seed)[forbidden]
    return places


def upsampled(
    rows: np.ndarray,
    cols: np.ndarray,
    source_sizes: tuple[tuple[int, int], tuple[int, int]],
    size: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """A coarser field for a target of `size`: every pixel keeps its place within its cell.

    Arguments:
        rows, cols: int32 `(h', w')`, middles of patches.
        source_sizes: Height and width of the coarser source and of the finer one.
        size: Height and width of the finer target.

    Returns:
        int32 `(h, w)` twice, for the finer source; some may lie too near to its border.
    """
    own, far = [], []
    for axis in (0, 1):
        coarse, fine = rows.shape[axis], size[axis]
        at = np.arange(fine) + 0.5
        cell = np.minimum((at * coarse / fine).astype(np.int64), coarse - 1)
        own.append(cell)
        far.append(at - (cell + 0.5) * fine / coarse)
    found = []
    for axis, values in enumerate((rows, cols)):
        ratio = source_sizes[1][axis] / source_sizes[0][axis]
        within = far[axis][:, np.newaxis] if axis == 0 else far[axis]
        place = (values[own[0]][:, own[1]] + 0.5) * ratio + within
        found.append(np.floor(place).astype(np.int32))
    return found[0], found[1]


def occurrences(places: np.ndarray, size: tuple[int, int], patch_size: int) -> np.ndarray:
    """int32 `(hA * wA,)`: by how many patches of the field each source pixel is used."""
    radius = patch_size // 2
    middles = np.bincount(places.ravel(), minlength=size[0] * size[1]).reshape(size)
    for axis in (0, 1):
        width = [(radius, radius) if i == axis else (0, 0) for i in (0, 1)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(middles, width), patch_size, axis)
        middles = windows.sum(-1)
    return middles.astype(np.int32).ravel()


def near(changed: np.ndarray, patch_size: int, wrap: Wrap = PLANE) -> np.ndarray:
    """uint8 `(h, w)`: 1 where the patch around a pixel holds one that has changed."""
    radius, changed = patch_size // 2, np.asarray(changed, bool)
    for axis in (0, 1):
        side = changed.shape[axis]
        padded = np.take(changed, beyond(side, radius, wrap[axis]), axis)
        found = np.zeros(changed.shape, bool)
        for first in range(patch_size):
            part = slice(first, first + side)
            found |= padded[part] if axis == 0 else padded[:, part]
        changed = found
    return np.ascontiguousarray(changed, np.uint8)


def focused_vote(
    style: np.ndarray,
    field: tuple[np.ndarray, np.ndarray],
    patch_size: int,
    sigma: float,
    wrap: Wrap = PLANE,
) -> np.ndarray:
    """float32 `(h, w, c)`: the vote of a field in which the middles of patches weigh most.

    Arguments:
        style: float32 `(hA, wA, c)`, A'.
        field: rows and columns, `(h, w)` each, of the middles of the matched patches.
        patch_size: pixels, odd.
        sigma: pixels, of the Gaussian window of the weights.
        wrap: whether patches go on at the other side, above and below, to the left and right.
    """
    size, radius = field[0].shape, patch_size // 2
    rows, cols = (_wrapped(values, radius, wrap) for values in field)
    h, w = rows.shape
    total = np.zeros((h, w, style.shape[2]), np.float32)
    weights = np.zeros((h, w, 1), np.float32)
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            weight = np.float32(np.exp(-(down**2 + right**2) / (2 * sigma**2)))
            if abs(down) >= h or abs(right) >= w:
                continue
            voters = _inner(h, -down), _inner(w, -right)
            reached = _inner(h, down), _inner(w, right)
            total[reached] += weight * style[rows[voters] + down, cols[voters] + right]
            weights[reached] += weight
    top, left = ((side - own) // 2 for side, own in zip((h, w), size, strict=True))
    inside = slice(top, top + size[0]), slice(left, left + size[1])
    return (total / weights)[inside]


def _wrapped(values: np.ndarray, border: int, wrap: Wrap) -> np.ndarray:
    """A map with a border of its other side, along the axes that wrap."""
    for axis in (0, 1):
        if wrap[axis]:
            values = np.take(values, beyond(values.shape[axis], border, True), axis)
    return values


def _inner(side: int, shift: int) -> slice:
    """What is left of a side when it is shifted out of itself."""
    return slice(max(shift, 0), side + min(shift, 0))
