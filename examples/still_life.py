"""Fruit on a table, rendered by marching rays through signed distances: the content pictures.

Positions are ``(..., 3)`` arrays: x to the right, y up, z towards the viewer; the table is y = 0.
"""

import numpy as np
from painter import noise, shrink, to_bytes

LIGHT = np.array([-0.55, 0.75, 0.5]) / np.linalg.norm([-0.55, 0.75, 0.5])
EYE = np.array([0.0, 1.7, 6.0])
TABLE = -1  # the index that `nearest` gives to the table


def sphere(p, center, radius):
    """Distance to a sphere."""
    return np.linalg.norm(p - np.asarray(center), axis=-1) - radius


def smooth_union(first, second, blend):
    """Two distances joined with a rounded seam."""
    mix = np.clip(0.5 + 0.5 * (second - first) / blend, 0, 1)
    return second + (first - second) * mix - blend * mix * (1 - mix)


def revolved(p, x, z, profile):
    """A body of revolution about a vertical axis; ``profile`` lists ``(height, radius)``."""
    heights, radii = np.array(profile).T
    around = np.hypot(p[..., 0] - x, p[..., 2] - z)
    radius = np.interp(p[..., 1], heights, radii)
    return np.maximum(
        0.6 * (around - radius), np.abs(p[..., 1] - heights.mean()) - np.ptp(heights) / 2
    )


def apple(p, x, z, size=0.55):
    """A sphere with a dimple on top."""
    body = sphere(p, (x, size * 0.95, z), size)
    dimple = sphere(p, (x, size * 2.2, z), size * 0.5)
    return -smooth_union(-body, dimple, 0.25 * size)


def pear(p, x, z, size=0.55):
    """Two spheres, grown together."""
    top = sphere(p, (x + 0.08, size * 2.15, z), size * 0.45)
    return smooth_union(sphere(p, (x, size * 0.97, z), size), top, size * 0.8)


def bottle(p, x, z):
    """Broad shoulders, a narrow neck and a lip."""
    curve = np.linspace(0, 1, 60)
    shoulder = 0.5 - 0.34 / (1 + np.exp(-(curve - 0.62) * 28))
    lip = 0.05 * np.exp(-(((curve - 0.97) / 0.025) ** 2))
    return revolved(p, x, z, np.stack([curve * 2.7, shoulder + lip], -1))


def bowl(p, x, z):
    """A hollow half sphere on a foot."""
    shell = np.abs(sphere(p, (x, 0.95, z), 0.9)) - 0.05
    cut = np.maximum(shell, p[..., 1] - 0.8)
    return np.minimum(cut, revolved(p, x, z, [(0.0, 0.4), (0.12, 0.34)]))


# (shape, its arguments, color)
FIRST = [
    (bottle, (-1.15, -0.9), (52, 104, 78)),
    (apple, (0.15, 0.55), (196, 48, 38)),
    (apple, (1.25, 0.9, 0.5), (222, 172, 62)),
    (pear, (1.0, -0.35, 0.62), (172, 178, 74)),
    (sphere, ((-0.75, 0.3, 1.2), 0.3), (98, 52, 110)),
    (sphere, ((-1.3, 0.3, 0.75), 0.3), (112, 60, 118)),
]
SECOND = [
    (bowl, (0.35, -0.1), (226, 214, 190)),
    (sphere, ((0.1, 0.85, 0.0), 0.42), (226, 132, 40)),
    (sphere, ((0.75, 0.95, -0.2), 0.4), (230, 148, 50)),
    (sphere, ((0.5, 0.75, 0.35), 0.36), (214, 116, 40)),
    (pear, (-1.2, 0.5, 0.55), (148, 170, 62)),
    (apple, (1.6, 0.95, 0.45), (176, 44, 44)),
]


def nearest(scene, p):
    """The distance to the scene and the index of the nearest thing, each ``(...)``."""
    distances = [shape(p, *arguments) for shape, arguments, _ in scene] + [p[..., 1]]
    stacked = np.stack(distances)
    index = stacked.argmin(0)
    return stacked.min(0), np.where(index == len(scene), TABLE, index)


