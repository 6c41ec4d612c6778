"""How pictures are alike: what decides whether a rule found on A holds for B. Plain NumPy."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from analogies.images.scaling import scaled

PATCH = 5  # px
SAMPLES = 1000  # patches that are looked for
AMONG = 20000  # patches that they are looked for among
SEED = 0
SMOOTH_SIGMA = 4.0  # px, of the Gaussian blur that detail is what is left of
RULE_SIDE = 256  # px, the same for the rule
WINDOW = 7  # px, side of what the rule looks at
KNOTS = 9  # of its steps of tone
RULE_SAMPLES = 6000  # pixels that it is fitted to and judged by
SOME_SAMPLES = 100  # of fewer pixels no rule is found
RIDGE = 1e-4
STACK = 8 << 20  # bytes, for solving it
SIDE = 160  # px, as large as a square of which pictures are compared at most
FLAT = 2.0  # of 255, deviation within a patch, at most
MOSTLY = 0.5  # of the patches
SQUARES = 8  # along the shorter side, whose means are compared
EVEN = 0.12  # of the variance, at most
LABELS = 0.02  # of A's deviation, added to distances that are 0 among flat labels
# Measured: 0.3 to 1.2 where B is another picture of A's kind, 1.4 to 1.7 where it is not.
STRANGE = 1.3
# Of the detail of A'. Measured: 0.73 and more where A' is A in other tones, blurred, embossed or
# seen by its edges; 0.10 and less where it is painted from labels, up to 0.55 from soft ones.
EXPLAINED = 0.63


def strangeness(b: np.ndarray, pictures: Sequence[np.ndarray]) -> float:
    """How far B's patches are from those of pictures, over how far these are from each other.

    Args:
        b: float32 `(h, w, 3)` in [0, 255].
        pictures: the same, any sizes.

    Returns:
        the ratio of mean distances to the nearest patch; 1: B is more of the same. Distances
        within a picture are those between its halves. Where most patches of the pictures are flat,
        as in label maps, only the flat ones of B count.
    """
    b, pictures = _reduced(b), [_reduced(x) for x in pictures]
    reference = np.concatenate([_patches(x, AMONG) for x in pictures])
    query = _patches(b, SAMPLES)
    flat = _are_flat(query)
    if _are_flat(reference).mean() > MOSTLY and flat.any():  # labels may meet as they do nowhere
        query = query[flat]
    far = _nearest(query, reference).mean()
    own = np.mean([_within(x.astype(np.float32).tobytes(), x.shape) for x in pictures])
    spread = np.mean([x.std((0, 1)).mean() for x in pictures])
    return float(far / max(own + LABELS * spread, 1e-3))


def evenly_varied(picture: np.ndarray) -> bool:
    """Whether a picture is the same everywhere, as a texture is, but for what is small.

    The means of squares of an eighth of its shorter side differ little then. Measured, of the
    variance of all pixels: 0.001 to 0.1 in textures, 0.14 and more in photographs and paintings
    but one, of a snake on sand.

    Args:
        picture: float `(h, w, 3)` in [0, 255].
    """
    side = max(min(picture.shape[:2]) // SQUARES, 1)
    rows, cols = (x // side for x in picture.shape[:2])
    whole = picture[: rows * side, : cols * side]
    means = whole.reshape(rows, side, cols, side, -1).mean((1, 3))
    return bool(means.var((0, 1)).sum() < EVEN * whole.var((0, 1)).sum())


def mostly_flat(picture: np.ndarray) -> bool:
    """Whether most patches of a picture show nothing, as in label maps; as in `strangeness`."""
    return bool(_are_flat(_patches(_reduced(picture), AMONG)).mean() > MOSTLY)


def _reduced(picture: np.ndarray) -> np.ndarray:
    """A picture no larger than it takes."""
    height, width = picture.shape[:2]
    share = min(1.0, SIDE / (height * width) ** 0.5)
    return scaled(picture, (max(PATCH, round(height * share)), max(PATCH, round(width * share))))


def explained_detail(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """The share of the detail of A' that a rule predicts from A, on pixels it was not fitted to.

    Of A' itself a rule that knows mean colors explains much where A is a label map; what it cannot
    know is what A' looks like within. The rule is linear in the pixels around and in steps of tone:
    enough to tell what is A in other tones, sharper or embossed from what is not.

    Args:
        pairs: of A and A', float32 `(h, w, 3)` in [0, 255], one size each.

    Returns:
        at most 1; below 0 where the rule misleads, 0 for pictures of a few pixels.
    """
    seen, wanted = zip(*(_rule_samples(a, a_prime) for a, a_prime in pairs), strict=True)
    x, y = np.concatenate(seen), np.concatenate(wanted)
    if len(x) < SOME_SAMPLES:
        return 0.0
    x = (x - x.mean(0)) / (x.std(0) + 1e-3)
    fitted = np.arange(len(x)) % 3 > 0
    own, held = x[fitted], ~fitted
    center = y[fitted].mean(0)
    square = own.T @ own + RIDGE * len(own) * np.eye(x.shape[1])
    weights = _solved(square, own.T @ (y[fitted] - center))
    left = y[held] - center - x[held] @ weights
    return float(1.0 - np.square(left).mean() / max(float(np.square(y[held]).mean()), 1e-6))


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`x` of `matrix x = right`, on a thread with room: LAPACK crashes where a stack has 1 MB."""
    before = threading.stack_size(STACK)
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(np.linalg.solve, matrix, right).result()
    finally:
        threading.stack_size(before)


