"""Two pictures of one frame, carried from the key frames before and behind it, put together."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analogies.synthesis.likeness import blurred

if TYPE_CHECKING:
    from analogies.synthesis.sequence.carrying import Carried

SHARP = 4  # the power of the weights: the better one nearly alone
SCALE = 10.0  # gray levels of misfit at which a picture counts by 1/e
SMOOTH = 1.5  # px, sigma, of the weights


class Behind(NamedTuple):
    """What was carried from the key frame behind.

    Attributes:
        picture: uint8 `(h, w, 3)`.
        worth: uint8 `(h, w)`, 0 where it is lost, 255 where the frame looks as it should.
    """

    picture: np.ndarray
    worth: np.ndarray


class Joined(NamedTuple):
    """Attributes:
    picture: float32 `(h, w, 3)`.
    lost: bool `(h, w)`, where neither is right.
    taken: bool `(h, w)`, what mostly comes from behind.
    """

    picture: np.ndarray
    lost: np.ndarray
    taken: np.ndarray


def behind(known: "Carried") -> Behind:
    """What is kept of a frame that was carried back."""
    picture = np.rint(np.clip(known.picture, 0, 255)).astype(np.uint8)
    return Behind(picture, np.rint(_worth(known) * 255).astype(np.uint8))


def joined(known: "Carried", other: Behind, share: float) -> Joined:
    """Both, each where it fits better.

    Args:
        known: carried from the key frame before.
        other: from that behind.
        share: of the way from the one to the other, in [0, 1].
    """
    own, far = _worth(known) * (1 - share), other.worth.astype(np.float32) / 255 * share
    own, far = (blurred(x[..., np.newaxis], SMOOTH)[..., 0] * (x > 0) for x in (own, far))
    own, far = own**SHARP, far**SHARP
    weight = (far / np.maximum(own + far, 1e-12))[..., np.newaxis]
    picture = known.picture + (other.picture - known.picture) * weight
    lost = known.lost & (other.worth == 0)
    return Joined(picture, lost, (weight[..., 0] > 0.5) & ~lost)


def _worth(known: "Carried") -> np.ndarray:
    """float32 `(h, w)` in [0, 1]: how much a pixel that was carried is right."""
    return np.where(known.lost, 0.0, np.maximum(np.exp(-known.misfit / SCALE), 1 / 255)).astype(
        np.float32
    )
