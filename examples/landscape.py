"""Two landscapes by numbers, and the painting of either.

A label map says what stands where; `paint` covers each region with strokes whose colors and
directions depend on the region alone, so that the second map determines how its painting looks.
"""

import numpy as np
from painter import Brush, Canvas, noise, ramp
from scipy.spatial import cKDTree

HEIGHT, WIDTH = 240, 320

# In the order in which they are painted: what is far comes first.
PALETTE = {
    "sky": (112, 172, 226),
    "sun": (255, 214, 64),
    "cloud": (246, 243, 236),
    "snow": (208, 188, 238),
    "rock": (128, 104, 158),
    "hill": (64, 138, 132),
    "meadow": (148, 200, 74),
    "water": (34, 88, 172),
    "path": (232, 178, 118),
    "flowers": (216, 60, 66),
    "trees": (22, 74, 44),
}
NAMES = tuple(PALETTE)
Y, X = np.mgrid[:HEIGHT, :WIDTH].astype(float)


def label_colors(labels):
    """int labels ``(H, W)`` to the flat colors of the map, uint8 ``(H, W, 3)``."""
    return np.array(list(PALETTE.values()), np.uint8)[labels]


class Map:
    """A label map under construction: shapes are laid over each other, far to near."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.labels = np.zeros((HEIGHT, WIDTH), int)

    def put(self, name, mask):
        """Give the pixels of a bool mask ``(H, W)`` a name."""
        self.labels[mask] = NAMES.index(name)

    def wobble(self, size, amount):
        """Irregularity for the outline of a shape: noise ``(H, W)``, ``amount`` pixels strong."""
        return amount * noise(self.rng, (HEIGHT, WIDTH), size)

    def below(self, name, line, size=9, amount=2.5):
        """Everything under ``line``, a height per column."""
        self.put(name, line + self.wobble(size, amount) < Y)

    def blob(self, name, x, y, width, height, size=6, amount=0.18):
        """A roundish patch with an irregular outline."""
        radius = np.hypot((X - x) / width, (Y - y) / height)
        self.put(name, radius + self.wobble(size, amount) < 1)

    def cloud(self, x, y, width):
        """Heaped discs over a flat bottom."""
        for part in np.linspace(-1, 1, 7):
            high = 0.28 * width * (1.1 - part**2) * self.rng.uniform(0.75, 1.25)
            center = x + part * width * 0.8
            disc = np.hypot(X - center, (Y - y) * 0.9) < high
            self.put("cloud", disc & (y + 0.1 * width > Y))
        self.blob("cloud", x, y + 1, width * 1.1, width * 0.12)

    def peaks(self, tops, snow):
        """A range: the upper envelope of ``(x, y, slope)`` cones, with snow on top."""
        wobble = self.wobble(4, 2.2) + self.wobble(14, 3)
        line = np.min([y + slope * np.abs(X - x) for x, y, slope in tops], axis=0) + wobble
        self.put("rock", line < Y)
        edge = snow + self.wobble((9, 3), 6)
        self.put("snow", (line < Y) & (edge > Y))

    def tree(self, x, foot, width, tall):
        """A cypress: a flame standing on ``foot``."""
        up = (foot - Y) / tall
        flame = width * np.clip(up + 0.04, 0, None) ** 0.35 * np.clip(1 - up, 0, 1) ** 0.7
        lean = 2.5 * np.sin(2.2 * up)
        self.put("trees", np.abs(X - x - lean + self.wobble(3, 0.9)) < flame)

    def band(self, name, points, widths, size=8, amount=1.6):
        """A winding strip through ``points`` ``(x, y)``, ``widths`` wide across."""
        px, py = np.array(points, float).T
        rows = np.arange(HEIGHT)
        order = np.argsort(py)
        smooth = np.polynomial.Polynomial.fit(py[order], px[order], len(px) - 1)
        center, half = smooth(rows), np.interp(rows, py[order], np.array(widths)[order]) / 2
        inside = np.abs(X - center[:, None] + self.wobble(size, amount)) < half[:, None]
        self.put(name, inside & (py.min() < Y))


def first_map():
    """A mountain lake with the sun on the right."""
    m = Map(7)
    m.blob("sun", 252, 38, 17, 17, amount=0.03)
    m.cloud(58, 46, 50)
    m.cloud(170, 28, 32)
    m.cloud(292, 76, 36)
    m.peaks([(36, 92, 0.5), (112, 52, 0.85), (166, 78, 0.8), (226, 94, 0.6), (330, 84, 0.5)], 82)
    m.below("hill", 122 + 9 * np.sin(X / 38 + 1.0) - 0.03 * X, amount=2)
    m.below("trees", 139 + 4 * np.sin(X / 21), size=4, amount=3)
    m.below("meadow", 151 + 4 * np.sin(X / 50), size=8, amount=1.2)
    m.put("water", np.hypot((X - 232) / 104, (Y - 173) / 23) + m.wobble(9, 0.06) < 1)
    m.blob("trees", 150, 158, 24, 12)
    m.band("path", [(76, 240), (118, 214), (94, 188), (128, 164)], [34, 20, 11, 4])
    m.blob("flowers", 218, 222, 62, 17)
    m.blob("flowers", 40, 192, 36, 10)
    m.tree(24, 176, 12, 92)
    m.tree(50, 184, 9, 62)
    m.blob("trees", 304, 220, 28, 20)
    return m.labels


def second_map():
    """A river from the mountains, with the sun on the left."""
    m = Map(31)
    m.blob("sun", 84, 52, 16, 16, amount=0.03)
    m.cloud(186, 38, 48)
    m.cloud(22, 34, 32)
    m.cloud(304, 40, 24)
    m.peaks([(10, 100, 0.5), (150, 96, 0.6), (214, 62, 0.8), (262, 50, 0.9), (316, 86, 0.6)], 84)
    m.below("hill", 126 - 12 * np.cos(X / 60), amount=2)
    m.below("meadow", 144 + 4 * np.sin(X / 33 + 2), size=8, amount=1.2)
    m.blob("trees", 66, 148, 60, 12, size=4)
    m.blob("trees", 262, 146, 48, 10, size=4)
    m.band("water", [(118, 240), (206, 206), (128, 176), (172, 146)], [116, 64, 30, 8], amount=2.2)
    m.band("path", [(306, 240), (262, 208), (286, 180), (248, 158)], [30, 19, 10, 4])
    m.blob("flowers", 36, 206, 40, 15)
    m.blob("flowers", 232, 178, 26, 8)
    m.tree(296, 196, 13, 104)
    m.tree(272, 186, 8, 58)
    m.tree(20, 184, 10, 70)
    m.blob("trees", 226, 232, 26, 16)
    return m.labels


RAMPS = {
    "sky": [(70, 122, 190), (98, 158, 214), (136, 188, 226), (178, 210, 226), (226, 222, 200)],
    "sun": [(250, 176, 60), (255, 208, 90), (255, 236, 150), (255, 250, 214)],
    "cloud": [(150, 166, 204), (196, 200, 222), (242, 232, 222), (255, 250, 238)],
    "snow": [(132, 150, 200), (182, 190, 224), (232, 232, 240), (255, 246, 232)],
    "rock": [(62, 62, 112), (92, 84, 136), (136, 116, 150), (190, 154, 150), (222, 188, 160)],
    "hill": [(36, 84, 96), (54, 112, 106), (84, 138, 112), (128, 166, 118)],
    "meadow": [(74, 118, 48), (112, 152, 52), (156, 184, 66), (206, 210, 92), (236, 226, 132)],
    "water": [(20, 52, 96), (28, 84, 138), (54, 120, 172), (112, 164, 194), (208, 222, 218)],
    "path": [(150, 104, 92), (196, 144, 104), (228, 182, 126), (248, 216, 164)],
    "flowers": [(56, 98, 44), (92, 132, 48), (140, 164, 60), (186, 190, 84)],
    "trees": [(12, 36, 40), (20, 62, 44), (44, 94, 44), (96, 134, 52), (168, 176, 78)],
}
# Layers of strokes, coarse to fine: (length, width, bend, density).
LAYERS = {
    "sky": [(22, 7, 1, 3), (15, 3.2, 1, 1.6), (11, 2.0, 1, 0.5)],
    "sun": [(9, 4, 1, 3), (6, 2.2, 1, 1.5)],
    "cloud": [(12, 6, 2, 3), (8, 3.4, 3, 1.7), (6, 2.0, 3, 0.7)],
    "snow": [(10, 4, 0, 3), (8, 2.2, 0, 1.6)],
    "rock": [(14, 5, 0, 3), (10, 2.6, 0.5, 1.7), (7, 1.6, 0.5, 0.7)],
    "hill": [(12, 5, 1, 3), (8, 2.8, 1, 1.6), (4, 1.8, 1, 0.7)],
    "meadow": [(14, 5, 1, 3), (8, 2.0, 1, 1.7), (7, 1.2, 2, 0.9)],
    "water": [(24, 5, 0.5, 3), (16, 2.4, 0.4, 1.7), (11, 1.3, 0.3, 0.7)],
    "path": [(12, 4, 1, 3), (9, 2.2, 1, 1.5), (5, 1.3, 1, 0.5)],
    "flowers": [(10, 4, 1, 3), (6, 1.8, 1, 1.7)],
    "trees": [(8, 5, 2, 3), (5, 2.8, 2, 1.7), (3.4, 1.7, 2, 1.3)],
}


def clumps(rng, spacing):
    """Shade in [-1, 1] of foliage: rounded heaps, lit from above and the left."""
    count = int(HEIGHT * WIDTH / spacing**2 * 1.4)
    centers = rng.random((count, 2)) * (WIDTH, HEIGHT)
    points = np.stack([X.ravel(), Y.ravel()], -1)
    distance, nearest = cKDTree(centers * (1, 1.2)).query(points * (1, 1.2))
    offset = points - centers[nearest]
    facing = -(offset @ np.array([0.55, 0.85])) / spacing
    return np.clip(1.7 * facing - 0.5 * distance / spacing, -1, 1).reshape(HEIGHT, WIDTH)


def shades(rng):
    """How light each region is at each pixel: {name: ``(H, W)`` around [0, 1]}."""
    size = (HEIGHT, WIDTH)
    crest = noise(rng, size, 7)
    facet = np.tanh(2.2 * (np.gradient(crest, axis=1) * 5 + 0.5 * noise(rng, size, (9, 3))))
    heap = clumps(rng, 15)
    leaf = clumps(rng, 8)
    return {
        "sky": 0.42 + 0.2 * noise(rng, size, (6, 26)) + 0.08 * noise(rng, size, 3),
        "sun": 0.6 + 0.25 * noise(rng, size, 4),
        "cloud": 0.66 + 0.34 * heap + 0.1 * noise(rng, size, 3),
        "snow": 0.62 + 0.36 * facet,
        "rock": 0.44 + 0.34 * facet + 0.08 * noise(rng, size, 3),
        "hill": 0.5 + 0.3 * leaf + 0.12 * noise(rng, size, 5),
        "meadow": 0.52 + 0.2 * noise(rng, size, (3, 18)) + 0.12 * noise(rng, size, 3),
        "water": 0.42 + 0.26 * noise(rng, size, (1.2, 12)) + 0.12 * noise(rng, size, (3, 20)),
        "path": 0.6 + 0.28 * noise(rng, size, (1.8, 7)),
        "flowers": 0.5 + 0.24 * noise(rng, size, 4),
        "trees": 0.4 + 0.24 * heap + 0.26 * leaf,
    }


def directions(rng, labels):
    """Which way the strokes of each region run: {name: angles ``(H, W)``}."""
    size = (HEIGHT, WIDTH)
    sun = labels == NAMES.index("sun")
    sun_y, sun_x = Y[sun].mean(), X[sun].mean()
    around = np.arctan2(Y - sun_y, X - sun_x) + np.pi / 2
    near = np.exp(-((np.hypot(Y - sun_y, X - sun_x) / 42) ** 2))
    flow = 0.55 * noise(rng, size, 16)
    swirl = np.angle(near * np.exp(2j * around) + (1 - near) * np.exp(2j * flow)) / 2
    slope = np.where(noise(rng, size, 8) > 0, 1.0, -1.0)
    return {
        "sky": swirl,
        "sun": around,
        "cloud": 1.2 * noise(rng, size, 7),
        "snow": slope * 0.9,
        "rock": slope * 0.85 + 0.15 * noise(rng, size, 4),
        "hill": 0.3 * noise(rng, size, 8) + 0.5,
        "meadow": -1.35 + 0.35 * noise(rng, size, 10),
        "water": 0.06 * noise(rng, size, 10),
        "path": 0.25 * noise(rng, size, 6),
        "flowers": -1.4 + 0.4 * noise(rng, size, 6),
        "trees": -1.2 + 1.1 * noise(rng, size, 5),
    }


def paint(labels, seed):
    """The painting of a label map, uint8 ``(H, W, 3)``."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(HEIGHT, WIDTH, (0.55, 0.5, 0.4), rng)
    light, angles = shades(rng), directions(rng, labels)
    for index, name in enumerate(NAMES):
        mask = labels == index
        colors = ramp(np.clip(light[name], 0, 1), RAMPS[name])
        canvas.prime(mask, colors)
        for layer, (length, width, bend, density) in enumerate(LAYERS[name]):
            brush = Brush(length, width, bend, variation=0.035 + 0.012 * layer, density=density)
            canvas.fill(mask, brush, angles[name], np.clip(colors + 0.03 * layer - 0.03, 0, 1))
    accents(canvas, labels, rng)
    return canvas.finish()


