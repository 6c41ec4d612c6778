"""What a row or an errand takes of whoever makes it."""

from collections.abc import Mapping

from analogies import images
from analogies.apps.batch.entries import Entry
from analogies.apps.batch.rows import is_address
from analogies.apps.workers.waiting import Waiting
from analogies.options.table import Options
from analogies.runs.inputs import further
from analogies.runs.job import check_features
from analogies.runs.machine.free_memory import Room
from analogies.synthesis.decision import foreseen
from analogies.synthesis.memory import needs_tensorflow

ANY = Room(1 << 62, "of whatever machine takes it")  # the worker looks at its own


def waiting_for(entry: Entry) -> Waiting:
    """A checked row, with what is known of how it is best made."""
    job = entry.job
    assert job is not None
    options = job.options
    shared = options.preset, options.features, options.vgg_weights, options.precision
    group = str(job.sources["a"]), str(job.sources["a_prime"]), *shared
    if any(is_address(job.sources[name]) for name in job.inputs):
        return Waiting(entry, (True, *group), network=True)
    sizes = {}
    for name, path in job.inputs.items():
        header = images.inspect(path)
        sizes[name] = header.height, header.width
    seconds, needed = expected(options, sizes)
    return Waiting(entry, (needed, *group), seconds, needed)


def expected(options: Options, sizes: Mapping[str, tuple[int, int]]) -> tuple[float, bool]:
    """Seconds that a picture takes on a CPU at most, about, and whether it needs TensorFlow.

    Args:
        options: of the run.
        sizes: {"a", "b", "a2" and so on: `(height, width)`, px}.
    """
    from analogies.runs.expectation import expected_seconds

    network = check_features(options)
    seconds = expected_seconds(sizes["a"], sizes["b"], options, network, further(sizes))
    needed = needs_tensorflow(options, foreseen(options, sizes["b"]))
    return seconds * (1.0 if network == "slim" else 10.0), needed