def _rule_samples(a: np.ndarray, a_prime: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of A around some places and steps of tone there, and the detail of A' there."""
    height, width = a.shape[:2]
    share = min(1.0, RULE_SIDE / (height * width) ** 0.5)
    size = max(WINDOW, round(height * share)), max(WINDOW, round(width * share))
    a, wanted = scaled(a, size), detail(scaled(a_prime, size))
    views = np.lib.stride_tricks.sliding_window_view(a, (WINDOW, WINDOW), (0, 1))
    rows, cols = views.shape[:2]
    random = np.random.default_rng(SEED)
    places = random.choice(rows * cols, min(rows * cols, RULE_SAMPLES), replace=False)
    row, col = places // cols, places % cols
    around = views[row, col].reshape(len(places), -1)
    middle = a[row + WINDOW // 2, col + WINDOW // 2]
    knots = np.linspace(0, 255, KNOTS, endpoint=False)[1:]
    steps = np.maximum(middle[:, :, np.newaxis] - knots, 0.0).reshape(len(places), -1)
    features = np.concatenate([around, steps], 1).astype(np.float64)
    return features, wanted[row + WINDOW // 2, col + WINDOW // 2].astype(np.float64)


def detail(picture: np.ndarray, wrap: tuple[bool, bool] = (False, False)) -> np.ndarray:
    """A picture `(h, w, c)` without what is smooth in it: less its Gaussian blur."""
    return picture - blurred(picture, SMOOTH_SIGMA, wrap)


def blurred(
    picture: np.ndarray, sigma: float, wrap: tuple[bool, bool] = (False, False)
) -> np.ndarray:
    """A picture `(h, w, c)` under a Gaussian window of `sigma` px, mirrored at its edges.

    Rows or columns that wrap go on at their other side instead.
    """
    return _blurred_along(_blurred_along(picture, sigma, 0, wrap[0]), sigma, 1, wrap[1])


def _blurred_along(picture: np.ndarray, sigma: float, axis: int, wrap: bool) -> np.ndarray:
    """Gaussian blur along an axis."""
    reach = int(3 * sigma)
    offsets = np.arange(-reach, reach + 1)
    window = np.exp(-(offsets**2) / (2 * sigma**2))
    window = (window / window.sum()).astype(np.float32)
    pad = [(reach, reach) if i == axis else (0, 0) for i in range(picture.ndim)]
    padded = np.pad(picture, pad, mode="wrap" if wrap else "symmetric")
    size = picture.shape[axis]
    found = np.zeros_like(picture)
    for offset, weight in enumerate(window):
        shifted = slice(offset, offset + size)
        found += weight * (padded[shifted] if axis == 0 else padded[:, shifted])
    return found


@lru_cache(maxsize=8)
def _within(data: bytes, shape: tuple[int, int, int]) -> float:
    """Mean distance of the patches of each half of a picture to the nearest of the other half.

    It is remembered: many pictures are made of one A, as on a page where B is painted.

    Args:
        data: of the picture, float32.
        shape: its own.
    """
    picture = np.frombuffer(data, np.float32).reshape(shape)
    height, width = picture.shape[:2]
    halves = [
        (picture[: height // 2], picture[height // 2 :]),
        (picture[:, : width // 2], picture[:, width // 2 :]),
    ]
    found = [
        _nearest(_patches(one, SAMPLES // 4), _patches(other, AMONG)).mean()
        for pair in halves
        for one, other in (pair, pair[::-1])
        if min(*one.shape[:2], *other.shape[:2]) >= PATCH
    ]
    return float(np.mean(found)) if found else 0.0


def _patches(picture: np.ndarray, most: int) -> np.ndarray:
    """Patches of a picture, `(n, PATCH * PATCH * 3)`, at random where there are more than that."""
    views = np.lib.stride_tricks.sliding_window_view(picture, (PATCH, PATCH), (0, 1))
    rows, cols = views.shape[:2]
    places = np.arange(rows * cols)
    if len(places) > most:
        places = np.random.default_rng(SEED).choice(len(places), most, replace=False)
    found = views[places // cols, places % cols]  # (n, 3, PATCH, PATCH)
    return found.transpose(0, 2, 3, 1).reshape(len(places), -1).astype(np.float32)


def _are_flat(patches: np.ndarray) -> np.ndarray:
    """bool `(n,)`, of `_patches`: whether nothing is seen in one."""
    pixels = patches.reshape(len(patches), -1, 3)
    return pixels.std(1).max(1) <= FLAT


def _nearest(query: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Root mean square distance of each patch to the nearest of a reference."""
    norms = (reference**2).sum(1)
    best = [
        (norms - 2 * part @ reference.T).min(1) + (part**2).sum(1)
        for part in np.array_split(query, -(-len(query) // 250))
    ]
    return np.sqrt(np.maximum(np.concatenate(best), 0) / query.shape[1])