def accents(canvas, labels, rng):
    """Dabs on top: blossoms, glints on the water, sunlit leaves."""
    blossoms = [(0.86, 0.16, 0.14), (0.94, 0.34, 0.2), (0.78, 0.08, 0.18), (0.98, 0.84, 0.8)]
    dab(canvas, labels == NAMES.index("flowers"), 0.085, (2.6, 2.2), blossoms, rng)
    dab(canvas, labels == NAMES.index("meadow"), 0.006, (2.0, 1.8), [(0.98, 0.95, 0.7)], rng)
    glints = [(0.96, 0.95, 0.86), (0.8, 0.9, 0.93)]
    dab(canvas, labels == NAMES.index("water"), 0.012, (7.0, 1.0), glints, rng)


def dab(canvas, mask, density, size, colors, rng):
    """Strokes of nearly one direction and a few plain colors, ``density`` per pixel."""
    rows, cols = np.nonzero(mask)
    for index in rng.integers(len(rows), size=int(density * len(rows))):
        color = colors[rng.integers(len(colors))]
        brush = Brush(size[0] * rng.uniform(0.8, 1.2), size[1] * rng.uniform(0.8, 1.2), 0.3)
        canvas.stroke(cols[index], rows[index], 0.15 * rng.normal(), brush, color)
