"""A pair, what guides say of it, and turned and scaled copies of both, as far as a mask goes."""

from collections.abc import Sequence

import tensorflow as tf

from analogies.matching.augmentation import Copy, augmented
from analogies.synthesis.controls import resized_mask
from analogies.synthesis.references import References

WHOLE = 0.999  # share of a pixel that must be inside of a mask


def copies_of(
    references: References,
    pair: int,
    size: tuple[int, int],
    pictures: Sequence[tf.Tensor],
    guides: tf.Tensor | None,
) -> list[Copy]:
    """The pictures of a pair at a size and their copies, see `augmented`.

    Args:
        references: of the run, whose masks count in `Copy.inside`.
        pair: its number, from 0.
        size: `(height, width)`, px.
        pictures: A and A' at that size.
        guides: the same of the guides' maps, or None.

    Returns:
        copies of A, A' and guides, in the order of their channels.
    """
    maps = [*pictures] if guides is None else [*pictures, guides]
    mask = references.controls.usable_of(pair)
    if mask is None:
        return augmented(tf.concat(maps, -1), *references.copies)
    usable = tf.constant(resized_mask(mask, size, WHOLE)[..., None] * 255.0, tf.float32)
    found = augmented(tf.concat([*maps, usable], -1), *references.copies)
    return [
        copy._replace(
            pixels=copy.pixels[..., :-1],
            inside=copy.inside * tf.cast(copy.pixels[..., -1:] >= WHOLE * 255.0, tf.float32),
        )
        for copy in found
    ]
