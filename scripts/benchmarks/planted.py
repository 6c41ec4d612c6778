"""Planted analogies: A : A' :: B : B*, with the true B* known.

Every family is a function ``family(seed, height=160, width=160)`` that returns a dictionary of
uint8 RGB arrays ``(height, width, 3)``: "A", "Ap", "B" and "truth" (B*), and for some families the
int label maps "la" and "lb" ``(height, width)`` of A and B. `texture` has "Ap" and "truth" alone.

All pictures are patchworks of four `MATERIALS` of nearly equal mean color and contrast, so that
looking at a pixel alone does not say which material it is.
"""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

Case = dict[str, np.ndarray]

# Flat colors of the label maps, and the close mean colors of the materials they stand for.
PAINTS = np.array([[236, 112, 28], [24, 150, 140], [122, 48, 170], [206, 222, 96]], np.uint8)
TINTS = np.array([[124, 142, 112], [152, 124, 110], [116, 130, 150], [146, 118, 140]], float)
CONTRAST = 36.0


def _noise(
    rng: np.random.Generator, shape: tuple[int, int], sigma: float | tuple[float, float]
) -> np.ndarray:
    """Smooth noise ``shape`` of mean 0 and deviation 1; ``sigma`` px, or one per axis."""
    return _standard(ndimage.gaussian_filter(rng.normal(size=shape), sigma, mode="wrap"))


def _standard(field: np.ndarray) -> np.ndarray:
    return (field - field.mean()) / field.std()


