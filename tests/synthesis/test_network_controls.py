"""Guides and masks at levels that the network makes."""

import numpy as np
import pytest
from scipy import ndimage

from analogies.errors import InputError
from analogies.options.table import Options
from analogies.synthesis.controls import Controls, GuideMaps, KeptPart
from analogies.synthesis.loop import synthesize

SIZE = (64, 56)
COLORS = np.array([[220, 60, 40], [40, 200, 70], [50, 80, 230]], float)
FAST = {"finish": "network", "scales": 1, "votes": 2, "evaluations": 2, "patch_size": 3}
FAST |= {"analogy_layers": "conv1_1", "mrf_layers": "conv1_1", "transfer": "picture"}
LAYER = {**FAST, "match_mode": "layer", "evaluations": 20, "iters": 2, "tv_w": 0.1}


def labels(seed):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=SIZE), 7)
    return (noise > 0).astype(int)


def painted(found, seed=0):
    grain = np.random.default_rng(seed).normal(0, 12, (*SIZE, 1))
    return np.clip(COLORS[found] + grain, 0, 255).astype(np.float32)


def guide(of_a, of_b, **details):
    shares = [np.eye(2, dtype=np.float32)[found] for found in (of_a, of_b)]
    return GuideMaps((shares[0],), shares[1], True, 1.0, **details)


def records(controls, options=FAST, seed=1, a_prime=None):
    """Of A and B that show nothing, so that only guides say what goes where."""
    flat = np.full((*SIZE, 3), 128, np.float32)
    a_prime = painted(labels(seed)) if a_prime is None else a_prime
    return list(synthesize(flat, a_prime, flat, Options.parse(options), controls=controls))


def nearest(record):
    return ((record.image()[:, :, None] - COLORS) ** 2).sum(-1).argmin(-1)


def test_a_guide_says_what_goes_where():
    controls = Controls((guide(labels(1), labels(2)),))
    assert (nearest(records(controls)[-1]) == labels(2)).mean() > 0.95
    assert (nearest(records(Controls())[-1]) == labels(2)).mean() < 0.8


def test_a_guide_says_it_for_each_layer():
    controls = Controls((guide(labels(1), labels(2)),))
    assert (nearest(records(controls, LAYER)[-1]) == labels(2)).mean() > 0.9
    assert (nearest(records(Controls(), LAYER)[-1]) == labels(2)).mean() < 0.8


@pytest.mark.parametrize("options", [FAST, LAYER])
def test_a_mask_keeps_matches_inside(options):
    decoy = np.zeros(SIZE, bool)
    decoy[20:44, 16:40] = True
    a_prime = painted(np.where(decoy, 2, labels(1)))
    controls = Controls((guide(labels(1), labels(2)),), (~decoy,))
    run = records(controls, options, a_prime=a_prime)
    field = [record.field for record in run if record.kind == "pass"][-1]
    rows, cols = np.asarray(field.rows), np.asarray(field.cols)
    for down in range(3):
        for right in range(3):
            assert not decoy[rows + down, cols + right].any()
    assert not (nearest(run[-1]) == 2)[8:-8, 8:-8].any()


@pytest.mark.parametrize("options", [FAST, LAYER])
def test_what_is_not_made_stays_after_every_step(options):
    inside = np.zeros(SIZE, bool)
    inside[16:48, 12:44] = True
    known = np.random.default_rng(5).uniform(0, 255, (*SIZE, 3)).astype(np.float32)
    controls = Controls((guide(labels(1), labels(2)),), kept=KeptPart(inside, known))
    for record in records(controls, options):
        shown = np.asarray(record.pixels)[: SIZE[0], : SIZE[1]]
        np.testing.assert_array_equal(shown[~inside], known[~inside])
    assert (nearest(record) == labels(2))[inside].mean() > 0.85


def test_a_mask_in_which_no_patch_fits_is_refused():
    usable = np.zeros(SIZE, bool)
    usable[:, 10:14] = True
    with pytest.raises(InputError, match="must hold a patch of the network"):
        records(Controls(usable=(usable,)), {**FAST, "patch_size": 5})
