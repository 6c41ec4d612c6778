"""A style to borrow, a texture to continue, and what is made of them."""

import numpy as np
from painter import Brush, Canvas, noise, ramp, shrink, to_bytes
from scipy import ndimage
from scipy.spatial import cKDTree

NIGHT = [
    (16, 24, 66),
    (28, 52, 120),
    (44, 96, 162),
    (104, 160, 186),
    (236, 204, 92),
    (250, 238, 180),
]


def swirls(height, width, seed):
    """A night of eddies and stars in bold strokes, uint8 ``(height, width, 3)``."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(height, width, np.array(NIGHT[1]) / 255, rng)
    y, x = np.mgrid[:height, :width].astype(float)
    flow = np.stack([np.ones((height, width)), 0.5 * np.sin(x / 34 + 0.6)])
    shade = 0.27 + 0.14 * noise(rng, (height, width), (7, 12))
    for cx, cy, size in [
        (70, 70, 40),
        (168, 104, 46),
        (226, 38, 26),
        (40, 170, 30),
        (128, 190, 34),
    ]:
        dx, dy = x - cx, y - cy
        radius = np.hypot(dx, dy) + 1
        pull = 3.5 * np.exp(-((radius / size) ** 2))
        flow += pull * np.stack([-dy + 0.25 * dx, dx + 0.25 * dy]) / radius
        shade += 0.6 * np.exp(-((radius / (0.36 * size)) ** 2))
        shade += np.exp(-((radius / size) ** 2)) * (0.2 + 0.22 * np.sin(radius / 2.8))
    angles = np.arctan2(flow[1], flow[0])
    colors = ramp(np.clip(shade, 0, 1), NIGHT)
    everywhere = np.ones((height, width), bool)
    for length, wide, density in [(26, 7, 3), (18, 4.2, 1.6), (13, 2.8, 0.7)]:
        brush = Brush(length, wide, 1.5, variation=0.045, density=density)
        canvas.fill(everywhere, brush, angles, colors)
    return canvas.finish(impasto=0.16)


def glow(painting):
    """Where a night sky is warm or near to that, uint8 ``(H, W)``: 255, else 0."""
    warm = np.float64(painting[..., 0]) - painting[..., 2] > 10
    return np.uint8(255) * (ndimage.gaussian_filter(np.float64(warm), 5) > 0.16)


def pebbles(height, width, seed, spacing=15, heights=False):
    """A beach of rounded stones, uint8 ``(height, width, 3)``, or how high it is, ``(h, w)``."""
    rng, factor = np.random.default_rng(seed), 3
    shape = (height * factor, width * factor)
    points = rng.random((4 * height * width // spacing**2, 2)) * shape
    kept = []
    for point in points:
        if all(np.sum((point - other) ** 2) > (0.82 * spacing * factor) ** 2 for other in kept):
            kept.append(point)
    centers = np.array(kept)
    grid = np.stack(np.mgrid[: shape[0], : shape[1]], -1).reshape(-1, 2)
    bent = grid + 5 * np.stack([noise(rng, shape, 9).ravel() for _ in range(2)], -1)
    distance, index = cKDTree(centers).query(bent, 2)
    gap = ((distance[:, 1] - distance[:, 0]) / factor).reshape(shape)
    stone = index[:, 0].reshape(shape)
    dome = 1 - np.exp(-((np.clip(gap - 0.8, 0, None) / 4.2) ** 1.2))
    rough = noise(rng, shape, 2) * 0.018 + noise(rng, shape, 5) * 0.02
    relief = ndimage.gaussian_filter(dome + rough, 1.2)
    if heights:
        return to_bytes(shrink(relief / relief.max(), factor))
    slope = np.gradient(relief)
    light = 0.82 + 5.5 * (slope[0] + 0.7 * slope[1])
    tone = rng.random(len(centers))
    base = ramp(
        tone[None], [(84, 88, 98), (126, 120, 112), (172, 150, 124), (206, 194, 172), (150, 98, 78)]
    )
    base = (
        base[0][stone]
        * (1 + 0.07 * noise(rng, shape, (3, 9)) + 0.05 * noise(rng, shape, 1.5))[..., None]
    )
    veined = (rng.random(len(centers)) < 0.3)[stone] & (np.abs(noise(rng, shape, 14)) < 0.07)
    base = np.where(veined[..., None], base * 0.5 + 0.42, base)
    image = (
        base
        * np.clip(light, 0.15, 1.5)[..., None]
        * (0.25 + 0.75 * np.clip(gap / 2.4, 0, 1))[..., None]
    )
    return to_bytes(shrink(image, factor))


def gray(image):
    """The luminance of a uint8 picture, as uint8 ``(H, W, 3)``."""
    light = image @ np.array([0.299, 0.587, 0.114])
    return np.repeat((light + 0.5).astype(np.uint8)[..., None], 3, -1)


def toned(image):
    """A print in four inks: dark blue over violet and orange to cream; not monotonous in red."""
    inks = [(18, 22, 58), (96, 44, 110), (206, 84, 76), (246, 176, 92), (250, 240, 206)]
    return to_bytes(ramp(gray(image)[..., 0] / 255, inks))


def blurred(image, sigma=1.6):
    """The picture out of focus, uint8."""
    return to_bytes(ndimage.gaussian_filter(image / 255, (sigma, sigma, 0), mode="nearest"))
