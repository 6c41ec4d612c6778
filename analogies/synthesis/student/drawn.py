"""Pictures to learn from where there are none: drawn scenes, and A's own regions put together."""

import numpy as np

from analogies.images.scaling import scaled
from analogies.synthesis.student.crops import TURNS, turned


def mixture(a: np.ndarray, seed: int) -> np.ndarray:
    """A picture of A's kind: pieces of it, turned and moved, under soft-edged regions.

    Of a label map it is another one with the same labels.

    Args:
        a: `(h, w, 3)`, any dtype.
        seed: of this one.

    Returns:
        the same shape and dtype.
    """
    random = np.random.default_rng((seed, 1))
    height, width = a.shape[:2]
    layers = []
    for _ in range(3):
        piece = turned(a, TURNS[random.integers(len(TURNS))])
        tall, wide = piece.shape[:2]
        edges = ((0, max(0, height - tall)), (0, max(0, width - wide)), (0, 0))
        piece = np.pad(piece, edges, "symmetric")[:height, :width]
        shift = random.integers(height), random.integers(width)
        layers.append(np.roll(piece, shift, (0, 1)))
    which = regions(random, (height, width), len(layers))
    return np.take_along_axis(np.stack(layers), which[np.newaxis, ..., np.newaxis], 0)[0]


def regions(random: np.random.Generator, size: tuple[int, int], count: int) -> np.ndarray:
    """A map `(h, w)` of numbers below `count` in smooth regions."""
    grid = tuple(max(3, round(3 * side / min(size))) for side in size)
    fields = [scaled(random.normal(size=(*grid, 1)).astype(np.float32), size) for _ in range(count)]
    return np.concatenate(fields, 2).argmax(2)


def scene(height: int, width: int, seed: int) -> np.ndarray:
    """A drawn picture with what photographs have: sky-like gradients, shapes, edges and grain.

    Returns:
        uint8 `(height, width, 3)`.
    """
    random = np.random.default_rng((seed, 2))
    picture = np.zeros((height, width, 3), np.float32)
    which = regions(random, (height, width), int(random.integers(3, 7)))
    for label in range(int(which.max()) + 1):
        soft = scaled(random.normal(size=(3, 3, 1)).astype(np.float32), (height, width))
        color = random.uniform(30, 225, 3) + soft * random.uniform(5, 40, 3)
        cell = int(random.integers(2, 9))
        small = (max(2, height // cell), max(2, width // cell), 1)
        grain = scaled(random.normal(size=small).astype(np.float32), (height, width))
        picture = np.where(
            (which == label)[..., np.newaxis], color + grain * random.uniform(0, 30), picture
        )
    rows, columns = np.mgrid[:height, :width]
    for _ in range(int(random.integers(3, 9))):
        radius = random.uniform(0.05, 0.25) * min(height, width)
        at = random.uniform(0, height), random.uniform(0, width)
        away = np.hypot((rows - at[0]) * random.uniform(0.6, 1.6), columns - at[1])
        light = np.clip((radius - away) / radius, 0, 1)[..., np.newaxis]
        color = random.uniform(20, 235, 3) * (0.6 + 0.6 * light)
        picture = np.where(away[..., np.newaxis] < radius, color, picture)
    picture += random.normal(size=picture.shape) * random.uniform(0, 4)
    return (np.clip(picture, 0, 255) + 0.5).astype(np.uint8)
