import numpy as np
import pytest
from PIL import Image

import analogies

QUICK = {"scales": 1, "votes": 1, "evaluations": 2, "patch_size": 3}


@pytest.fixture(scope="module")
def pair():
    random = np.random.default_rng(0)
    a = random.integers(0, 256, (24, 32, 3), np.uint8)
    return a, 255 - a, random.integers(0, 256, (20, 28, 3), np.uint8)


def test_files_and_arrays_give_the_same(pair, tmp_path):
    paths = []
    for name, image in zip("abc", pair, strict=True):
        paths.append(tmp_path / f"{name}.png")
        Image.fromarray(image).save(paths[-1])
    from_files = analogies.make_analogy(*map(str, paths), **QUICK)
    from_arrays = analogies.make_analogy(*pair, **QUICK)
    assert from_files.shape == (20, 28, 3)
    assert from_files.dtype == np.uint8
    np.testing.assert_array_equal(from_files, from_arrays)


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.astype(float),
        lambda x: x[..., 0],
        lambda x: x[..., :1],
        lambda x: np.dstack([x, np.full(x.shape[:2], 255, np.uint8)]),
    ],
)
def test_takes_arrays_of_every_form(pair, form):
    found = analogies.make_analogy(*map(form, pair), **QUICK)
    assert found.shape == (20, 28, 3)


def test_what_was_given_is_not_changed(pair):
    copies = [image.copy() for image in pair]
    analogies.make_analogy(*pair, **QUICK)
    for image, copy in zip(pair, copies, strict=True):
        np.testing.assert_array_equal(image, copy)


def test_a_result_has_the_size_asked_for(pair):
    assert analogies.make_analogy(*pair, height=40, **QUICK).shape == (40, 56, 3)
    style = analogies.transfer_style(pair[2], pair[0], width=56, **QUICK)
    assert style.shape == (40, 56, 3)
    assert analogies.synthesize_texture(pair[0], 18, 47, **QUICK).shape == (18, 47, 3)


def test_further_pairs_are_arrays_or_files(pair, tmp_path):
    a, a_prime, b = pair
    others = [a[:20, :25], a_prime[:20, :25]]
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for path, image in zip(paths, others, strict=True):
        Image.fromarray(image).save(path)
    found = analogies.make_analogy(a, a_prime, b, pairs=[others], **QUICK)
    files = [str(path) for path in paths]
    np.testing.assert_array_equal(
        found, analogies.make_analogy(a, a_prime, b, pair=[files], **QUICK)
    )
    assert (found != analogies.make_analogy(a, a_prime, b, **QUICK)).any()
    with pytest.raises(ValueError, match="A and A' of pair 2 must have the same size"):
        analogies.make_analogy(a, a_prime, b, pairs=[(a, a_prime[:20])], **QUICK)


def test_textures_differ_by_seed_only(pair):
    first, again, other = (
        analogies.synthesize_texture(pair[0], 32, 32, seed=seed, **QUICK) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_picture_goes_on_from(pair):
    start = np.zeros((16, 21, 3), np.uint8)
    assert analogies.make_analogy(*pair, init=start, **QUICK).shape == (20, 28, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": 3}, "Did you mean scales"),
        ({"scales": 0}, "Received: 0"),
        ({"analogy_layers": "conv9_1"}, "no layer block9_conv1"),
    ],
)
def test_options_that_cannot_be_are_refused(pair, options, message):
    with pytest.raises(analogies.InputError, match=message):
        analogies.make_analogy(*pair, **options)


def test_pairs_of_two_sizes_are_refused(pair):
    with pytest.raises(analogies.InputError, match="same size"):
        analogies.make_analogy(pair[0], pair[1][:20], pair[2])
