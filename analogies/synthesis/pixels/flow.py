"""Which way lines run, as a guide: strokes of A' are to follow the forms of B.

From the structure tensor of luminance, with angles doubled, as a line has no direction (Bigün &
Granlund 1987): `(cos 2t, sin 2t)` of the gradient's angle t, times how much the gradients around
agree. Where B is flat, the lines around it say how strokes would run there, as in Hays & Essa,
"Image and Video Based Painterly Animation" (2004).
"""

import numpy as np

from analogies.images.scaling import scaled
from analogies.synthesis.likeness import blurred

LARGEST = 127.5  # of a component: as far apart as colors can be
SMOOTH = 1.0  # px, of the Gaussian blur before gradients are taken
STROKE_SIGMA = 3.0  # px, of the window in which strokes agree
FORM_SIGMA = 6.0  # the same for forms
CALM = 4.0  # squared gradient, in gray levels per px, that is not to be told from none
CLEAR = 0.8  # how much the strokes that are looked for agree
CELLS = (12, 24, 48)  # px, of the wider windows that tell where a narrow one shows nothing
SHARE = 0.1  # what each counts beside the next narrower one


def strokes(luminance: np.ndarray) -> np.ndarray:
    """How strokes run in a painting: float32 `(h, w, 2)` in [-127.5, 127.5], 0 where in no way.

    Args:
        luminance: `(h, w, 1)` in [0, 255].
    """
    tensor = blurred(_tensor(luminance), STROKE_SIGMA)
    return LARGEST * tensor[..., :2] / (tensor[..., 2:] + CALM)


def forms(luminance: np.ndarray) -> np.ndarray:
    """How strokes should run to follow what a picture shows; as `strokes`, but nowhere in no way.

    Args:
        luminance: `(h, w, 1)` in [0, 255].
    """
    narrow = blurred(_tensor(luminance)[..., :2], FORM_SIGMA)
    size = (narrow.shape[0], narrow.shape[1])
    total, share = narrow.copy(), 1.0
    for cell in CELLS:
        share *= SHARE
        coarse = max(1, round(size[0] / cell)), max(1, round(size[1] / cell))
        total += share * scaled(scaled(narrow, coarse), size)
    length = np.linalg.norm(total, axis=-1, keepdims=True)
    return (LARGEST * CLEAR * total / np.maximum(length, 1e-6)).astype(np.float32)


def _tensor(luminance: np.ndarray) -> np.ndarray:
    """float32 `(h, w, 3)`: difference of squared gradients, twice their product, and their sum."""
    down, right = np.gradient(blurred(luminance, SMOOTH)[..., 0])
    parts = right**2 - down**2, 2 * right * down, right**2 + down**2
    return np.stack(parts, -1).astype(np.float32)
