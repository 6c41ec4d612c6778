"""Frames made one after another, against a scene that moves by a known rule."""

from itertools import pairwise

import numpy as np
import pytest

from analogies.matching.flow import grid, sampled
from analogies.matching.pixels import Guide, Settings
from analogies.options import Options
from analogies.synthesis.likeness import blurred
from analogies.synthesis.sequence import loop
from analogies.synthesis.sequence.carrying import (
    Anchor,
    Carried,
    Frame,
    began,
    carried,
    fewer,
    looked_up,
    made_anew,
)
from analogies.synthesis.sequence.filling import boxes, filled
from analogies.synthesis.sequence.loop import eased, in_sequence, one_by_one, warping_error
from analogies.synthesis.sequence.making import ByKeys, ByWholes

SIZE = (72, 88)


def scene(seed=0):
    noise = np.random.default_rng(seed).normal(size=(140, 170, 3)).astype(np.float32)
    return np.clip(128 + 50 * blurred(noise, 2.5) / 0.11, 0, 255)


def seen(picture, number, angle=0.0, zoom=0.0, pan=(0.0, 0.0)):
    """A frame of a camera over a large picture."""
    turn, scale = angle * number, 1 + zoom * number
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / scale
    places = (grid(*SIZE) - np.array(SIZE) / 2) @ rotation.T + np.array(picture.shape[:2]) / 2
    found = sampled(picture, (places + np.array(pan) * number).astype(np.float32))
    return np.rint(found).astype(np.uint8)


def painted(frame):
    """The rule of the painter: other colors, pixel by pixel."""
    return np.rint(255 - 0.8 * frame[..., ::-1]).astype(np.uint8)


class Never:
    """Makes black, and leaves what is lost as it is."""

    def whole(self, frame):
        return np.full(frame.shown.shape, 0.0, np.float32)

    def part(self, frame, known):
        return known.picture


@pytest.mark.parametrize(
    "camera",
    [{"pan": (0.4, 0.7)}, {"zoom": 0.006}, {"angle": 0.008}],
    ids=["pan", "zoom", "turn"],
)
def test_a_painting_stays_on_what_moves_and_does_not_drift(camera):
    picture = scene()
    frames = [Frame(i, seen(picture, i, **camera)) for i in range(8)]
    keys = {0: Anchor(frames[0].shown, painted(frames[0].shown))}
    made = list(in_sequence(frames, Never(), 0.8, keys=keys))
    for number in (2, 7):
        left = np.abs(made[number].picture.astype(float) - painted(frames[number].shown))
        carried = made[number].memory.tracks.anchor == 0
        assert carried.mean() > 0.6
        assert left[carried].mean() < 3.0  # of a deviation of 40, by the program's own flow
    assert made[1].flicker < 1e-3


class Flat:
    """Paints what a drawing shows, in other colors; notes what it was asked for."""

    def __init__(self):
        self.lost = []

    def whole(self, frame):
        return painted(frame.shown).astype(np.float32)

    def part(self, frame, known):
        self.lost.append(known.lost)
        return np.where(known.lost[..., np.newaxis], self.whole(frame), known.picture)


def drawing(number, beside=1.3):
    """A disk that moves to the right before a sky."""
    rows, cols = grid(*SIZE)[..., 0], grid(*SIZE)[..., 1]
    share = np.clip(20.5 - np.hypot(rows - 36, cols - 30 - beside * number), 0, 1)[..., np.newaxis]
    return np.rint((1 - share) * (30, 60, 200) + share * (240, 220, 40)).astype(np.uint8)


def test_what_is_painted_beyond_a_border_moves_with_it_and_leaves_nothing_behind():
    frames = [Frame(i, drawing(i)) for i in range(12)]
    # The painter's disk is larger than the drawing's by up to eight pixels.
    rows, cols = grid(*SIZE)[..., 0], grid(*SIZE)[..., 1]
    angle = np.arctan2(rows - 36, cols - 30)
    larger = np.hypot(rows - 36, cols - 30) < 24 + 4 * np.cos(7 * angle)
    key = painted(frames[0].shown)
    key[larger] = painted(np.array((240, 220, 40)))
    made = list(in_sequence(frames, Flat(), 0.8, keys={0: Anchor(frames[0].shown, key)}))
    sky = painted(np.array((30, 60, 200))).astype(int)
    left = np.abs(made[-1].picture.astype(int) - sky).max(-1)
    cols = cols - 1.3 * 11
    far, angle = np.hypot(rows - 36, cols - 30), np.arctan2(rows - 36, cols - 30)
    behind = larger & (far > 20.5 + 11) & (cols < 30)
    assert behind.any()
    assert left[behind].max() < 8
    front = (far < 22) & (np.cos(7 * angle) > 0.3) & (cols > 40)
    assert (
        left[front] > 60
    ).mean() > 0.9  # what was painted beyond the border on the other side stays


