"""Who makes the frames of a job."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.inputs import Pair, pairs_of
from analogies.runs.run import run
from analogies.runs.sequences.job import MovingJob, frame_options
from analogies.synthesis.decision import decide
from analogies.synthesis.references import References
from analogies.synthesis.sequence.carrying import Frame
from analogies.synthesis.sequence.making import ByKeys, ByPatches, ByWholes, Known, Maker


def maker_of(job: MovingJob) -> tuple[Maker, bool]:
    """Who makes the frames, and whether each is made by itself, as residuals are.

    What is decided by looking at a frame, and the colors that A' is given, are those of the first.
    """
    if job.keys:
        return ByKeys(job.options, job.keys), False
    first = next(iter(job.frames.read(job.numbers[:1])))
    return maker_by(first.pixels, job.sources, frame_options(job.options))


def maker_by(first: np.ndarray, sources: Mapping[str, Any], options: Options) -> tuple[Maker, bool]:
    """The same where there are A and A'.

    Args:
        first: of the frames, as given, float32 `(h, w, 3)` in [0, 255].
        sources: {"a", "a_prime"}.
        options: of a frame.
    """
    planned = jobs.plan(sources["a"], sources["a_prime"], first, None, options)
    pixels = {name: picture.pixels for name, picture in planned.pictures.items()}
    pairs = pairs_of(pixels, options)
    decision = decide(options, References(pairs, pixels["b"]))
    if decision.transfer == "residual" or options.match_mode == "joint":
        options = replace(options, transfer=decision.transfer)
    options = replace(options, match_color="off", pair=(), preserve_color=False)
    whole = Whole(options, pairs)
    if options.analogy_w == options.mrf_w == 0 or options.match_mode == "layer":
        return ByWholes(whole, whole.within), False
    patches = ByPatches(options, decision.kind, pairs, first.shape[:2], whole)
    return patches, decision.transfer == "residual"


class Whole:
    """Makes a frame as a run of its own makes a picture.

    Args:
        options: of it.
        pairs: of A and A'.
    """

    def __init__(self, options: Options, pairs: Sequence[Pair]) -> None:
        self._options, self._pairs = options, pairs
        self._quiet = False

    def __call__(self, frame: Frame) -> np.ndarray:
        """float32 `(h, w, 3)` in [0, 255]."""
        return self._made(frame)

    def within(self, frame: Frame, known: Known) -> np.ndarray:
        """The same with what is known held at every level, so that the lost parts fit to it."""
        held = replace(self._options, init="auto")
        return self._made(frame, held, init=known.picture, masks={"b_mask": known.lost})

    def _made(self, frame: Frame, options: Options | None = None, **details: Any) -> np.ndarray:
        options = options or self._options
        if self._quiet and not options.verbose:  # the first one has told what there is to tell
            options = replace(options, quiet=True)
        self._quiet = True
        (a, a_prime), *others = self._pairs
        made = run(jobs.plan(a, a_prime, frame.shown, None, options, pairs=others, **details))
        if made.ended is not None:
            raise made.ended
        return made.picture.astype(np.float32)