def march(scene, start, ray, steps, far):
    """How far each ray goes until it touches something, and its closest miss by angle."""
    way, clear = np.full(ray.shape[:-1], 0.02), np.ones(ray.shape[:-1])
    for _ in range(steps):
        distance, _ = nearest(scene, start + way[..., None] * ray)
        clear = np.minimum(clear, np.clip(9 * distance / way, 0, 1))
        way = np.minimum(way + 0.85 * distance, far)
    return way, clear


def seen(scene, rows, cols):
    """Rays from the eye, the points that they end at, what is there, and where that is the wall."""
    y, x = np.mgrid[:rows, :cols]
    target = np.stack(
        [(x - cols / 2) / rows * 4.4, 0.78 - (y - rows / 2) / rows * 4.4, np.zeros((rows, cols))],
        -1,
    )
    ray = target - EYE
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    way, _ = march(scene, EYE, ray, 90, 14)
    point = EYE + way[..., None] * ray
    _, index = nearest(scene, point)
    return ray, point, index, point[..., 2] < -2.6


def things(scene, height, width):
    """Where there is something on the table, uint8 ``(height, width)``: 255, else 0."""
    _, _, index, wall = seen(scene, height, width)
    return np.uint8(255) * ((index != TABLE) & ~wall)


def render(scene, height, width, seed):
    """A picture of a scene, uint8 ``(height, width, 3)``."""
    rng, factor = np.random.default_rng(seed), 2
    rows, cols = height * factor, width * factor
    y, x = np.mgrid[:rows, :cols]
    ray, point, index, wall = seen(scene, rows, cols)
    steps = 0.002 * np.eye(3)
    normal = np.stack(
        [nearest(scene, point + s)[0] - nearest(scene, point - s)[0] for s in steps], -1
    )
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9
    lit = np.clip(normal @ LIGHT, 0, None)
    _, shadow = march(scene, point + 0.02 * normal, np.broadcast_to(LIGHT, point.shape), 40, 6)
    near, _ = nearest(scene, point + 0.3 * normal)
    occlusion = 0.25 + 0.75 * np.clip(near / 0.3, 0, 1)
    half = LIGHT - ray
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    glow = np.clip((normal * half).sum(-1), 0, 1) ** 60 * shadow * (index != TABLE)
    colors = np.array([color for _, _, color in scene] + [(158, 116, 82)]) / 255
    grain = noise(rng, (rows, cols), (2, 60)) * 0.05 + noise(rng, (rows, cols), 5) * 0.02
    base = colors[index] * (1 + grain[..., None] * np.where(index == TABLE, 2, 0.3)[..., None])
    warm, cool = np.array([1.0, 0.95, 0.84]), np.array([0.26, 0.28, 0.36])
    image = base * ((lit * shadow)[..., None] * warm + occlusion[..., None] * cool)
    image += 0.6 * glow[..., None]
    fade = np.exp(-(((x / cols - 0.3) / 0.6) ** 2) - (((y / rows - 0.2) / 0.7) ** 2))
    backdrop = np.array([0.2, 0.22, 0.25]) + fade[..., None] * np.array([0.26, 0.25, 0.22])
    image = np.where(wall[..., None], backdrop * (1 + 0.4 * grain[..., None]), image)
    return to_bytes(shrink(np.clip(image, 0, 1) ** (1 / 1.3), factor))


def apple_mask():
    """Where the apple of the first table stands, with its shadow: uint8 `(192, 256)`."""
    rows, cols = np.mgrid[:192, :256]
    apple = ((rows - 114) / 34) ** 2 + ((cols - 137) / 33) ** 2 < 1
    shadow = ((rows - 139) / 11) ** 2 + ((cols - 150) / 32) ** 2 < 1
    return np.uint8(255) * (apple | shadow)
