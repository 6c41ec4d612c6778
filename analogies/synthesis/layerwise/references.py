"""Several pictures as one reference in `--match-mode layer`; see `joint.references` for the other.

Each layer's maps are put below one another and matched as one. Maps are not padded here, so that a
place in the stack of one layer is not the same place in that of another.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import tensorflow as tf

from analogies.images.resampling import resize
from analogies.matching.augmentation import Copy, below_one_another, whole_patches
from analogies.synthesis.copies import copies_of
from analogies.synthesis.guides import Maps, guide_maps
from analogies.synthesis.joint.maps import Maps as LayerMaps
from analogies.synthesis.method import Setting
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import Part, References, label

if TYPE_CHECKING:
    from analogies.synthesis.layerwise.steps import LayerSteps


def set_several(steps: "LayerSteps", references: References, level: Level) -> Setting:
    """The scene of a level whose reference is several pictures.

    Args:
        steps: of the run.
        references: the first pair's size at this level is `level.size_a`, the others'
            `level.size_pairs`.
        level: of the pyramid.

    Returns:
        the scene, and what lies where in the field that `LayerMethod.shown` shows, in cells.
    """
    given = guide_maps(references)
    copies = [
        (number, copy)
        for number, size in enumerate((level.size_a, *level.size_pairs), 1)
        if size is not None
        for copy in _copies(references, number - 1, size, given)
        if min(copy.pixels.shape[:2]) >= steps.smallest_side
    ]
    weighted = steps.options.layers()
    guided, matched = weighted.get("analogy_layers", ()), weighted.get("mrf_layers", ())
    matched = tuple(dict.fromkeys((*matched, *guided)))
    seen = [steps.network.features(copy.pixels[..., 3:6]) for _, copy in copies]
    seen_a = [steps.network.features(copy.pixels[..., :3]) for _, copy in copies if guided]
    k = steps.options.patch_size
    bias = {name: whole_patches(_insides(copies, steps, name), k) for name in matched}
    whole = [maps for (_, copy), maps in zip(copies, seen, strict=True) if _is_whole(copy)]
    grams = [steps.grams(maps) for maps in whole]
    style = {name: tf.add_n([g[name] for g in grams]) / len(grams) for name in grams[0]}
    maps_b = steps.network.features(resize(references.b, level.size_b))
    guides: tuple[LayerMaps, LayerMaps] = ({}, {})
    if given is not None:
        each = [
            steps.guide_maps(copy.pixels[..., 6:], maps)
            for (_, copy), maps in zip(copies, seen, strict=True)
        ]
        of_a = {name: below_one_another([maps[name] for maps in each]) for name in each[0]}
        guides = of_a, steps.guide_maps(resize(given[1], level.size_b), maps_b)
    scene = steps.scene_of_maps(
        {name: below_one_another([maps[name] for maps in seen_a]) for name in guided},
        {name: below_one_another([maps[name] for maps in seen]) for name in matched},
        maps_b,
        style,
        tf.constant(level.size_b),
        {name: values[..., tf.newaxis] for name, values in bias.items()},
        guides,
    )
    heights = [maps[matched[0]].shape[0] for maps in seen] if matched else None
    return Setting(scene, _parts(copies, heights) if len(copies) > 1 else ())


def _copies(
    references: References, pair: int, size: tuple[int, int], guides: Maps | None
) -> list[Copy]:
    """A pair and its guides at a size, and copies of them."""
    pictures = [resize(picture, size) for picture in references.pairs[pair]]
    of_a = None if guides is None else resize(guides[0][pair], size)
    return copies_of(references, pair, size, pictures, of_a)


def _is_whole(copy: Copy) -> bool:
    """Whether a copy is the picture as given."""
    return (copy.angle, copy.factor) == (0.0, 1.0)


def _insides(
    copies: Sequence[tuple[int, Copy]], steps: "LayerSteps", layer: str
) -> list[tf.Tensor]:
    """1 for the cells of a layer that lie inside their copy as a whole, `(h, w, 1)` each."""
    side = steps.network.strides[layer]
    return [
        -tf.nn.max_pool2d(-copy.inside[tf.newaxis], side, side, "VALID")[0] for _, copy in copies
    ]


def _parts(copies: Sequence[tuple[int, Copy]], heights: Sequence[int] | None) -> tuple[Part, ...]:
    parts, top = [], 0
    for (number, copy), height in zip(copies, heights or [0] * len(copies), strict=True):
        size = (int(copy.pixels.shape[0]), int(copy.pixels.shape[1]))
        parts.append(Part(label(number, copy.angle, copy.factor), _is_whole(copy), top, size))
        top += height
    return tuple(parts)
