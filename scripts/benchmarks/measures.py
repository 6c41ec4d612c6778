"""How good a result is where the truth is known.

Pictures are uint8 or float RGB ``(H, W, 3)`` in [0, 255]; label maps are int ``(H, W)``.
"""

import numpy as np
from scipy import ndimage

WINDOW = 11  # px, what is looked at to tell which material a pixel belongs to
MARGIN = 5  # px, pixels this close to another label are not judged


def label_accuracy(
    a_prime: np.ndarray, labels_a: np.ndarray, result: np.ndarray, labels_b: np.ndarray
) -> float:
    """Share of the result's pixels in [0, 1] that look like the material B asks for.

    A pixel looks like the label of A whose mean description (local color, contrast, oriented
    gradients) is nearest, each number of it in units of its spread over A'.
    """
    inside_a, inside_b = _inside(labels_a), _inside(labels_b)
    known, seen = _describe(a_prime), _describe(result)[inside_b]
    present = [label for label in np.unique(labels_a) if (inside_a & (labels_a == label)).any()]
    groups = [known[inside_a & (labels_a == label)] for label in present]
    means = np.stack([group.mean(0) for group in groups])
    spread = known[inside_a].std(0) + 1e-6
    distance = [(((seen - mean) / spread) ** 2).sum(-1) for mean in means]
    found = np.array(present)[np.argmin(distance, axis=0)]
    return float((found == labels_b[inside_b]).mean())


def sharpness_ratio(
    a_prime: np.ndarray, labels_a: np.ndarray, result: np.ndarray, labels_b: np.ndarray
) -> float:
    """Mean gradient magnitude of the result over that of A': geometric mean over the labels."""
    given, made = _gradient(a_prime), _gradient(result)
    ratios = []
    for label in np.intersect1d(labels_a, labels_b):
        in_a, in_b = labels_a == label, labels_b == label
        if min(in_a.sum(), in_b.sum()) >= 200:
            ratios.append(made[in_b].mean() / given[in_a].mean())
    return float(np.exp(np.log(ratios).mean())) if ratios else float("nan")


def gradient_energy_ratio(result: np.ndarray, truth: np.ndarray) -> float:
    """Mean gradient magnitude of the result over that of the truth; 1 is as sharp as the truth."""
    return float(_gradient(result).mean() / _gradient(truth).mean())


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Peak signal to noise ratio in dB; infinite for equal pictures."""
    error = np.mean((first.astype(float) - second.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def psnr_gain(result: np.ndarray, b: np.ndarray, truth: np.ndarray) -> float:
    """How much nearer the result is to the truth than B itself is, in dB."""
    return psnr(result, truth) - psnr(b, truth)


def patch_distance(
    first: np.ndarray, second: np.ndarray, size: int = 7, directions: int = 128, seed: int = 0
) -> float:
    """Sliced Wasserstein-1 distance of the patches of two pictures, in gray levels.

    The ``size`` × ``size`` × 3 patches are projected on random unit vectors; the mean distance of
    the sorted projections is averaged over the vectors (Rabin et al. 2011, eq. 5, with p = 1).
    """
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(size * size * 3, directions))
    axes /= np.linalg.norm(axes, axis=0)
    levels = (np.arange(1024) + 0.5) / 1024
    one, other = (_quantiles(_patches(image, size) @ axes, levels) for image in (first, second))
    return float(np.abs(one - other).mean())


def _patches(image: np.ndarray, size: int) -> np.ndarray:
    """All patches, float ``(count, size * size * 3)``."""
    windows = np.lib.stride_tricks.sliding_window_view(
        image.astype(np.float32), (size, size), (0, 1)
    )
    return windows.reshape(-1, size * size * 3)


def _quantiles(columns: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """The values at ``levels`` in [0, 1] of every column, from the sorted columns."""
    ordered = np.sort(columns, axis=0)
    return ordered[(levels * len(ordered)).astype(int)]


def _gray(image: np.ndarray) -> np.ndarray:
    return image.astype(float).mean(-1)


def _gradient(image: np.ndarray) -> np.ndarray:
    gray = _gray(image)
    return np.hypot(ndimage.sobel(gray, 0), ndimage.sobel(gray, 1))


def _inside(labels: np.ndarray) -> np.ndarray:
    """Pixels with nothing but their own label in a square of MARGIN px around."""
    size = 2 * MARGIN + 1
    return ndimage.minimum_filter(labels, size) == ndimage.maximum_filter(labels, size)


def _describe(image: np.ndarray) -> np.ndarray:
    """What the surroundings of each pixel look like, ``(H, W, 9)``."""

    def around(values: np.ndarray) -> np.ndarray:
        return ndimage.uniform_filter(values, WINDOW)

    gray = _gray(image)
    rows, cols = ndimage.sobel(gray, 0) / 8, ndimage.sobel(gray, 1) / 8
    fine, coarse = (ndimage.gaussian_laplace(gray, sigma) for sigma in (1.0, 2.0))
    deviation = np.sqrt(np.clip(around(gray**2) - around(gray) ** 2, 0, None))
    energies = [rows**2, cols**2, fine**2]
    parts = [around(image[..., channel].astype(float)) for channel in range(3)]
    parts += [deviation, *(np.sqrt(np.clip(around(energy), 0, None)) for energy in energies)]
    parts += [around(rows * cols) / 20, around(np.abs(coarse))]
    return np.stack(parts, -1)
