"""Pixel synthesis from coarse to fine, and what is compiled for it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import analogies
from analogies.errors import InputError
from analogies.matching.pixels import (
    Guide,
    Settings,
    level_size,
    reduced,
    synthesize,
    synthesize_level,
    upsampled,
)

ROOT = Path(analogies.__file__).parents[1]


def labeled(generator, size):
    """Labels in large cells, and a picture with a texture for each."""
    cells = generator.integers(0, 3, (size[0] // 16 + 1, size[1] // 16 + 1))
    labels = np.kron(cells, np.ones((16, 16), int))[: size[0], : size[1]]
    rows, cols = np.indices(size)
    textures = np.stack(
        [60 + 40 * (rows // 2 % 2), 130 + 40 * (cols // 2 % 2), np.full(size, 230)], -1
    )
    return 127 * labels, np.take_along_axis(textures, labels[..., np.newaxis], -1)[..., 0]


def test_labels_are_painted_with_their_textures():
    generator = np.random.default_rng(3)
    a, a_prime = labeled(generator, (64, 80))
    b, _ = labeled(generator, (80, 64))
    made = synthesize(a_prime, [Guide(a, b)], Settings(patch_size=3))
    assert made.image.shape == (80, 64, 1)
    ranges = {0: (55, 105), 127: (125, 175), 254: (225, 235)}
    right = [
        (made.image[..., 0][b == label] >= low) & (made.image[..., 0][b == label] <= high)
        for label, (low, high) in ranges.items()
    ]
    assert np.concatenate(right).mean() > 0.93
    stripes = made.image[..., 0][b == 0]
    assert stripes.std() > 12


def test_levels_by_hand_are_those_of_the_pyramid():
    generator = np.random.default_rng(4)
    a, a_prime = labeled(generator, (61, 70))
    b, _ = labeled(generator, (75, 58))
    chosen, seen = Settings(rounds=2, sweeps=2), []
    made = synthesize(a_prime, [Guide(a, b)], chosen, on_level=seen.append)
    assert [(done.number, done.count) for done in seen] == [(0, 3), (1, 3), (2, 3)]
    assert seen[-1].source_size == (61, 70)
    # Going on from what a level has come to ends in the same picture.
    done, size = seen[1], seen[2].source_size
    field = upsampled(done.result.rows, done.result.cols, (done.source_size, size), b.shape)
    again = synthesize_level(
        a_prime, [Guide(a, b)], Settings(rounds=2, sweeps=2, seed=2), field=field
    )
    np.testing.assert_array_equal(again.image, made.image)
    stopped = synthesize(a_prime, [Guide(a, b)], chosen, on_level=lambda done: done.number == 1)
    np.testing.assert_array_equal(stopped.rows, seen[1].result.rows)


def test_a_pass_with_small_patches_comes_closer():
    generator = np.random.default_rng(5)
    a, a_prime = labeled(generator, (40, 48))
    guide = Guide(a, labeled(generator, (44, 40))[0])
    once = synthesize(a_prime, [guide])
    twice = synthesize(a_prime, [guide], extra_pass=True)
    assert twice.mean_energy < once.mean_energy * 9 / 25


def test_start_and_field_count_at_the_coarsest_level():
    generator = np.random.default_rng(6)
    _, a_prime = labeled(generator, (40, 48))
    start = a_prime[::-1].copy()
    rows, cols = np.indices((40, 48))
    of_field = synthesize(
        a_prime, [], Settings(rounds=0), field=(39 - rows, cols), size=(40, 48), levels=1
    )
    np.testing.assert_allclose(of_field.image[4:-4, 4:-4, 0], 110 * np.ones((32, 40)), atol=200)
    made = synthesize(
        a_prime, [], Settings(uniformity=0.0, rounds=3), init=start, size=(40, 48), levels=1
    )
    free = synthesize(a_prime, [], Settings(uniformity=0.0, rounds=3), size=(40, 48), levels=1)
    apart = [np.abs(x.image[..., 0] - start).mean() for x in (made, free)]
    assert apart[0] < 0.3 * apart[1]


def test_an_upsampled_identity_is_one():
    for coarse, fine in (((10, 12), (20, 24)), ((11, 13), (22, 27)), ((20, 24), (10, 12))):
        field = np.indices(coarse)
        rows, cols = upsampled(field[0], field[1], (coarse, fine), fine)
        expected = np.indices(fine)
        assert np.abs(rows - expected[0]).max() <= 1
        assert np.abs(cols - expected[1]).max() <= 1
        if fine[0] == 2 * coarse[0] and fine[1] == 2 * coarse[1]:
            np.testing.assert_array_equal(rows, expected[0])
            np.testing.assert_array_equal(cols, expected[1])


def test_levels_halve():
    assert [level_size((462, 321), i) for i in range(3)] == [(462, 321), (231, 160), (115, 80)]
    values = np.arange(6 * 8).reshape(6, 8, 1)
    np.testing.assert_array_equal(reduced(values, (3, 4)), values[::2, ::2])
    with pytest.raises(InputError, match="levels"):
        synthesize(np.zeros((9, 9)), size=(9, 9), levels=0)


PROGRAM = """
import sys
import numpy as np
from analogies.matching.pixels import synthesize
assert "numba" not in sys.modules and "tensorflow" not in sys.modules
a = np.random.default_rng(0).uniform(0, 255, (20, 24, 3))
made = synthesize(a, size=(20, 24))
assert "tensorflow" not in sys.modules
print(made.image.tobytes().hex()[:64], made.rows.sum(), made.cols.sum())
"""


@pytest.mark.parametrize("cache", ["none", "fresh"])
def test_compiling_needs_no_cache_and_says_nothing(cache, tmp_path):
    folder = "/proc/no/such/folder" if cache == "none" else str(tmp_path / "cache")
    environment = os.environ | {"NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(ROOT)}
    runs = [
        subprocess.run(
            [sys.executable, "-W", "always", "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        for _ in range(1 if cache == "none" else 2)
    ]
    assert {run.stderr for run in runs} == {""}
    assert len({run.stdout for run in runs}) == 1
    kept = list(tmp_path.rglob("*.nbc"))
    assert (len(kept) == 6) == (cache == "fresh")
