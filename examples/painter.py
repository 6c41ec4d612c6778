"""Brush strokes on a canvas: what every painted example is made of.

A canvas is a float32 array ``(H, W, 3)`` in [0, 1] kept at ``SCALE`` times the final resolution,
together with the height of the paint, which `finish` lights from the upper left.
Lengths and positions are given in final pixels; angles in radians, counted from the x axis
towards the y axis (down).
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

SCALE = 3


def noise(rng, shape, sigma):
    """Smooth Gaussian noise ``(H, W)`` of mean 0 and deviation 1; ``sigma`` in rows, columns."""
    field = ndimage.gaussian_filter(rng.normal(size=shape), sigma, mode="reflect")
    return (field - field.mean()) / field.std()


@dataclass(frozen=True)
class Brush:
    """The shape of a stroke in final pixels, and how much its color wanders."""

    length: float
    width: float
    bend: float = 0.0
    opacity: float = 0.92
    variation: float = 0.05
    density: float = 1.5


class Canvas:
    """Paint and its height, at `SCALE` times the final size."""

    def __init__(self, height, width, ground, rng):
        shape = (height * SCALE, width * SCALE)
        self.rng = rng
        self.paint = np.empty((*shape, 3), np.float32)
        self.paint[:] = ground
        self.relief = np.zeros(shape, np.float32)
        # One row per kind of bristle; a stroke reads one row across its width.
        rows = rng.normal(size=(32, 256))
        bristles = ndimage.gaussian_filter(rows, (0, 1.3), mode="wrap")
        self.bristles = (bristles / bristles.std()).clip(-2, 2).astype(np.float32) / 2

    def stroke(self, x, y, angle, brush, color):
        """One stroke with its middle at ``(x, y)``, blended over what is there."""
        rng, (rows, cols) = self.rng, self.relief.shape
        length, width = brush.length * SCALE, brush.width * SCALE
        bend = brush.bend * rng.normal() / max(length, 1)
        reach = int(np.hypot(length, width) / 2 + abs(bend) * length**2 / 4) + 2
        column, row = int(x * SCALE), int(y * SCALE)
        top, bottom = max(row - reach, 0), min(row + reach + 1, rows)
        left, right = max(column - reach, 0), min(column + reach + 1, cols)
        if top >= bottom or left >= right:
            return
        dy = np.arange(top, bottom, dtype=np.float32)[:, None] - np.float32(y * SCALE)
        dx = np.arange(left, right, dtype=np.float32)[None] - np.float32(x * SCALE)
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        along = dx * cos + dy * sin
        across = dy * cos - dx * sin - np.float32(bend) * along**2
        kind, offset = rng.integers(len(self.bristles)), rng.integers(256)
        hair = self.bristles[kind][(across + offset).astype(np.int32) % 256]
        side = np.clip(width / 2 - np.abs(across) + 0.5, 0, 1)
        end = np.clip((length / 2 * (1 - 0.25 * np.abs(hair)) - np.abs(along)) / 2 + 0.5, 0, 1)
        alpha = side * end * (brush.opacity * (0.85 + 0.15 * hair))
        tint = np.asarray(color, np.float32) + 0.07 * hair[..., None]
        patch = self.paint[top:bottom, left:right]
        patch += alpha[..., None] * (tint - patch)
        relief = self.relief[top:bottom, left:right]
        rounded = 1 - (2 * across / max(width, 1)) ** 2
        relief += alpha * (0.6 * rounded + 0.5 * hair - relief)

    def prime(self, mask, colors):
        """Lay flat color under a region; bool ``(H, W)`` and float ``(H, W, 3)``."""
        large = enlarge(mask)
        self.paint[large] = enlarge(colors)[large]

    def fill(self, mask, brush, angles, colors):
        """Cover a region with strokes in random order.

        Args:
            mask: bool ``(H, W)`` in final pixels; strokes are shortened until their ends are in it.
            brush: the `Brush`; ``density`` times the region's area is painted.
            angles: float ``(H, W)``.
            colors: float ``(H, W, 3)`` in [0, 1].
        """
        rows, cols = np.nonzero(mask)
        if not len(rows):
            return
        count = int(np.ceil(len(rows) * brush.density / (brush.length * brush.width)))
        for index in self.rng.integers(len(rows), size=count):
            x, y = cols[index] + self.rng.random(), rows[index] + self.rng.random()
            angle = angles[rows[index], cols[index]] + 0.12 * self.rng.normal()
            length = brush.length * self.rng.uniform(0.75, 1.25)
            length = fitting_length(mask, x, y, angle, length, brush.width)
            color = colors[rows[index], cols[index]] + brush.variation * self.rng.normal(size=3) * (
                0.6 + 0.4 * self.rng.random()
            )
            shape = Brush(length, brush.width * self.rng.uniform(0.8, 1.2), brush.bend)
            self.stroke(x, y, angle, shape, color)

    def finish(self, impasto=0.1):
        """The picture as uint8 ``(H, W, 3)``: paint lit from the upper left, area averaged."""
        slope = ndimage.sobel(self.relief, 0) + ndimage.sobel(self.relief, 1)
        light = 1 + impasto * np.tanh(slope / 3)
        lit = np.clip(self.paint * light[..., None], 0, 1)
        return to_bytes(shrink(lit, SCALE))


def fitting_length(mask, x, y, angle, length, shortest):
    """``length``, halved until both ends of the stroke lie in ``mask`` (or it is a dot)."""
    height, width = mask.shape
    while length > shortest:
        for sign in (-0.5, 0.5):
            row = int(y + sign * length * np.sin(angle))
            column = int(x + sign * length * np.cos(angle))
            inside = 0 <= row < height and 0 <= column < width
            if inside and not mask[row, column]:
                break
        else:
            return length
        length *= 0.6
    return shortest


def ramp(values, colors):
    """Colors along a ramp: ``values`` ``(H, W)`` in [0, 1] to float ``(H, W, 3)``."""
    colors = np.asarray(colors, float) / 255
    stops = np.linspace(0, 1, len(colors))
    return np.stack([np.interp(values, stops, colors[:, i]) for i in range(3)], -1)


def enlarge(image):
    """Every pixel of an ``(H, W, ...)`` array as a block of `SCALE` × `SCALE`."""
    return image.repeat(SCALE, 0).repeat(SCALE, 1)


def shrink(image, factor):
    """Mean over ``factor`` × ``factor`` blocks of an ``(H, W, ...)`` array."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    blocks = image.reshape(height, factor, width, factor, *image.shape[2:])
    return blocks.mean((1, 3))


def to_bytes(image):
    """[0, 1] to uint8."""
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