def test_a_strip_that_comes_into_view_is_made_together():
    picture = np.kron(np.arange(4), np.ones((SIZE[0], 40)))[..., np.newaxis]
    picture = np.rint(picture * (50, 20, 70) + 30).astype(np.uint8)
    rows = np.arange(SIZE[0])[:, np.newaxis]
    picture[rows > 50 + 6 * np.sin(np.arange(160) / 9)] = (20, 160, 60)
    frames = [Frame(i, picture[:, i : i + SIZE[1]]) for i in range(12)]
    maker = Flat()
    list(in_sequence(frames, maker, 0.8))
    assert len(maker.lost) == 11
    widths = [int(lost[30].sum()) for lost in maker.lost]
    assert widths[0] <= 3
    assert 5 <= max(widths) <= 14  # strips of the last frames, but not of all
    assert not any(lost[:, :60].any() for lost in maker.lost)


def test_another_scene_begins_anew_and_what_is_hidden_is_made():
    frames = [Frame(0, seen(scene(), 0)), Frame(1, seen(scene(1), 0)), Frame(2, seen(scene(1), 0))]
    calls = []

    def whole(frame):
        calls.append(frame.number)
        return frame.shown.astype(np.float32)

    made = list(in_sequence(frames, ByWholes(whole), 0.8))
    assert [x.cut for x in made] == [True, True, False]
    assert calls == [0, 1]
    assert np.array_equal(made[2].picture, frames[1].shown)


def test_what_was_hidden_is_there_at_once_and_all_else_comes_over_a_few_frames():
    size, trusted = (8, 9), np.zeros((8, 9), bool)
    trusted[:, :4] = True
    made, before = np.full((*size, 3), 40, np.float32), np.full((*size, 3), 200, np.float32)
    shown = eased(made, before, trusted, 0.75)
    assert np.allclose(shown[:, :4], 160)
    assert np.array_equal(shown[:, 4:], made[:, 4:])
    for _ in range(10):
        shown = eased(made, np.rint(shown), trusted, 0.75)
    assert np.abs(shown - made).max() < 10


@pytest.mark.parametrize(("fine", "most"), [(True, 0.1), (False, 0.2)])
def test_what_trembles_is_evened_out(fine, most):
    still, random = scene()[:72, :88].astype(np.uint8), np.random.default_rng(4)
    frames = [Frame(i, still) for i in range(8)]

    class Trembling(Never):
        """Makes a part of every frame anew, never the same."""

        def part(self, frame, known):
            return np.where(
                known.lost[..., np.newaxis], random.uniform(0, 255, (*SIZE, 3)), known.picture
            )

    def losing(*given):
        known = carried(*given)
        lost = np.zeros(SIZE, bool)
        lost[20:40, 20:40] = True
        return known._replace(lost=lost)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "carried", losing)
        patched.setattr(loop, "fine", lambda: fine)
        eased_frames = [x.picture.astype(float) for x in in_sequence(frames, Trembling(), 0.8)]
        patched.setattr(loop, "EASE", 0.0)
        patched.setattr(loop, "ROUGH_EASE", 0.0)
        others = [x.picture.astype(float) for x in in_sequence(frames, Trembling(), 0.8)]
    one, other = (
        np.mean([np.square(y - x).mean() for x, y in pairwise(found[2:])])
        for found in (eased_frames, others)
    )
    assert one < most * other


def test_no_coherence_is_frame_by_frame():
    frames = [Frame(i, seen(scene(), i)) for i in range(2)]
    made = list(one_by_one(frames, Never()))
    beside = list(one_by_one(frames, Never(), beside=True))
    assert [x.number for x in beside] == [x.number for x in made]
    assert all((x.picture == y.picture).all() for x, y in zip(made, beside, strict=True))
    assert [x.memory for x in made] == [None, None]


