"""A mask in flat colors, and the same mask covered with ornament in ink and gold."""

import numpy as np
from painter import noise, ramp, shrink, to_bytes
from scipy import ndimage

HEIGHT, WIDTH, FACTOR = 240, 320, 3
ROWS, COLUMNS = np.mgrid[: HEIGHT * FACTOR, : WIDTH * FACTOR] / FACTOR
Y, X = ROWS, np.abs(COLUMNS - WIDTH / 2)  # both halves of the mask are alike
COLORS = {
    "ground": (38, 62, 92),
    "ray": (204, 78, 48),
    "brow": (110, 42, 60),
    "face": (230, 184, 96),
    "cheek": (72, 140, 134),
    "white": (244, 236, 214),
    "iris": (40, 34, 48),
    "lip": (176, 40, 52),
}
NAMES = tuple(COLORS)


def ellipse(x, y, width, height, turn=0.0):
    """Bool mask of a turned ellipse, in both halves."""
    right, down = X - x, Y - y
    along = right * np.cos(turn) + down * np.sin(turn)
    across = down * np.cos(turn) - right * np.sin(turn)
    return np.hypot(along / width, across / height) < 1


def mask():
    """int labels ``(HEIGHT * FACTOR, WIDTH * FACTOR)``."""
    labels = np.zeros(X.shape, int)

    def put(name, area):
        labels[area] = NAMES.index(name)

    angle = np.arctan2(X, 118 - Y)
    away = np.hypot(X, (Y - 118) * 1.12)
    put("ray", (away < 104 + 32 * np.cos(11 * angle)) & (away < 132))
    put("brow", ellipse(0, 120, 84, 96))
    put("face", ellipse(0, 124, 72, 88))
    put("brow", ellipse(30, 88, 30, 8, -0.22) & ~ellipse(30, 95, 27, 7, -0.22))
    put("cheek", ellipse(44, 146, 18, 16))
    put("white", ellipse(30, 108, 21, 12, 0.12))
    put("iris", ellipse(29, 108, 9, 10))
    put("brow", (X < 4 + (Y - 88) * 0.18) & (Y > 88) & (Y < 154))
    put("cheek", (X < 1.5 + (Y - 88) * 0.11) & (Y > 92) & (Y < 150))
    put("lip", ellipse(0, 179, 34, 13))
    put("white", ellipse(0, 177, 26, 4))
    put("ray", ellipse(0, 54, 9, 14))
    put("white", ellipse(0, 54, 4, 7))
    return labels


def flat(labels):
    """The mask in plain colors, uint8 ``(HEIGHT, WIDTH, 3)``."""
    return to_bytes(shrink(np.array(list(COLORS.values()), float)[labels] / 255, FACTOR))


def ornamented(labels, seed):
    """The same mask with a pattern of its own in every part, uint8 ``(HEIGHT, WIDTH, 3)``."""
    rng = np.random.default_rng(seed)
    shake = [0.5 * noise(rng, X.shape, 5 * FACTOR) for _ in range(2)]
    y, x = Y + shake[0], X + shake[1]
    paper = 0.05 * noise(rng, X.shape, 3 * FACTOR) + 0.1 * noise(rng, X.shape, 9 * FACTOR)
    image = np.zeros((*X.shape, 3))
    for index, name in enumerate(NAMES):
        area = labels == index
        inside = ndimage.distance_transform_edt(area) / FACTOR
        tone = PATTERNS[name](x, y, inside + 0.4 * shake[0]) + paper
        image[area] = ramp(np.clip(tone, 0, 1), INKS[name])[area]
        image[area & (inside < 1.3 + 0.5 * shake[1])] = (0.09, 0.06, 0.08)  # the drawn outline
    return to_bytes(shrink(ndimage.gaussian_filter(image, (1.2, 1.2, 0)), FACTOR))


def _stars(x, y, inside):
    row = np.round(y / 13)
    across = (x + 6.5 * (row % 2) + 6.5) % 13 - 6.5
    down = y - 13 * row
    away, turn = np.hypot(across, down), np.arctan2(down, across)
    star = away < 3.4 + 1.3 * np.cos(5 * turn)
    return np.where(star, 0.95, 0.25 + 0.15 * np.sin(y / 1.3))


def _flames(x, y, inside):
    turn, away = np.arctan2(x, 118 - y), np.hypot(x, y - 118)
    return 0.5 + 0.45 * np.sin(66 * turn + 0.12 * away) * np.sin(away / 2.4)


def _braid(x, y, inside):
    turn = np.arctan2(x, 118 - y)
    return 0.5 + 0.5 * np.sign(np.sin(52 * turn + 1.1 * inside)) * np.cos(inside / 1.5)


def _contours(x, y, inside):
    line = np.sin(inside * 2 * np.pi / 7.5)
    dots = np.sin(x * 1.15) * np.sin(y * 1.15) > 0.35
    return np.where(line > 0.78, 0.06, np.where((line < -0.2) & dots, 0.3, 0.72 + 0.16 * line))


def _scales(x, y, inside):
    row = np.floor(y / 5)
    across = (x + 3.5 * (row % 2)) % 7 - 3.5
    edge = np.abs(np.hypot(across, y - 5 * row) - 3.6)
    return np.where(edge < 0.8, 0.05, 0.4 + 0.12 * (y - 5 * row))


def _veins(x, y, inside):
    return np.where(np.sin(inside * 2.4) > 0.7, 0.25, 0.85)


def _rings(x, y, inside):
    return np.where(inside > 5.5, 1.0, 0.3 + 0.35 * np.sin(inside * 2.6))


def _hatch(x, y, inside):
    return 0.5 + 0.45 * np.sin(2.4 * x + 0.9 * y)


PATTERNS = {
    "ground": _stars,
    "ray": _flames,
    "brow": _braid,
    "face": _contours,
    "cheek": _scales,
    "white": _veins,
    "iris": _rings,
    "lip": _hatch,
}
INKS = {
    "ground": [(12, 18, 46), (26, 46, 84), (52, 84, 124), (236, 200, 104)],
    "ray": [(96, 22, 26), (188, 54, 38), (230, 120, 52), (250, 206, 110)],
    "brow": [(46, 14, 36), (104, 32, 58), (176, 84, 76), (240, 186, 96)],
    "face": [(62, 34, 26), (176, 112, 48), (226, 174, 84), (250, 224, 150)],
    "cheek": [(10, 46, 56), (38, 112, 112), (98, 176, 158), (206, 232, 198)],
    "white": [(120, 96, 92), (206, 186, 162), (244, 232, 208), (255, 250, 238)],
    "iris": [(10, 8, 24), (48, 62, 118), (92, 148, 176), (255, 252, 240)],
    "lip": [(74, 8, 26), (164, 28, 46), (222, 82, 74), (250, 176, 140)],
}