def _weave(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Threads of about 6 px going over and under each other."""
    y, x = np.indices(shape) + 0.9 * np.stack([_noise(rng, shape, 7) for _ in range(2)])
    over = (np.floor(y / 6) + np.floor(x / 6)) % 2 == 0
    thread = np.where(over, np.cos(y * np.pi / 3 + np.pi), np.cos(x * np.pi / 3 + np.pi))
    return np.where(over, 0.5, -0.2) + 0.8 * thread


def _scales(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Overlapping roof tiles with round lower edges, 14 px wide, slightly bent."""
    y, x = np.indices(shape) + 0.7 * np.stack([_noise(rng, shape, 9) for _ in range(2)])
    field = np.zeros(shape)
    for row in range(-1, shape[0] // 8 + 3):
        shift = 7 * (row % 2)
        across = (x + shift) % 14 - 7
        depth = y - 8 * row + across**2 / 7
        field = np.where(depth > 0, np.exp(-depth / 4.5), field)
    return field


def _spots(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Blots and gaps of about 4 px: band-passed noise pushed towards two values."""
    band = ndimage.gaussian_filter(rng.normal(size=shape), 1.3, mode="wrap")
    band -= ndimage.gaussian_filter(band, 1.8, mode="wrap")
    return np.tanh(2.2 * _standard(band) - 0.6)


def _bark(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Upright ridges that fork and break off, about 8 px apart."""
    bend = _noise(rng, shape, (14, 9))
    ridge = np.cos(np.arange(shape[1]) * 2 * np.pi / 8 + 2.6 * bend)
    return np.tanh(1.6 * ridge + 1.1 * _noise(rng, shape, (3, 1)))


MATERIALS = (_weave, _scales, _spots, _bark)


def _tinted(field: np.ndarray, tint: np.ndarray) -> np.ndarray:
    """A gray field ``(H, W)`` as a material, float RGB ``(H, W, 3)`` in [0, 255]."""
    colored = tint + CONTRAST * _standard(field)[..., None] * np.array([0.9, 1.0, 0.86])
    return np.clip(colored, 0, 255)


def _materials(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """The four materials over the whole area, ``(4, H, W, 3)``."""
    return np.stack(
        [_tinted(make(rng, shape), t) for make, t in zip(MATERIALS, TINTS, strict=True)]
    )


def _regions(rng: np.random.Generator, shape: tuple[int, int], size: float) -> np.ndarray:
    """A random map of four labels, int ``(H, W)``; ``size`` is the scale of the regions in px."""
    return np.stack([_noise(rng, shape, size) for _ in range(4)]).argmax(0)


def _laid(materials: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Each pixel from the material of its label, ``(H, W, 3)``."""
    return np.take_along_axis(materials, labels[None, ..., None], 0)[0]


def _bytes(image: np.ndarray) -> np.ndarray:
    return (np.clip(image, 0, 255) + 0.5).astype(np.uint8)


def _scene(
    seed: int, height: int, width: int
) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """A patchwork under uneven light, twice as wide as asked, and its labels.

    The left half becomes A and A', the right half B and B*.
    """
    rng, shape = np.random.default_rng(seed), (height, 2 * width)
    labels = _regions(rng, shape, min(height, width) / 13)
    light = 1 + 0.14 * _noise(rng, shape, min(height, width) / 5)
    return rng, np.clip(_laid(_materials(rng, shape), labels) * light[..., None], 0, 255), labels


def _halves(before: np.ndarray, after: np.ndarray, labels: np.ndarray | None) -> Case:
    """The case that takes ``before`` to ``after``, both ``(H, 2 W, 3)``."""
    width = before.shape[1] // 2
    before, after = _bytes(before), _bytes(after)
    case = {
        "A": before[:, :width],
        "Ap": after[:, :width],
        "B": before[:, width:],
        "truth": after[:, width:],
    }
    if labels is not None:
        case |= {"la": labels[:, :width], "lb": labels[:, width:]}
    return case


def _curves(rng: np.random.Generator, knots: int = 4) -> np.ndarray:
    """Three random tone curves as a table ``(256, 3)``."""
    at = np.linspace(0, 255, knots)
    columns = [np.interp(np.arange(256), at, rng.uniform(10, 245, knots)) for _ in range(3)]
    return np.stack(columns, -1)


def texture_by_numbers(seed: int, height: int = 160, width: int = 160) -> Case:
    """Label map to materials; B is another label map."""
    rng, shape = np.random.default_rng(seed), (height, width)
    materials = _materials(rng, shape)
    la, lb = (_regions(rng, shape, min(shape) / 9) for _ in range(2))
    a_prime, truth = (_bytes(_laid(materials, labels)) for labels in (la, lb))
    return {"A": PAINTS[la], "Ap": a_prime, "B": PAINTS[lb], "truth": truth, "la": la, "lb": lb}


def deblur(seed: int, height: int = 160, width: int = 160, sigma: float = 1.6) -> Case:
    """Out of focus to sharp."""
    _, scene, labels = _scene(seed, height, width)
    return _halves(ndimage.gaussian_filter(scene, (sigma, sigma, 0)), scene, labels)


def recolor(seed: int, height: int = 160, width: int = 160) -> Case:
    """Gray to three inks, each a random curve of the gray level."""
    rng, scene, _ = _scene(seed, height, width)
    gray = scene.mean(-1)
    inked = _curves(rng)[gray.astype(int)]
    return _halves(np.repeat(gray[..., None], 3, -1), inked, None)


def texture(seed: int, height: int = 160, width: int = 160) -> Case:
    """A material ("Ap") and another sample of it ("truth"); the seed also chooses which."""
    rng, which = np.random.default_rng(seed), seed % len(MATERIALS)
    sample = _bytes(_tinted(MATERIALS[which](rng, (height, 2 * width)), TINTS[which]))
    return {"Ap": sample[:, :width], "truth": sample[:, width:]}


def edges(seed: int, height: int = 160, width: int = 160) -> Case:
    """A drawing of dark lines to the picture that it was drawn from."""
    _, scene, labels = _scene(seed, height, width)
    gray = scene.mean(-1)
    across = ndimage.gaussian_filter(gray, 0.9) - ndimage.gaussian_filter(gray, 1.9)
    ink = 1 / (1 + np.exp((across + 5) / 1.5))
    drawing = np.array([246, 242, 230]) - ink[..., None] * np.array([214, 216, 196])
    return _halves(drawing, scene, labels)


def night(seed: int, height: int = 160, width: int = 160) -> Case:
    """Day to night: bluish curves of the brightness, and a glow around what stays bright."""
    rng, scene, labels = _scene(seed, height, width)
    level = scene / 255
    dark = level.mean(-1, keepdims=True) * 0.6 + level * 0.4
    curves = dark ** rng.uniform([1.9, 1.6, 1.1], [2.5, 2.1, 1.5]) * np.array([0.75, 0.8, 1.0])
    lamps = np.clip(level.mean(-1) - rng.uniform(0.6, 0.66), 0, None) * 3
    glow = ndimage.gaussian_filter(lamps, 1.5)[..., None] * np.array([1.0, 0.78, 0.36])
    return _halves(scene, 255 * np.clip(curves + glow, 0, 1), labels)


def emboss(seed: int, height: int = 160, width: int = 160) -> Case:
    """A relief lit from one of eight sides, in two tones."""
    rng, scene, labels = _scene(seed, height, width)
    angle = rng.integers(8) * np.pi / 4
    smooth = ndimage.gaussian_filter(scene.mean(-1), 0.8)
    rows, cols = np.gradient(smooth)
    slope = np.tanh((np.sin(angle) * rows + np.cos(angle) * cols) / 18)[..., None]
    tones = np.array([[232, 206, 160], [58, 52, 70]])
    relief = np.array([150, 136, 124])
    relief = relief + np.where(slope > 0, slope * (tones[0] - relief), -slope * (tones[1] - relief))
    return _halves(scene, relief, labels)


def restore(seed: int, height: int = 160, width: int = 160) -> Case:
    """A bad copy (gamma, blur, few gray levels) to the original."""
    rng, scene, labels = _scene(seed, height, width)
    faded = 255 * (scene / 255) ** rng.uniform(0.5, 0.7)
    soft = ndimage.gaussian_filter(faded, (1.1, 1.1, 0))
    steps = 24
    return _halves(np.round(soft / steps) * steps, scene, labels)


FAMILIES: dict[str, Callable[..., Case]] = {
    family.__name__: family
    for family in (
        texture_by_numbers,
        recolor,
        deblur,
        texture,
        edges,
        night,
        emboss,
        restore,
    )
}
