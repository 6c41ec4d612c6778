"""Two deserts: soft label maps, and what a camera would have seen of either.

A soft map is drawn with blurred edges: most of its pixels near an outline have the color of no
label. The photograph depends on the sharp map and a seed.
"""

import numpy as np
from painter import noise, ramp, shrink, to_bytes
from scipy import ndimage

HEIGHT, WIDTH, FACTOR = 240, 320, 2
SIZE = (HEIGHT * FACTOR, WIDTH * FACTOR)
Y, X = np.mgrid[: SIZE[0], : SIZE[1]] / FACTOR  # in final pixels
COLORS = {  # far to near
    "sky": (128, 178, 226),
    "cloud": (240, 238, 232),
    "mesa": (176, 132, 150),
    "rock": (196, 92, 52),
    "sand": (232, 196, 128),
    "scrub": (84, 118, 62),
}
NAMES = tuple(COLORS)


class Ground:
    """A map under construction, int labels of `SIZE`; lengths are in final pixels."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.labels = np.zeros(SIZE, int)

    def put(self, name, mask):
        """Give the pixels of a bool mask a name."""
        self.labels[mask] = NAMES.index(name)

    def wobble(self, sigma, amount):
        """Irregularity for an outline."""
        return amount * noise(self.rng, SIZE, np.multiply(sigma, FACTOR))

    def cloud(self, x, y, width, height):
        """A flat streak with a ragged edge."""
        edge = np.hypot((X - x) / width, (Y - y) / height) + self.wobble((3, 9), 0.16)
        self.put("cloud", edge < 1)

    def mesas(self, line):
        """A far range under ``line``, in steps."""
        steps = np.floor(self.wobble((200, 12), 2.2)) * 5
        self.put("mesa", line + steps + self.wobble(3, 0.7) < Y)

    def tower(self, x, top, width, foot):
        """A steep rock that stands on its own rubble."""
        down = np.clip((Y - top) / (foot - top), 0, 1)
        half = width * (0.8 + 0.25 * down + 0.8 * np.clip(down - 0.68, 0, 1) * 2)
        ledge = self.wobble((5, 60), 1.8) + self.wobble((2, 4), 0.8)
        self.put("rock", (np.abs(X - x) < half + ledge) & (top + ledge < Y) & (foot > Y))

    def window(self, x, y, width, height, behind):
        """A hole in a rock, through which one sees the label ``behind``."""
        radius = np.hypot((X - x) / width, (Y - y) / height) + self.wobble(5, 0.07)
        self.put(behind, (radius < 1) & (self.labels == NAMES.index("rock")))

    def sand(self, line):
        """Everything under ``line``."""
        self.put("sand", line + self.wobble((2, 14), 1.2) < Y)

    def scrub(self, x, y, width, height):
        """A patch of bushes."""
        radius = np.hypot((X - x) / width, (Y - y) / height) + self.wobble(3.5, 0.22)
        self.put("scrub", radius < 1)


def first_map():
    """Two towers and an arch on the left."""
    g = Ground(3)
    g.cloud(236, 34, 74, 9)
    g.cloud(120, 20, 46, 6)
    g.mesas(136 + 0.03 * X)
    g.tower(70, 66, 56, 172)
    g.window(74, 132, 25, 36, "sky")
    g.tower(214, 50, 19, 170)
    g.tower(280, 92, 27, 172)
    g.sand(162 + 4 * np.sin(X / 40))
    for x, y, width, height in [(160, 178, 34, 7), (40, 208, 44, 13), (250, 218, 52, 14)]:
        g.scrub(x, y, width, height)
    return g.labels


def second_map():
    """A wall with an arch on the right, a lone tower on the left."""
    g = Ground(8)
    g.cloud(70, 44, 62, 10)
    g.cloud(262, 24, 52, 6)
    g.mesas(132 - 0.02 * X)
    g.tower(58, 84, 22, 168)
    g.tower(222, 60, 74, 172)
    g.window(236, 134, 34, 38, "sky")
    g.sand(158 + 5 * np.sin(X / 34 + 2))
    for x, y, width, height in [(120, 174, 30, 6), (266, 206, 46, 13), (60, 222, 56, 13)]:
        g.scrub(x, y, width, height)
    return g.labels


def soft_colors(labels, blur=2.2):
    """The colors of the map with blurred edges, uint8 ``(HEIGHT, WIDTH, 3)``."""
    flat = np.array(list(COLORS.values()), float)[labels] / 255
    soft = ndimage.gaussian_filter(flat, (blur * FACTOR, blur * FACTOR, 0), mode="nearest")
    return to_bytes(shrink(soft, FACTOR))


def photograph(labels, seed):
    """What a camera sees of the sharp map, uint8 ``(HEIGHT, WIDTH, 3)``."""
    rng = np.random.default_rng(seed)
    layers = np.stack([SURFACES[name](rng) for name in NAMES])
    rock = labels == NAMES.index("rock")
    image = np.take_along_axis(layers, labels[None, ..., None], 0)[0]
    # The sun stands on the left: edges that face it are bright, the others lie in the shade.
    body = ndimage.gaussian_filter(rock.astype(float), (6, 10))
    facing = np.gradient(body, axis=1) * 14
    image = np.where(rock[..., None], image * (1 + np.clip(facing, -0.55, 0.4))[..., None], image)
    image = ndimage.gaussian_filter(image, (0.7, 0.7, 0))  # the lens
    return to_bytes(shrink(image, FACTOR) + 0.006 * rng.normal(size=(HEIGHT, WIDTH, 1)))


def _field(rng, sigma):
    return noise(rng, SIZE, np.multiply(sigma, FACTOR))


def _sky(rng):
    tone = 0.9 * Y / 150 + 0.03 * _field(rng, (6, 30))
    return ramp(np.clip(tone, 0, 1), [(70, 124, 190), (122, 172, 220), (196, 214, 226)])


def _cloud(rng):
    tone = 0.62 + 0.22 * _field(rng, (3, 9)) + 0.08 * _field(rng, (1.5, 4))
    return ramp(np.clip(tone, 0, 1), [(166, 182, 206), (222, 224, 230), (252, 250, 244)])


def _mesa(rng):
    tone = 0.5 + 0.2 * np.sin(Y / 1.9 + _field(rng, (8, 30))) + 0.16 * _field(rng, (6, 2))
    return ramp(np.clip(tone, 0, 1), [(122, 96, 122), (164, 128, 142), (204, 168, 164)])


def _rock(rng):
    bent = Y + 2.2 * _field(rng, (12, 30)) + 0.6 * _field(rng, 2)
    beds = np.interp(bent % 31, [0, 3, 5, 12, 14, 21, 23, 28, 31], [4, 9, 3, 6, 2, 7, 5, 8, 4])
    cracks = np.exp(-((_field(rng, (13, 2.2)) / 0.2) ** 2))
    blocks = np.gradient(_field(rng, (6, 3)), axis=1) * 3.4
    tone = beds / 11 + 0.13 * blocks - 0.3 * cracks + 0.07 * _field(rng, 0.9)
    shades = [(74, 34, 30), (142, 62, 40), (190, 98, 58), (224, 146, 94), (244, 196, 148)]
    return ramp(np.clip(tone, 0, 1), shades)


def _sand(rng):
    near = np.clip((Y - 140) / 100, 0.08, 1)  # ripples are wider where they are near
    wave = np.sin(60 * np.log(near + 0.35) + 1.3 * _field(rng, (6, 22)) + X / 60)
    tone = 0.56 + 0.2 * wave * near**0.5 + 0.1 * _field(rng, (5, 26)) + 0.05 * _field(rng, 0.8)
    return ramp(np.clip(tone, 0, 1), [(158, 112, 72), (214, 168, 110), (238, 206, 152)])


def _scrub(rng):
    leaf = _field(rng, 2.6) + 0.6 * _field(rng, 1.1)
    lit = np.gradient(leaf, axis=0) + 0.7 * np.gradient(leaf, axis=1)
    tone = 0.36 + 0.16 * leaf - 0.5 * lit
    return ramp(np.clip(tone, 0, 1), [(24, 34, 24), (64, 84, 42), (122, 140, 74), (196, 192, 124)])


SURFACES = {
    "sky": _sky,
    "cloud": _cloud,
    "mesa": _mesa,
    "rock": _rock,
    "sand": _sand,
    "scrub": _scrub,
}
