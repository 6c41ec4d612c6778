import numpy as np
import pytest
from scipy import ndimage

from analogies.errors import InputError
from analogies.options.table import Options
from analogies.synthesis.loop import Progress, synthesize

SMALL = {
    "finish": "network",
    "scales": 2,
    "min_scale": 0.5,
    "votes": 1,
    "evaluations": 6,
    "patch_size": 3,
}


def _halves(seed, shape=(48, 56)):
    """Two scenes: smooth noise in three tones."""
    noise = np.random.default_rng(seed).normal(size=(2, *shape))
    smooth = ndimage.gaussian_filter(noise, (0, 2, 2))
    levels = 60.0 * np.digitize(smooth, [-0.05, 0.05]) + 60
    return [np.repeat(x[..., None], 3, -1).astype(np.float32) for x in levels]


def _records(a, a_prime, b, init=None, **changes) -> list[Progress]:
    return list(synthesize(a, a_prime, b, Options(**{**SMALL, **changes}), init=init))


@pytest.fixture(scope="module")
def negative():
    """Records of an analogy with a known answer: the negative."""
    a, b = _halves(1)
    return a, b, _records(a, 255 - a, b, iters=2)


def test_finds_the_negative(negative):
    _, b, records = negative
    assert np.abs(records[-1].image() - (255 - b)).mean() < 4


def test_tells_what_it_does(negative):
    _, b, records = negative
    kinds = [record.kind for record in records]
    assert kinds[-1] == "done"
    passes = [record for record in records if record.kind == "pass"]
    assert [(r.level, r.iteration) for r in passes] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [r.size for r in passes] == [(24, 28)] * 2 + [b.shape[:2]] * 2
    assert all(r.image().shape == (*r.size, 3) for r in records)
    assert 0 < passes[0].changed_matches <= 1
    assert 0 <= passes[1].changed_matches <= 1
    for record in passes:
        assert sum(record.terms.values()) == pytest.approx(record.loss, rel=1e-5)
    evaluations = [record.evaluations for record in records]
    assert evaluations == sorted(evaluations)
    assert evaluations[-1] <= records[-1].evaluations_planned == 4 * 6
    assert set(records[-1].phases) == {"build", "features", "matching", "optimizing"}


def test_losses_fall_within_every_pass(negative):
    *_, records = negative
    for level in (0, 1):
        chunks = [r for r in records if r.kind == "chunk" and (r.level, r.iteration) == (level, 0)]
        losses = [loss for chunk in chunks for loss in chunk.losses]
        assert losses == sorted(losses, reverse=True)
        assert losses[-1] < losses[0]


def test_the_same_seed_gives_the_same_bytes():
    a, b = _halves(2)
    images = [_records(a, a + 40, b)[-1].image() for _ in range(2)]
    assert images[0].tobytes() == images[1].tobytes()


@pytest.mark.parametrize("changes", [{}, {"model": "patchmatch", "transfer": "picture"}])
def test_goes_on_from_between_any_two_passes(changes):
    a, b = _halves(10)
    records = _records(a, 255 - a, b, iters=2, **changes)
    passes = [r for r in records if r.kind == "pass"]
    options = Options(**SMALL, iters=2, **changes)
    between = [r.carried for r in records if r.carried is not None]
    assert [(c.level, c.iteration) for c in between] == [(i, j) for i in range(2) for j in range(3)]
    for count, carried in enumerate(between):
        rest = list(synthesize(a, 255 - a, b, options, carried=carried))
        assert rest[-1].kind == "done"
        assert rest[-1].pixels.numpy().tobytes() == records[-1].pixels.numpy().tobytes()
        found = [r for r in rest if r.kind == "pass"]
        assert len(found) == [4, 3, 2, 2, 1, 0][count]
        for record, expected in zip(found, passes[4 - len(found) :], strict=True):
            for name in ("level", "iteration", "evaluations", "loss", "changed_matches", "terms"):
                assert getattr(record, name) == getattr(expected, name)
            assert record.pixels.numpy().tobytes() == expected.pixels.numpy().tobytes()
        assert rest[-1].seconds > carried.seconds


@pytest.mark.parametrize("init", ["noise", "b"])
def test_starts_from_what_it_is_told(init):
    a, b = _halves(3)
    assert np.isfinite(list(synthesize(a, a, b, Options(**SMALL, init=init)))[-1].image()).all()


def test_goes_on_from_a_picture_of_another_size():
    a, b = _halves(4)
    start = np.full((20, 90, 3), 128, np.float32)
    assert _records(a, 255 - a, b, init=start)[-1].image().shape == b.shape


@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (33, 50)])
@pytest.mark.parametrize("patch_size", [1, 3])
def test_works_at_small_and_odd_sizes(shape, patch_size):
    a = np.random.default_rng(5).uniform(0, 255, (*shape, 3)).astype(np.float32)
    b = np.random.default_rng(6).uniform(0, 255, (*shape[::-1], 3)).astype(np.float32)
    last = _records(a, 255 - a, b, patch_size=patch_size)[-1]
    assert last.image().shape == b.shape


def test_every_term_can_be_asked_for():
    a, b = _halves(7)
    weights = {"b_content_w": 0.5, "nstyle_w": 0.1, "tv_w": 1.0, "nstyle_layers": "conv1_1,conv2_1"}
    passes = [r for r in _records(a, 255 - a, b, **weights) if r.kind == "pass"]
    assert set(passes[-1].terms) == {"analogy", "mrf", "content", "style", "smoothness", "start"}
    assert all(np.isfinite(value) for value in passes[-1].terms.values())


def test_content_alone_brings_back_b():
    b, _ = _halves(8)
    weights = {"analogy_w": 0.0, "mrf_w": 0.0, "b_content_w": 1.0, "transfer": "picture"}
    layers = {"content_layers": "conv1_1,conv2_1", "evaluations": 60, "votes": 0, "scales": 1}
    start = np.full_like(b, 128)
    found = _records(b, b, b, init=start, **weights, **layers)[-1].image()
    assert np.abs(found - b).mean() < 0.4 * np.abs(start - b).mean()


@pytest.mark.parametrize("mode", ["joint", "layer"])
def test_nothing_is_matched_where_no_match_counts(mode):
    a, b = _halves(8)
    weights = {"analogy_w": 0.0, "mrf_w": 0.0, "nstyle_w": 1.0, "nstyle_layers": "conv1_1"}
    passes = [r for r in _records(a, a, b, **weights, match_mode=mode) if r.kind == "pass"]
    assert len(passes) == 2
    for record in passes:
        assert record.field is record.match_score is record.changed_matches is None
        assert set(record.terms) == {"style"}


def test_pairs_of_two_sizes_are_refused():
    a, b = _halves(9)
    with pytest.raises(InputError, match="56x48 and 50x48 px"):
        next(synthesize(a, a[:, :50], b, Options(**SMALL)))
