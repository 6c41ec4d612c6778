"""The guides of a run: what B' should show, and where A' shows the like.

    colors    luminance of A without its strokes : B, in its tones, and
              A without its strokes : B in its colors      where A is A'
    flow      how strokes run in A : how B's forms do      likewise
              A : B                                        where B is a picture of A's kind
    height    how high a place lies, in both         likewise, among flat labels
              A : B halfway in A's colors, and the edges   where it is not
    network   A' as soft as the network's picture : what the network made
    given     the maps that a person gives, each of which counts as much as colors do together

A painting blurred stands for what it was painted from, as in the artistic filters of Hertzmann et
al. (2001). What B shows in A's terms says what goes where; the network's picture helps with colors
and large strokes; the pixels of A' decide what it looks like (Texler et al. 2020, "Arbitrary Style
Transfer Using Neurally-Guided Patch-Based Synthesis").
"""

from dataclasses import replace

import numpy as np

from analogies.images.scaling import Wrap, scaled
from analogies.matching.pixels.guides import Guide, at_level
from analogies.matching.pixels.remembering import remembered
from analogies.synthesis.likeness import blurred, detail, mostly_flat
from analogies.synthesis.pixels.flow import forms, strokes
from analogies.synthesis.pixels.kinds import ALIKE, STYLE, UNLIKE, Kind
from analogies.synthesis.pixels.palette import ranked, recolored, repainted
from analogies.synthesis.pixels.sources import Sources

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
STYLE_COLORS = 2.0  # weight of B in A's colors beside that of its tones, where A is A'
STYLE_FLOW = 1.0  # the same of how its forms run
# Weight of how high a place lies, beside that of flat labels, per level from the coarsest: what is
# large stands where it does in A', and the finer levels mend it freely.
HEIGHT = (0.05, 0.05, 0.05, 0.0)
STROKES = 1.5  # px, of the Gaussian blur that takes the strokes off a painting


def guides(
    kind: Kind,
    sources: Sources,
    network: np.ndarray | None,
    factor: float,
    follow: float,
    wrap: Wrap = (False, False),
) -> list[Guide]:
    """All guides at full size.

    Args:
        kind: of the job.
        sources: the pictures.
        network: what the network made, float32 `(h', w', 3)` in [0, 255], or None.
        factor: size of that to the full size, in (0, 1].
        follow: factor of the weight of what B shows.
        wrap: whether B goes on at its other side, in rows and in columns.
    """
    a, b, weight = sources.a, sources.b, kind.weight * follow
    found = []
    if kind == STYLE:
        plain, tones, lines = remembered(a, "style", lambda: _of_style(a))
        own = _luminance(b)
        found.append(Guide(tones, ranked(own, tones), weight))
        found.append(Guide(plain, repainted(b, plain), STYLE_COLORS * weight))
        found.append(Guide(lines, forms(own), STYLE_FLOW * weight))
    elif kind == ALIKE:
        found.append(Guide(a, b, weight))
        placed = not sources.several and not wrap[0]
        if placed and mostly_flat(a):  # which leave open where in a sky its clouds are
            heights = [share * weight for share in HEIGHT]
            found.append(Guide(_heights(a), _heights(b), heights))
    elif kind == UNLIKE:
        edges, own = detail(_luminance(a)), detail(_luminance(b), wrap)
        own = own * (edges.std() / max(float(own.std()), 1e-3))
        found += [Guide(a, (b + recolored(b, a)) / 2, weight), Guide(edges, own, weight)]
    if network is not None and kind.network:
        soft = _softened(sources.a_prime, factor)
        found.append(Guide(soft, scaled(network, b.shape[:2], wrap), kind.network))
    say = _say(kind, follow)
    return found + [
        replace(guide, weight=at_level(guide.weight, 0) * say) for guide in sources.guides
    ]


def _say(kind: Kind, follow: float) -> float:
    """What all that A and B show counts; beside A' alone, as much as that."""
    weights = {
        STYLE.name: kind.weight * follow * (1.0 + STYLE_COLORS),
        UNLIKE.name: 2.0 * kind.weight * follow,
    }
    return weights.get(kind.name, kind.weight * follow) or 1.0


def _of_style(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A without its strokes, the brightness of that, and how its strokes run."""
    plain = blurred(a, STROKES)
    found = plain, _luminance(plain), strokes(_luminance(a))
    for values in found if not a.flags.writeable else ():
        values.flags.writeable = False
    return found


def _softened(picture: np.ndarray, factor: float) -> np.ndarray:
    """A picture as soft as one that was made at a fraction of its size."""
    small = tuple(max(1, round(side * factor)) for side in picture.shape[:2])
    return scaled(scaled(picture, (small[0], small[1])), picture.shape[:2])


def _heights(picture: np.ndarray) -> np.ndarray:
    """`(h, w, 1)`: 0 in the first row, 255 in the last."""
    height, width = picture.shape[:2]
    column = np.linspace(0, 255, height, dtype=np.float32)[:, np.newaxis, np.newaxis]
    return np.repeat(column, width, 1)


def _luminance(picture: np.ndarray) -> np.ndarray:
    """`(h, w, 1)` of `(h, w, 3)`."""
    return (picture @ LUMINANCE)[..., np.newaxis]
