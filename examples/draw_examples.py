"""Draw the example pictures of this folder: ``python examples/draw_examples.py [FOLDER]``.

Needs NumPy, SciPy and Pillow; every picture has a fixed seed. All of them are the project's own.
"""

import sys
from pathlib import Path

import desert
import emblem
import landscape
import numpy as np
import still_life
import textures
from PIL import Image


def pictures():
    """Yield ``(name, uint8 (H, W, 3) or (H, W))`` for each picture."""
    first, second = landscape.first_map(), landscape.second_map()
    yield "landscape-a", landscape.label_colors(first)
    yield "landscape-a-prime", landscape.paint(first, 1)
    yield "landscape-b", landscape.label_colors(second)
    fruit = still_life.render(still_life.FIRST, 192, 256, 3)
    bowl = still_life.render(still_life.SECOND, 192, 256, 4)
    yield "style-content", fruit
    yield "fill-mask", still_life.apple_mask()
    sky = textures.swirls(208, 256, 11)
    yield "style-painting", sky
    yield "guide-a", textures.glow(sky)
    yield "guide-b", still_life.things(still_life.FIRST, 192, 256)
    yield "texture", textures.pebbles(160, 192, 5)
    yield "texture-height", textures.pebbles(160, 192, 5, heights=True)
    yield "texture-mask", around((160, 192), 80, 100, 30, 46)
    yield "recolor-a", textures.gray(fruit)
    yield "recolor-a-prime", textures.toned(fruit)
    yield "recolor-b", textures.gray(bowl)
    stones = textures.pebbles(144, 352, 6)
    yield "superres-a", textures.blurred(stones)[:, :176]
    yield "superres-a-prime", stones[:, :176]
    yield "superres-b", textures.blurred(stones)[:, 176:]
    towers = desert.first_map()
    yield "desert-a", desert.soft_colors(towers)
    yield "desert-a-prime", desert.photograph(towers, 1)
    yield "desert-b", desert.soft_colors(desert.second_map())
    mask = emblem.mask()
    yield "emblem-a", emblem.flat(mask)
    yield "emblem-a-prime", emblem.ornamented(mask, 1)


def around(shape, row, column, height, width):
    """A mask, white in an ellipse with the given half axes."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    inside = np.hypot((rows - row) / height, (columns - column) / width) < 1
    return np.repeat(np.uint8(255) * inside[..., None], 3, axis=-1)


def main(folder=None):
    """Write every picture as PNG."""
    folder = Path(folder or Path(__file__).parent)
    for name, pixels in pictures():
        Image.fromarray(pixels).save(folder / f"{name}.png", optimize=True)
        print(f"{name}.png  {pixels.shape[1]}x{pixels.shape[0]}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
