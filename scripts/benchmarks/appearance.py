"""How much a picture looks as if it were made of A', and how much of B it shows.

None of these needs the right answer. Pictures are uint8 or float RGB ``(H, W, 3)`` in [0, 255],
of any sizes; distances are root mean squares over the values of a patch, in gray levels.
Copying A' without a look at B makes the first three perfect: read them together with `structure`.

Reference: Simakov, Caspi, Shechtman, Irani (2008), Summarizing visual data using bidirectional
similarity, eq. 1; here the mean of the distances, not of their squares.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from analogies.errors import InputError

PATCH = 5  # px, of coherence and completeness
DETAIL = 12.0  # gray levels, deviation from which on a patch has something to repeat
SAME = 6.0  # gray levels, distance below which a patch counts as seen again
SIDE = 256  # px, height at which `structure` compares
LAYERS = ("block3_conv1", "block4_conv1")


@dataclass(frozen=True)
class Appearance:
    """What `judge` finds.

    Attributes:
        coherence: over the floor of A', 0 or more; near 1 is as good as A' itself.
        completeness: over the floor of A', likewise.
        repetition: share in [0, 1].
        structure: correlation in [-1, 1]; None without a B.
    """

    coherence: float
    completeness: float
    repetition: float
    structure: float | None


def judge(result: np.ndarray, a_prime: np.ndarray, b: np.ndarray | None = None) -> Appearance:
    """All measures of one result; `structure` only where there is a B."""
    least = max(floor(a_prime), 1e-6)
    return Appearance(
        coherence=coherence(result, a_prime) / least,
        completeness=completeness(result, a_prime) / least,
        repetition=repetition(result),
        structure=None if b is None else structure(b, result),
    )


def coherence(
    result: np.ndarray, a_prime: np.ndarray, size: int = PATCH, samples: int = 2000, seed: int = 0
) -> float:
    """How far the patches of a result are from A'; what A' does not have raises it.

    Grain, blur, weaves and ghosts do.

    Args:
        result: ``(H, W, 3)``.
        a_prime: ``(h, w, 3)``.
        size: px of a side of the patches.
        samples: at most so many patches of the result, drawn at random, are looked up; they are
            looked up among all of A'.
        seed: of the draw.

    Returns:
        mean distance to the nearest patch, gray levels in [0, 255].
    """
    wanted = _patches(result, size)
    if len(wanted) > samples:
        chosen = np.random.default_rng(seed).permutation(len(wanted))[:samples]
        wanted = wanted[chosen]
    return float(_distances(wanted, _patches(a_prime, size)).mean())


def completeness(
    result: np.ndarray, a_prime: np.ndarray, size: int = PATCH, samples: int = 2000, seed: int = 0
) -> float:
    """How far the patches of A' are from the result; what is missing of A' raises it.

    Arguments and unit as for `coherence`.
    """
    return coherence(a_prime, result, size, samples, seed)


def floor(a_prime: np.ndarray, size: int = PATCH, samples: int = 2000, seed: int = 0) -> float:
    """What the left and the right half of A' score against each other, gray levels.

    Another picture of the same kind can hardly be nearer to A' than A' is to itself.
    """
    middle = a_prime.shape[1] // 2
    halves = a_prime[:, :middle], a_prime[:, middle:]
    both = (coherence(*pair, size, samples, seed) for pair in (halves, halves[::-1]))
    return float(np.mean(list(both)))


def repetition(
    picture: np.ndarray, size: int = 7, reach: int = 24, samples: int = 1500, seed: int = 0
) -> float:
    """Share of places whose patch has detail and is there again a short way off.

    A deviation of at least `DETAIL` within the patch is detail; again is one that is nearer than
    `SAME`, at most ``reach`` and more than ``size // 2`` px off in rows or in columns. Places
    without detail count as not repeated; compare with the figure of A'.

    Args:
        picture: ``(H, W, 3)``, both sides at least ``2 * reach + size`` px.
        size: px of a side of the patches.
        reach: px.
        samples: places, drawn at random.
        seed: of the draw.

    Returns:
        share in [0, 1].

    Raises:
        InputError: the picture is too small to look around in.
    """
    if min(picture.shape[:2]) < 2 * reach + size:
        raise InputError(
            f"a picture of at least {2 * reach + size} px a side is needed to look for what is "
            f"repeated. Received: {picture.shape[1]}x{picture.shape[0]} px"
        )
    pixels = np.asarray(picture, np.float32)
    views = sliding_window_view(pixels, (size, size), (0, 1))  # (H', W', 3, size, size)
    last = np.array(views.shape[:2]) - reach
    places = np.random.default_rng(seed).integers(reach, last, (samples, 2))
    offsets = np.abs(np.arange(-reach, reach + 1))
    near = np.maximum(offsets[:, None], offsets) <= size // 2  # overlaps too much to tell
    repeated = 0
    for row, column in places:
        patch = views[row, column]
        if patch.std() < DETAIL:
            continue
        rows, columns = (slice(at - reach, at + reach + 1) for at in (row, column))
        others = views[rows, columns].reshape(near.size, -1)
        squares = ((others - patch.ravel()) ** 2).mean(1)[~near.ravel()]
        repeated += bool(squares.min() < SAME**2)
    return repeated / samples


def structure(b: np.ndarray, result: np.ndarray, places: int = 700, seed: int = 0) -> float:
    """Does B' show what B shows?

    Places that look alike in B should look alike in B', whatever they are drawn with. Both
    pictures are brought to `SIDE` px of height and to the shape of B, and the network that comes
    with the program describes them at `LAYERS`; the mean of `self_similarity` over the layers.

    Args:
        b: ``(H, W, 3)``.
        result: ``(H', W', 3)``.
        places: compared with each other, per layer, drawn at random.
        seed: of the draw.

    Returns:
        correlation in [-1, 1]: 1 is as in B, 0 is unrelated to it.
    """
    from analogies.features import FeatureModel

    model = FeatureModel("slim", layers=LAYERS)
    size = (round(b.shape[1] * SIDE / b.shape[0]), SIDE)
    shown, made = (model(_resized(picture, size)[None]) for picture in (b, result))
    found = []
    rng = np.random.default_rng(seed)
    for layer in LAYERS:
        pair = [np.asarray(maps[layer])[0] for maps in (shown, made)]
        count = pair[0].shape[0] * pair[0].shape[1]
        chosen = rng.permutation(count)[:places]
        found.append(
            self_similarity(*(m.reshape(count, -1)[chosen] - m.mean((0, 1)) for m in pair))
        )
    return float(np.mean(found))


def self_similarity(first: np.ndarray, other: np.ndarray) -> float:
    """How alike two lists of vectors are in which of their entries are alike.

    Args:
        first: ``(n, c)``, centered.
        other: ``(n, d)`` of the same places, centered.

    Returns:
        Pearson correlation, over all pairs of different places, of the cosines in ``first`` with
        those in ``other``; 0 where either does not vary.
    """
    upper = np.triu_indices(len(first), 1)
    cosines = []
    for vectors in (first, other):
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        cosines.append((unit @ unit.T)[upper].astype(float))
    if min(values.std() for values in cosines) < 1e-9:
        return 0.0
    return float(np.corrcoef(*cosines)[0, 1])


def _patches(picture: np.ndarray, size: int) -> np.ndarray:
    """Every ``size`` × ``size`` patch as a row, float32 ``(n, size * size * 3)``."""
    views = sliding_window_view(np.asarray(picture, np.float32), (size, size), (0, 1))
    return views.reshape(views.shape[0] * views.shape[1], -1)


def _distances(wanted: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Distance of each row of ``wanted`` to the nearest row of ``there``, gray levels ``(n,)``.

    |w - t|² = |w|² - 2 w·t + |t|², a block at a time; small values, around a common mean, keep
    float32 exact enough for a distance of 0 to come out below 0.1.
    """
    middle = there.mean(0)
    wanted, there = wanted - middle, there - middle
    lengths = (there**2).sum(1)
    least = [
        (lengths - 2 * (block @ there.T)).min(1) + (block**2).sum(1)
        for block in np.array_split(wanted, max(len(wanted) // 250, 1))
    ]
    return np.sqrt(np.maximum(np.concatenate(least), 0) / wanted.shape[1])


def _resized(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    pixels = Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))
    return np.asarray(pixels.resize(size, Image.Resampling.LANCZOS), np.float32)