def test_a_run_that_goes_on_makes_the_same():
    frames = [Frame(i, seen(scene(), i, pan=(1.1, 0.6))) for i in range(4)]
    keys = {0: Anchor(frames[0].shown, painted(frames[0].shown))}
    maker = ByKeys(Options(), keys)
    whole = list(in_sequence(frames, maker, 0.8, keys=keys))
    rest = in_sequence(frames[2:], maker, 0.8, whole[1].memory, keys)
    for one, other in zip(whole[2:], rest, strict=True):
        assert np.array_equal(one.picture, other.picture)
        assert one.flicker == other.flicker
    assert whole[3].anew > 0


def test_what_is_made_of_key_frames_looks_like_them():
    frames = [Frame(i, seen(scene(), i, pan=(2.0, 1.0))) for i in range(3)]
    keys = {0: Anchor(frames[0].shown, painted(frames[0].shown))}
    made = list(in_sequence(frames, ByKeys(Options(), keys), 0.8, keys=keys))[2]
    new = made.memory.tracks.anchor != 0
    assert 0.02 < new.mean() < 0.3
    truth = painted(frames[2].shown).astype(float)
    assert (
        np.abs(made.picture - truth)[new].mean() < 0.6 * np.abs(truth.mean((0, 1)) - truth).mean()
    )


@pytest.mark.parametrize("seed", range(6))
def test_boxes_hold_all_that_is_lost_once(seed):
    random = np.random.default_rng(seed)
    lost = np.zeros((150, 230), bool)
    for row, col in random.integers(0, (150, 230), (seed * 2, 2)):
        lost[row : row + random.integers(1, 40), col : col + random.integers(1, 40)] = True
    times = np.zeros(lost.shape, int)
    for box in boxes(lost):
        times[box] += 1
        assert lost[box].any()
    assert times.max() <= 1
    assert (times[blurred(lost[..., np.newaxis].astype(np.float32), 2.0)[..., 0] > 0] == 1).all()


def test_parts_far_apart_are_made_as_each_would_be_alone():
    truth = scene()[:120, :160].astype(np.float32)
    lost = np.zeros((120, 160), bool)
    lost[5:15, 5:15] = lost[100:112, 140:150] = True
    guides, settings = [Guide(truth, truth)], Settings(rounds=2, sweeps=2)
    both = filled(255 - truth, guides, 255 - truth, lost, settings, 1.0)
    assert np.array_equal(both[~lost], (255 - truth)[~lost])
    assert np.abs(both - (255 - truth))[lost].mean() < 6
    lost[100:112] = False
    one = filled(255 - truth, guides, 255 - truth, lost, settings, 1.0)
    assert np.array_equal(one[:60], both[:60])


def test_anchors_are_put_together_by_halves():
    tracks = began(0, (10, 12))
    for number in range(1, 10):
        lost = np.zeros((10, 12), bool)
        lost[number, :number] = True
        tracks = made_anew(tracks, lost, number)
    fewer_of_them = fewer(tracks, 20, most=4)
    assert set(np.unique(fewer_of_them.anchor)) == {0, 9, 20}
    assert fewer(tracks, 20, most=12) is tracks
    pictures = {n: np.full((10, 12, 3), n, np.uint8) for n in range(21)}
    assert np.array_equal(looked_up(tracks, pictures)[..., 0], tracks.anchor)


def test_whoever_can_hold_what_is_known_makes_the_rest():
    asked = []

    def within(frame, known):
        asked.append((frame.number, known))
        return known.picture

    maker = ByWholes(Never().whole, within)
    size = (6, 7)
    nothing = np.zeros(size, np.float32)
    motion, picture = np.zeros((*size, 2), np.float32), np.ones((*size, 3), np.float32)
    known = Carried(began(0, size), picture, nothing > 0, nothing, motion, nothing > 0)
    frame = Frame(3, np.zeros((*size, 3), np.uint8))
    assert maker.part(frame, known) is picture
    assert asked[0][0] == 3


def test_warping_error_is_the_mean_square_of_what_changed():
    motion, trusted = np.zeros((8, 9, 2), np.float32), np.ones((8, 9), bool)
    one, other = np.full((8, 9, 3), 51, np.uint8), np.full((8, 9, 3), 102, np.float32)
    assert warping_error(one, other, motion, trusted) == pytest.approx(3 * 0.2**2, rel=1e-5)
    assert warping_error(one, other, motion, ~trusted) is None
