"""How long a run will take, as far as sizes and options tell. Plain Python."""

import math
from collections.abc import Sequence
from dataclasses import replace

from analogies.options.table import Options
from analogies.runs.inputs import further
from analogies.runs.job import Job, check_features
from analogies.runs.machine.device import available_cpus
from analogies.runs.machine.free_memory import has_gpu
from analogies.runs.monitors.progress import clock
from analogies.synthesis.costs import joint_cost, layer_cost, pixel_cost
from analogies.synthesis.decision import Decision, at_size, foreseen
from analogies.synthesis.memory import Size, needs_tensorflow, network_levels, sizes_of_a
from analogies.synthesis.pixels.memory import BANDS
from analogies.synthesis.pixels.planning import pixel_levels
from analogies.synthesis.pyramid import count_copies, result_size

LONG = 60.0  # s, from which on a person is told
SHORT = 30.0  # s, what a smaller size should take at most
HEIGHTS = (2048, 1536, 1024, 768, 512, 384, 256)  # px, sides that are recommended
START, START_TENSORFLOW = 1.0, 12.0  # s; with tracing
PICTURES = 0.1e-6  # s per px of all pictures, to read and prepare them


def notes(job: Job, decision: Decision | None) -> list[str]:
    """A line on the size that a long run works at, how long it takes, and how to make it short.

    Args:
        job: with its pictures.
        decision: who makes what, where that is known.

    Returns:
        nothing for a run of less than a minute, one that goes on from a checkpoint, or where a GPU
        may do the work.
    """
    sizes = {name: picture.size for name, picture in job.pictures.items()}
    size_a, size_b, pairs, options = sizes["a"], sizes["b"], further(sizes), job.options
    decision = decision or foreseen(options, size_b)
    gone_on = job.keeping is not None and job.keeping.carried() is not None
    on_gpu = options.device != "cpu" and has_gpu() and needs_tensorflow(options, decision)
    if gone_on or on_gpu:
        return []
    network = check_features(options)

    def seconds(asked: Options) -> float:
        return expected_seconds(size_a, size_b, asked, network, pairs, decision)

    whole = seconds(options)
    if whole < LONG:
        return []
    height, width = result_size(size_b, options)
    told = f"works on {width}x{height} px, about {clock(whole)}"
    smaller = [replace(options, height=x, width=None) for x in HEIGHTS if x < height]
    quick = [asked for asked in smaller if seconds(asked) <= SHORT] or smaller[-1:]
    if not quick or seconds(quick[0]) > whole / 2:
        return [told]
    return [f"{told}; --height {quick[0].height} takes about {clock(seconds(quick[0]))}"]


def expected_seconds(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    pairs: Sequence[Size] = (),
    decision: Decision | None = None,
) -> float:
    """About how long a run takes on the CPU of this machine, s; the network is `slim`.

    Args:
        size_a, size_b: `(height, width)` of A and B as given, px.
        options: of the run.
        network: one of `NETWORKS`.
        pairs: `(height, width)` of further pairs of A and A', px.
        decision: who makes what, where the pictures are known; else what is foreseen.
    """
    way = at_size(decision or foreseen(options, size_b), options, size_b)
    size_out = result_size(size_b, options)
    sizes = sizes_of_a(size_a, size_b, options, pairs)
    work = 0.0
    if way.network:
        levels = network_levels(size_a, size_b, options, network, pairs, way.share)
        for index, level in enumerate(levels):
            layers = options.match_mode == "layer"
            cost = layer_cost(options, level) if layers else joint_cost(options, level, index)
            work += cost.total
    if way.pixels:
        width = max(size[1] for size in sizes)
        whole = round(sum(map(math.prod, sizes)) * count_copies(options) / width), width
        share = way.share if way.network else None
        levels = pixel_levels(options, way.kind, whole, size_out, share)
        asked = options, way.kind
        work += sum(pixel_cost(*asked, level, way.network, way.guides).total for level in levels)
    start = START_TENSORFLOW if needs_tensorflow(options, way) else START
    given = 2 * sum(map(math.prod, [size_a, *pairs])) + math.prod(size_b) + math.prod(size_out)
    cores = min(available_cpus(), BANDS)  # more find nothing to do in pixels
    return start + PICTURES * given + 1e-6 * work * 2 / cores
