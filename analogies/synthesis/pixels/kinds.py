"""The kinds of jobs that pixels tell apart."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Kind:
    """A kind of job: which guides say what is wanted, and how it is searched.

    Attributes:
        name: "style", "alike", "unlike", "texture", "guides" or "fill".
        weight: of what B shows, beside 1 for A'.
        network: of the network's picture, where it makes one.
        patch_size: px; one that the options give comes before it.
        levels: each half the size of the next, at most; None: all that hold some patches.
        rounds, sweeps: of the search, per level.
        refined: how much uniformity counts in a last round of the finest level, with patches of
            3 px; None: there is none.
        smallest: sides of the coarsest level, in patches, at least.
        even: how much more the option's uniformity counts.
    """

    name: str
    weight: float
    network: float
    patch_size: int
    levels: int | None
    rounds: int
    sweeps: int
    refined: float | None = None
    smallest: int = 4
    even: float = 1.0


# Chosen on pictures by eye and by how coherent, complete and well structured they come out: where
# B is a photograph few rounds and levels keep what it shows, where it is a label map many find
# more of A' for it.
STYLE = Kind("style", 2.5, 1.0, 7, 3, 3, 3, refined=1.0)
ALIKE = Kind("alike", 1.0, 0.2, 5, None, 6, 4, refined=0.0)
UNLIKE = Kind("unlike", 1.0, 0.2, 5, 3, 3, 3)
TEXTURE = Kind("texture", 0.0, 1.0, 5, None, 6, 4)
FILL = Kind("fill", 0.0, 0.0, 5, None, 6, 4, refined=1.0)
# What is the same everywhere is put together of large pieces, which a coarser level finds, begun
# from pieces of anywhere, and of all that it has; in a photograph they would be what belongs
# elsewhere (1 dB on six).
FILL_EVENLY = replace(FILL, patch_size=7, smallest=2, even=5.0)
GUIDES = Kind("guides", 0.0, 0.0, 5, None, 6, 4)  # that are given say it all: as EbSynth has it
