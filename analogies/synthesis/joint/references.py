"""Several pictures as one reference: further pairs, and turned and scaled copies of A and A'.

The pictures' maps are put below one another and matched as one; a bias keeps patches off the
seams and off what a rotation left empty. As maps of all strides are stacked alike, a place in the
stack means the same place in every layer and in the pixels.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from analogies.images.colors import match_colors
from analogies.images.resampling import resize
from analogies.matching.augmentation import augmented, below_one_another, whole_patches
from analogies.matching.field import NearestNeighborField
from analogies.synthesis.joint import pixel_rule as prediction
from analogies.synthesis.joint.method import Scene, Stages
from analogies.synthesis.joint.views import Maps, Seen
from analogies.synthesis.pyramid import Level

Pair = tuple[tf.Tensor, tf.Tensor]


@dataclass(frozen=True)
class Part:
    """One picture of the stack.

    Attributes:
        label: what it is, for people.
        whole: whether it is a picture as given, neither turned nor scaled.
        top: px, its first row in the stack.
        size: `(height, width)` in px, padded to whole cells.
    """

    label: str
    whole: bool
    top: int
    size: tuple[int, int]


class References:
    """The pictures that patches come from, and where they lie in the reference of a level.

    Args:
        pairs: of A and A' at full size, `(h, w, 3)` in [0, 255].
        rotations, rescales: see `augmented`.
    """

    def __init__(
        self, pairs: Sequence[tuple[np.ndarray, np.ndarray]], rotations: int, rescales: int
    ) -> None:
        self._pairs = [_tensors(*pair) for pair in pairs]
        self._copies = rotations, rescales
        self.several = len(pairs) > 1 or any(self._copies)
        self._parts: tuple[Part, ...] = ()
        self._cell = 1

    def set_scene(self, stages: Stages, b: tf.Tensor, level: Level) -> Scene:
        """The scene of a level for B at full size; see `Stages.set_scene`."""
        self._cell = level.cell
        if self.several:
            make: Any = set_scene
            if stages.options.match_mode == "layer":
                from analogies.synthesis.layerwise.references import (
                    set_scene as make,  # made of this
                )
            scene, self._parts = make(stages, self._pairs, b, level, *self._copies)
            return scene
        sizes = tf.constant(level.size_a), tf.constant(level.size_b)
        return stages.run("set_scene", *self._pairs[0], b, *sizes, tf.constant(level.cell))

    def shares(self, field: NearestNeighborField | None) -> dict[str, float]:
        """{label: share of the level's matches that lie in it}, the largest first, if several."""
        if field is None or not self.several:
            return {}
        tops = np.array([part.top // self._cell for part in self._parts])
        index = np.searchsorted(tops, np.asarray(field.rows).ravel(), side="right") - 1
        counts = np.bincount(index, minlength=len(tops)) / max(index.size, 1)
        order = np.argsort(-counts, kind="stable")
        return {self._parts[i].label: float(counts[i]) for i in order if counts[i]}

    def boxes(self, scene: Scene, random: np.random.Generator, shape: tuple[int, ...]) -> Any:
        """First row, rows and columns in cells of a picture as given, drawn at random.

        Args:
            scene: of the level.
            random: is not asked where there is one picture.
            shape: of each of the three arrays; with one picture they are integers.
        """
        if not self.several:
            return 0, *scene.reference.shape[:2]
        whole = [part for part in self._parts if part.whole]
        found = np.array([(part.top, *part.size) for part in whole]) // self._cell
        return np.moveaxis(found[random.integers(0, len(found), shape)], -1, 0)


class Together:
    """What the network sees of several pictures; like `Seen` of all of them in one.

    Args:
        seen: of each picture.
        areas: px of each, as norms and Gram matrices weigh them: 0 for copies.
    """

    def __init__(self, seen: Sequence[Seen], areas: Sequence[float]) -> None:
        self._seen, self._areas = seen, areas

    def maps(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """The maps of some layers, below one another."""
        names = tuple(layers)
        each = [seen.maps(names) for seen in self._seen]
        return {name: below_one_another([maps[name] for maps in each]) for name in names}

    def grams(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """Their Gram matrices over all pictures as given, `(c, c)`."""
        names = tuple(layers)
        return self._mean([seen.grams(names) for seen in self._counted()])

    def norms(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """Their typical norms over all pictures as given, scalars."""
        names = tuple(layers)
        each = [seen.norms(names) for seen in self._counted()]
        squares = [{name: norm**2 for name, norm in norms.items()} for norms in each]
        return {name: tf.sqrt(square) for name, square in self._mean(squares).items()}

    def joint(self, norms: Maps, cell: tf.Tensor, axes: Maps | None = None) -> tf.Tensor:
        """One half of the joint maps, below one another; without axes, cells as given in a row."""
        if axes is None:
            maps = [seen.joint(norms, cell) for seen in self._counted()]
            return tf.concat([tf.reshape(x, (1, -1, x.shape[-1])) for x in maps], axis=1)
        return below_one_another([seen.joint(norms, cell, axes) for seen in self._seen])

    def _counted(self) -> list[Seen]:
        return [seen for seen, area in zip(self._seen, self._areas, strict=True) if area]

    def _mean(self, values: Sequence[Mapping[str, tf.Tensor]]) -> dict[str, tf.Tensor]:
        areas = [area for area in self._areas if area]
        shares = [area / sum(areas) for area in areas]
        return {
            name: tf.add_n([x[name] * share for x, share in zip(values, shares, strict=True)])
            for name in values[0]
        }


def set_scene(
    stages: Stages, pairs: Sequence[Pair], b: tf.Tensor, level: Level, turns: int, factors: int
) -> tuple[Scene, tuple[Part, ...]]:
    """The scene of a level whose reference is several pictures.

    Args:
        stages: of the run.
        pairs: of A and A' at full size, `(h, w, 3)` in [0, 255]; the first one's size at this level
            is `level.size_a`, the others' `level.size_pairs`.
        b: `(h2, w2, 3)` in [0, 255].
        level: of the pyramid.
        turns, factors: `rotations` and `rescales` of `augmented`.
    """
    cell = tf.constant(level.cell)
    sizes = (level.size_a, *level.size_pairs)
    used = {n: size for n, size in enumerate(sizes, 1) if size is not None}
    given = {n: tuple(resize(x, size) for x in pairs[n - 1]) for n, size in used.items()}
    b = resize(b, level.size_b)
    if stages.transfer == "picture":
        b = match_colors(b, tf.concat([tf.reshape(a, (-1, 1, 3)) for a, _ in given.values()], 0))
    rule = prediction.fit(list(given.values()), b)
    base = rule.within(b)
    if stages.transfer == "picture":
        rule, base = rule._replace(explained=rule.explained * 0.0), tf.zeros_like(b)
    parts, areas, residuals, insides, seen_a, seen = [], [], [], [], [], []
    smallest = max(stages.smallest_side, level.cell * stages.options.patch_size)
    top = 0
    for number, pair in given.items():
        for copy in augmented(tf.concat(pair, -1), turns, factors):
            if min(copy.pixels.shape[:2]) < smallest:
                continue
            a, a_prime = tf.split(copy.pixels, 2, axis=-1)
            predicted = tf.zeros_like(a) if stages.transfer == "picture" else rule.of(a)
            a, a_prime, predicted = (stages.pad(x, cell) for x in (a, a_prime, predicted))
            residuals.append(a_prime - predicted)
            insides.append(_on_grid(stages.pad(copy.inside, cell), level.cell))
            seen_a.append(stages.look(a))
            seen.append(stages.look(a_prime))
            whole = (copy.angle, copy.factor) == (0.0, 1.0)
            size = (int(a.shape[0]), int(a.shape[1]))
            parts.append(Part(label(number, copy.angle, copy.factor), whole, top, size))
            areas.append(float(math.prod(size)) if whole else 0.0)
            top += size[0]
    scene = stages.scene_of(
        Together(seen_a, areas),
        Together(seen, areas),
        stages.look(stages.pad(b, cell)),
        cell,
        below_one_another(residuals),
        stages.pad(base, cell),
        rule,
        whole_patches(insides, stages.options.patch_size),
    )
    return scene, tuple(parts)


def _tensors(a: np.ndarray, a_prime: np.ndarray) -> Pair:
    return tf.convert_to_tensor(a, tf.float32), tf.convert_to_tensor(a_prime, tf.float32)


def _on_grid(inside: tf.Tensor, cell: int) -> tf.Tensor:
    """1 for the cells that lie inside as a whole, `(h / cell, w / cell, 1)`."""
    return -tf.nn.max_pool2d(-inside[tf.newaxis], cell, cell, "VALID")[0]


def label(number: int, angle: float, factor: float) -> str:
    """What a copy is, for people."""
    words = [f"pair {number}"]
    if angle:
        words.append(f"turned {math.degrees(angle):+.1f} degrees")
    if factor != 1.0:
        words.append(f"scaled {factor:.2f}")
    return ", ".join(words)
