"""Pixel synthesis: a picture B' made of patches of A', as guides say.

Given the pixels of A' and any number of guides (maps that show A' and B' in the same terms: labels,
a photograph, edges, a softer B'), every patch of B' is matched with a patch of A' that looks like
it and whose guides agree, and B' is voted from the matches; and again, from a coarse level to the
full size. No network and, by default, no TensorFlow is imported; the loops are
compiled once by numba.

    from analogies.matching.pixels import Guide, Settings, synthesize

    made = synthesize(a_prime, [Guide(a, b)])  # texture by numbers; weight=2.0 follows B more
    made.image                                 # float32 (h, w, c), in the range of A'
    made.rows, made.cols                       # int32 (h, w): middle of the patch of A' matched
    made.energy, made.mean_energy              # squared distances of the patches
    synthesize(a_prime, [Guide(a, b), Guide(soft_a_prime, soft_b_prime, 0.5)],
               Settings(patch_size=3, uniformity=1000.0, seed=7), a_mask=usable)

Who drives the levels himself calls `synthesize_level` with what A', B' and the guides are at that
level, and starts it from a picture (`init`), from a field (`field`), or from both; `upsampled`
brings a field to a finer level, and a level's `image`, `rows` and `cols` are all that is needed to
go on from it:

    made = synthesize_level(a_prime_2, [Guide(a_2, b_2)], settings, init=b_prime_2)
    field = upsampled(made.rows, made.cols, (a_prime_2.shape[:2], a_prime.shape[:2]), b.shape[:2])
    made = synthesize_level(a_prime, [Guide(a, b)], settings, field=field, on_round=report)

`search` and `vote` are the two halves of a round. Styles and guides are uint8 or float and of any
range; a weight is what one squared unit of difference counts, shared by a guide's channels. The
same inputs, settings and seed give the same bytes with any number of threads.

`Settings(engine="tensorflow")` does the same on a GPU; `graph.level` is a whole level as a function
of tensors of any size, for exported models.
"""

from analogies.matching.pixels.guides import Guide, Settings, Synthesized
from analogies.matching.pixels.levels import search, synthesize_level, vote
from analogies.matching.pixels.places import focused_vote, upsampled
from analogies.matching.pixels.pyramid import LevelDone, level_size, reduced, synthesize

__all__ = [
    "Guide",
    "LevelDone",
    "Settings",
    "Synthesized",
    "focused_vote",
    "level_size",
    "reduced",
    "search",
    "synthesize",
    "synthesize_level",
    "upsampled",
    "vote",
]
