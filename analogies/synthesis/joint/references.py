"""Several pictures as one reference of a joint map.

As maps of all strides are stacked alike, a place in the stack means the same place in every layer
and in the pixels.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import tensorflow as tf

from analogies.images.colors import match_colors
from analogies.images.resampling import resize
from analogies.matching.augmentation import below_one_another, whole_patches
from analogies.synthesis.copies import copies_of
from analogies.synthesis.guides import guide_maps
from analogies.synthesis.joint import pixel_rule
from analogies.synthesis.joint.views import Maps, Seen
from analogies.synthesis.method import Setting
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import Part, References, label

if TYPE_CHECKING:
    from analogies.synthesis.joint.steps import JointSteps


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


def set_several(steps: "JointSteps", references: References, level: Level) -> Setting:
    """The scene of a level whose reference is several pictures.

    Args:
        steps: of the run.
        references: the first pair's size at this level is `level.size_a`, the others'
            `level.size_pairs`.
        level: of the pyramid.
    """
    cell = tf.constant(level.cell)
    sizes = (level.size_a, *level.size_pairs)
    used = {n: size for n, size in enumerate(sizes, 1) if size is not None}
    given = {n: tuple(resize(x, size) for x in references.pairs[n - 1]) for n, size in used.items()}
    b = resize(references.b, level.size_b, wrap=steps.options.tiled)
    if steps.transfer == "picture":
        b = match_colors(b, tf.concat([tf.reshape(a, (-1, 1, 3)) for a, _ in given.values()], 0))
    rule = pixel_rule.fit(list(given.values()), b)
    base = rule.within(b)
    if steps.transfer == "picture":
        rule, base = rule._replace(explained=rule.explained * 0.0), tf.zeros_like(b)
    parts, areas, residuals, insides, seen_a, seen = [], [], [], [], [], []
    maps = guide_maps(references)
    guided: list[tf.Tensor] = []
    smallest = max(steps.smallest_side, level.cell * steps.options.patch_size)
    top = 0
    for number, pair in given.items():
        size = used[number]
        of_a = None if maps is None else resize(maps[0][number - 1], size)
        for copy in copies_of(references, number - 1, size, pair, of_a):
            if min(copy.pixels.shape[:2]) < smallest:
                continue
            a, a_prime = copy.pixels[..., :3], copy.pixels[..., 3:6]
            predicted = tf.zeros_like(a) if steps.transfer == "picture" else rule.of(a)
            a, a_prime, predicted = (steps.pad(x, cell) for x in (a, a_prime, predicted))
            residuals.append(a_prime - predicted)
            insides.append(_on_grid(steps.pad(copy.inside, cell), level.cell))
            seen_a.append(steps.look(a))
            seen.append(steps.look(a_prime))
            if maps is not None:
                guided.append(steps.grid(copy.pixels[..., 6:], cell))
            whole = (copy.angle, copy.factor) == (0.0, 1.0)
            padded = (int(a.shape[0]), int(a.shape[1]))
            parts.append(Part(label(number, copy.angle, copy.factor), whole, top, padded))
            areas.append(float(math.prod(padded)) if whole else 0.0)
            top += padded[0]
    scene = steps.scene_of(
        Together(seen_a, areas),
        Together(seen, areas),
        steps.look_at_b(steps.pad(b, cell)),
        cell,
        below_one_another(residuals),
        steps.pad(base, cell),
        rule,
        whole_patches(insides, steps.options.patch_size),
    )
    if maps is not None:
        of_b = steps.grid(resize(maps[1], level.size_b), cell)
        scene = steps.with_guides(scene, below_one_another(guided), of_b)
    return Setting(scene, tuple(parts) if len(parts) > 1 else ())


def _on_grid(inside: tf.Tensor, cell: int) -> tf.Tensor:
    """1 for the cells that lie inside as a whole, `(h / cell, w / cell, 1)`."""
    return -tf.nn.max_pool2d(-inside[tf.newaxis], cell, cell, "VALID")[0]
