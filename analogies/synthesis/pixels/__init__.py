"""Pixel synthesis: B' made of the pixels of A', guided by any number of maps.

Usable alone, without a network and without TensorFlow:

    from analogies.synthesis.pixels import Guide, Settings, synthesize

    made = synthesize(a_prime, [Guide(a, b)])              # texture by numbers, as EbSynth does it
    made = synthesize(a_prime, [Guide(a, b), Guide(edges_a, edges_b, 0.5)], Settings(seed=1))
    made.image                                             # float32 (h, w, c), in the range of A'

A' and guides are arrays `(h, w)` or `(h, w, c)` of any numbers, the sources as large as A', the
targets as large as B'. See `analogies.matching.pixels` for all there is.
"""

from analogies.matching.pixels import (
    Guide,
    LevelDone,
    Settings,
    Synthesized,
    search,
    synthesize,
    synthesize_level,
    upsampled,
    vote,
)

__all__ = [
    "Guide",
    "LevelDone",
    "Settings",
    "Synthesized",
    "search",
    "synthesize",
    "synthesize_level",
    "upsampled",
    "vote",
]
