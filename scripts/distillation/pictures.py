"""Batches of random crops of a folder of pictures, as uint8 arrays in memory."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from PIL import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def list_pictures(folder: str | Path) -> list[Path]:
    """The picture files of a folder, sorted by name."""
    return sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)


def split(paths: Sequence[Path], held_out: int) -> tuple[list[Path], list[Path], list[Path]]:
    """Training, validation and held-out pictures: two combs of `held_out` teeth taken out.

    Held out are the pictures floor(k·N / held_out) of the sorted list, validation those half a
    tooth later; validation is for choosing between variants, so that the held-out stay unseen.
    """
    step = len(paths) / held_out
    test = [paths[int(k * step)] for k in range(held_out)]
    validation = [paths[int((k + 0.5) * step)] for k in range(held_out)]
    apart = {*test, *validation}
    return [p for p in paths if p not in apart], validation, test


def read_fitted(path: str | Path, width: int = 288, height: int = 192) -> np.ndarray:
    """A picture at width x height, or height x width if upright: the middle, resized; uint8."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    if picture.height > picture.width:
        width, height = height, width
    scale = min(picture.width / width, picture.height / height)
    crop_w, crop_h = round(width * scale), round(height * scale)
    left, top = (picture.width - crop_w) // 2, (picture.height - crop_h) // 2
    box = (left, top, left + crop_w, top + crop_h)
    return np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS, box=box))


class Crops(keras.utils.PyDataset):
    """Endless random crops; each item is a batch uint8 (batch, size, size, 3), given as (x, x).

    The first half of a batch are queries and the second half references for the relational
    losses: reference k comes from the same picture as query k in half of the cases, so that there
    are good matches, and from another otherwise. Pictures are held at several scales; crops are
    flipped and turned by quarter turns. A share of flat label maps in random colors is mixed in,
    since label maps are what the program is often given.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        batch: int = 64,
        size: int = 128,
        steps: int = 250,
        seed: int = 0,
        label_maps: float = 0.06,
        first_item: int = 0,
        workers: int = 1,
    ):
        super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=16)
        self.batch, self.size, self.steps, self.seed = batch, size, steps, seed
        self.label_maps, self.first_item = label_maps, first_item
        self.pictures = [_scales(path, size) for path in paths]

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int):
        rng = np.random.default_rng((self.seed, self.first_item + index))
        half = self.batch // 2
        chosen = rng.integers(len(self.pictures), size=self.batch)
        same = rng.random(half) < 0.5
        chosen[half : 2 * half][same] = chosen[:half][same]
        out = np.empty((self.batch, self.size, self.size, 3), np.uint8)
        for slot, picture in zip(out, chosen, strict=True):
            if rng.random() < self.label_maps:
                slot[...] = label_map(rng, self.size)
            else:
                slot[...] = self._crop(rng, self.pictures[picture])
        return out, out

    def on_epoch_end(self) -> None:
        """Other crops in the next epoch."""
        self.first_item += self.steps

    def _crop(self, rng: np.random.Generator, scales: Sequence[np.ndarray]) -> np.ndarray:
        picture = scales[int(rng.integers(len(scales)))]
        top = rng.integers(picture.shape[0] - self.size + 1)
        left = rng.integers(picture.shape[1] - self.size + 1)
        crop = picture[top : top + self.size, left : left + self.size]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        if rng.random() < 0.3:
            crop = np.rot90(crop, int(rng.integers(1, 4)))
        return crop


def label_map(rng: np.random.Generator, size: int) -> np.ndarray:
    """Smooth regions of 2 to 5 flat random colors, uint8 (size, size, 3)."""
    count = rng.integers(2, 6)
    coarse = rng.integers(3, 10)
    fields = rng.normal(size=(count, coarse, coarse)).astype(np.float32)
    grown = [
        Image.fromarray(field).resize((size, size), Image.Resampling.BICUBIC) for field in fields
    ]
    labels = np.stack([np.asarray(field) for field in grown]).argmax(0)
    return rng.integers(0, 256, (count, 3)).astype(np.uint8)[labels]


def _scales(path: Path, size: int) -> list[np.ndarray]:
    """A picture at the size of the collection (481 px at most), and at 0.75 and 0.55 of it."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    full = min(1.0, 640 / max(picture.size))
    scales = []
    for factor in (full, full, 0.75 * full, 0.55 * full):
        factor = max(factor, (size + 1) / min(picture.size))
        shape = (round(picture.width * factor), round(picture.height * factor))
        scales.append(np.asarray(picture.resize(shape, Image.Resampling.LANCZOS)))
    return scales
