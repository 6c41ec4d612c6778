"""Who makes a frame, or the parts of it that are not known from others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from analogies.matching.flow import grid
from analogies.matching.pixels import Guide, Settings
from analogies.matching.pixels.remembering import lasting
from analogies.options.table import Options
from analogies.synthesis.likeness import blurred, detail
from analogies.synthesis.pixels.kinds import Kind
from analogies.synthesis.pixels.maps import LUMINANCE, guides
from analogies.synthesis.pixels.planning import UNIFORMITY, patch_size
from analogies.synthesis.pixels.sources import gathered
from analogies.synthesis.pyramid import result_size, scaled_size
from analogies.synthesis.references import References
from analogies.synthesis.sequence.carrying import Anchor, Frame, Tracks
from analogies.synthesis.sequence.filling import ROUNDS, SWEEPS, filled

Whole = Callable[[Frame], np.ndarray]  # float32 `(h, w, 3)` in [0, 255]
Within = Callable[[Frame, "Known"], np.ndarray]  # the same, with what is known in its place
# Of Jamriška et al., "Stylizing Video by Example" (2019), section 4, but for the previous B': where
# a part is lost that shows something else, and what is made after it comes out soft.
IMAGE, POSITION, EDGES = 6.0, 2.0, 1.0
SOFT = 3.0  # px, over which parts of two pictures pass into each other


class Known(Protocol):
    """What is known of a frame."""

    @property
    def tracks(self) -> Tracks:
        """Where its pixels come from."""

    @property
    def picture(self) -> np.ndarray:
        """float32 `(h, w, 3)`, what they show."""

    @property
    def lost(self) -> np.ndarray:
        """bool `(h, w)`, where that is not right."""


class Maker(Protocol):
    """Makes frames; pictures are float32 `(h, w, 3)` in [0, 255] of the result's size."""

    @property
    def whole(self) -> Whole:
        """Makes B' of a frame by itself."""

    def part(self, frame: Frame, known: Known) -> np.ndarray:
        """What is known of B', with what is lost made anew."""


@dataclass(frozen=True)
class ByWholes:
    """Makes whole frames, of which the lost parts are taken: whatever makes them.

    Attributes:
        whole: makes B' of a frame by itself.
        within: makes B' of a frame of which a part is known and held, so that the rest fits to it;
            None where nobody can, and the frame is made by itself.
        beside: whether another thread may make whole frames while one is seen to.
    """

    whole: Whole
    within: Within | None = None
    beside: bool = False

    def part(self, frame: Frame, known: Known) -> np.ndarray:
        """See `Maker.part`."""
        if self.within is not None:
            return self.within(frame, known)
        share = blurred(known.lost[..., np.newaxis].astype(np.float32), SOFT / 2)
        share = np.maximum(share, known.lost[..., np.newaxis])
        return known.picture + (self.whole(frame) - known.picture) * share


class ByPatches:
    """Makes the lost parts of pixels of A', as the levels of pixels make a picture.

    Args:
        options: of the run.
        kind: of the job.
        pairs: of A and A', float32 `(h, w, 3)` in [0, 255].
        size_b: `(height, width)` of the frames as given, px.
        whole: makes frames by themselves.
    """

    def __init__(
        self,
        options: Options,
        kind: Kind,
        pairs: Sequence[tuple[np.ndarray, np.ndarray]],
        size_b: tuple[int, int],
        whole: Whole,
    ) -> None:
        self.whole, self._options, self._kind = whole, options, kind
        size = result_size(size_b, options)
        mode, factor = options.a_scale_mode, options.a_scale
        sizes = [scaled_size(a.shape[:2], size_b, size, mode, factor) for a, _ in pairs]
        blank = np.zeros((*size, 3), np.float32)
        references = References(pairs, blank, options.rotations, options.rescales)
        found, _ = gathered(references, sizes, size)
        # The same for every frame, so that what is derived of them is remembered.
        self._sources = replace(found, a=lasting(found.a), a_prime=lasting(found.a_prime))
        self._settings = _settings(options, patch_size(options, kind))

    def part(self, frame: Frame, known: Known) -> np.ndarray:
        """See `Maker.part`."""
        options, sources = self._options, replace(self._sources, b=frame.shown.astype(np.float32))
        follow = options.analogy_w or options.b_content_w
        shown = guides(self._kind, sources, None, 1.0, follow)
        return filled(
            sources.a_prime,
            shown,
            known.picture,
            known.lost,
            self._settings,
            2.0 * options.mrf_w,
            sources.usable,
        )


class ByKeys:
    """Makes the lost parts of pixels of the painted key frames.

    The guides are those of Jamriška et al.: what the frame shows, its edges, and where its pixels
    lie in the key frame as far as that is known. The B' that is known around is fitted to.

    Args:
        options: of the run.
        keys: {number: the key frame and its painting}.
    """

    def __init__(self, options: Options, keys: Mapping[int, Anchor]) -> None:
        self._options, self._keys = options, keys
        size = 5 if options.pixel_patch == "auto" else int(options.pixel_patch)
        self._settings = _settings(options, size)

    def whole(self, frame: Frame) -> np.ndarray:
        """See `Maker.whole`: of the nearest key frame, without a place or a B' before it."""
        key, shown = self._keys[self._nearest(frame)], frame.shown
        lost = np.ones(shown.shape[:2], bool)
        return self._filled(key, _shown(key.frame, shown), shown.astype(np.float32), lost)

    def part(self, frame: Frame, known: Known) -> np.ndarray:
        """See `Maker.part`."""
        nearest = self._nearest(frame)
        key, (height, width) = self._keys[nearest], frame.shown.shape[:2]
        scale = np.float32(255 / max(height, width))
        own = (known.tracks.anchor == nearest)[..., np.newaxis]
        place = np.where(own, known.tracks.places, grid(height, width))
        shown = [
            *_shown(key.frame, frame.shown),
            Guide(grid(height, width) * scale, place * scale, POSITION),
        ]
        return self._filled(key, shown, known.picture, known.lost)

    def _nearest(self, frame: Frame) -> int:
        return min(self._keys, key=lambda number: (abs(number - frame.number), number))

    def _filled(
        self, key: Anchor, shown: list[Guide], picture: np.ndarray, lost: np.ndarray
    ) -> np.ndarray:
        style = key.picture.astype(np.float32)
        return filled(style, shown, picture, lost, self._settings, 2.0 * self._options.mrf_w)


def _shown(key: np.ndarray, frame: np.ndarray) -> list[Guide]:
    """What a frame shows, and its edges, beside those of the key frame."""
    own, shown = key.astype(np.float32), frame.astype(np.float32)
    return [Guide(own, shown, IMAGE), Guide(_edges(own), _edges(shown), EDGES)]


def _edges(picture: np.ndarray) -> np.ndarray:
    return detail((picture @ LUMINANCE)[..., np.newaxis])


def _settings(options: Options, patch: int) -> Settings:
    return Settings(
        patch_size=patch,
        uniformity=UNIFORMITY * options.uniformity,
        rounds=ROUNDS,
        sweeps=SWEEPS,
        seed=options.seed,
    )
