"""Reference sets of rotated and scaled copies."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, minimum_filter, rotate

from analogies.matching import augmentation, match


def picture(seed=0, size=(60, 70)):
    noise = np.random.default_rng(seed).standard_normal((*size, 3))
    return (gaussian_filter(noise, (2, 2, 0)) * 1000).astype(np.float32)


def test_counts_sizes_and_the_picture_first():
    copies = augmentation.augmented(picture(), rotations=1, rescales=2)
    assert len(copies) == 15
    assert (copies[0].pixels.numpy() == picture()).all()
    assert {copy.pixels.shape[0] for copy in copies} == {54, 57, 60, 63, 66}
    for copy in copies:
        assert copy.inside.shape == (*copy.pixels.shape[:2], 1)
    with pytest.raises(ValueError, match="Received: rotations=-1"):
        augmentation.augmented(picture(), rotations=-1)


def test_rotation_turns_counterclockwise_as_scipy_does():
    copies = augmentation.augmented(picture(), rotations=1)
    turned = next(copy for copy in copies if copy.angle > 0)
    expected = rotate(picture(), 7.5, axes=(1, 0), reshape=False, order=3)
    keep = minimum_filter(turned.inside.numpy()[..., 0], 5, mode="constant") > 0
    assert keep.mean() > 0.6
    error = np.abs(turned.pixels.numpy() - expected)[keep]
    assert error.max() < 0.1 * expected.std()


@pytest.mark.parametrize("method", ["exact", "patchmatch"])
def test_matches_tell_their_copy_and_avoid_seams(method):
    copies = augmentation.augmented(picture(), rotations=1, rescales=1)
    references = augmentation.stack(
        [copy.pixels for copy in copies], [copy.inside for copy in copies], 3
    )
    number = 5
    query = copies[number].pixels[20:40, 20:45]
    options = {"score": "distance", "reference_bias": references.bias}
    field = match(query, references.cells, 3, method, **options)
    found = augmentation.copy_of(field, references).numpy()
    assert (found == number).mean() > 0.95
    other = match(picture(9), references.cells, 3, method, **options)
    bias = references.bias.numpy()[other.rows.numpy(), other.cols.numpy()]
    assert (bias == 0).all()


def test_patch_of_one_cell():
    copies = augmentation.augmented(picture(size=(12, 9)), rescales=1)
    references = augmentation.stack(
        [copy.pixels for copy in copies], [copy.inside for copy in copies], 1
    )
    assert references.bias.shape == references.cells.shape[:2]
    assert references.bias.numpy()[:12, :9].max() == 0
