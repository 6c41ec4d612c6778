"""A list made by workers: its rows checked here and made there."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analogies import images
from analogies.apps.batch import runner
from analogies.apps.batch.entries import Entry
from analogies.apps.batch.rows import Row, is_address
from analogies.apps.workers import stores
from analogies.apps.workers.asked import Asked, asked
from analogies.apps.workers.errands import Begin, check_device, on_ray
from analogies.apps.workers.hiring import ANY, waiting_for
from analogies.apps.workers.parcels import Setup
from analogies.errors import InputError
from analogies.options.kinds import OptionError
from analogies.options.table import Options
from analogies.runs import controls, destination, record
from analogies.runs.inputs import spoken
from analogies.runs.job import Job, check_features


def hired(workers: str | None, per_worker: str | None) -> "Crew":
    """The workers that two arguments ask for; they begin when there is a row to make.

    Raises:
        InputError: an argument cannot be used, or Ray is not installed.
    """
    return Crew(asked(workers, per_worker))


class Crew:
    """Workers as a way to make the rows of a list.

    Args:
        asked: how many, or where.
        cluster: where they are, a context as `cluster.Cluster` is; None: that.
        setup: for each of them.
    """

    def __init__(
        self, asked: Asked, cluster: Begin | None = None, setup: Setup | None = None
    ) -> None:
        self._asked = asked
        self._cluster = cluster
        self._setup = setup or Setup(1)

    def plan(self, row: Row, given: Mapping[str, Any]) -> Job:
        """Check a row, as far as that goes without the machine that makes it."""
        far = not row.problem and any(map(is_address, row.pictures.values()))
        job = _far(row, given) if far else runner.plan(row, given, ANY)
        if job.options.checkpoint is not None and self._asked.address is not None:
            raise OptionError(
                "checkpoint",
                "stays on one machine, and the rows go to several: leave it out. "
                f"Received: {job.options.checkpoint!r}",
            )
        if job.options.save_field is not None:
            raise OptionError(
                "save_field",
                "is written where the picture is made; leave it or --workers out. "
                f"Received: {job.options.save_field!r}",
            )
        check_device(job.options)
        return job

    def is_finished(self, entry: Entry) -> bool:
        """Whether the result of a row is there, here or in its store."""
        assert entry.job is not None
        addresses = any(is_address(entry.job.sources[name]) for name in entry.job.inputs)
        if entry.job.destination is not None and not addresses:
            return runner.is_finished(entry.job)
        return _is_stored(entry, entry.job)

    def render(self, entries: Sequence[Entry], changed: Callable[[], object]) -> None:
        """Make what waits."""
        waiting = [waiting_for(entry) for entry in entries if entry.waits]
        if not waiting:
            return
        from analogies.apps.workers.shift import Shift

        with (self._cluster or on_ray)(self._asked) as cluster:
            Shift(cluster, self._asked, self._setup, waiting, changed).work()


def _far(row: Row, given: Mapping[str, Any]) -> Job:
    """A row of which a picture is in a store: its worker looks at the pictures."""
    paths, options, remark = runner.chosen(row, given)
    checked = Options.parse(options)
    check_features(checked)
    for name, path in paths.items():
        if not is_address(path):
            try:
                images.inspect(path)
            except InputError as error:
                raise InputError(f"{spoken(name)}: {error}") from None
    out = row.pictures["out"]
    to = None if is_address(out) else destination.named(out)
    if is_address(out) and not images.is_result_file(out):
        raise InputError(f"the address must end as a picture's, as in .png. Received: {out!r}")
    if to is not None:
        destination.check(to, checked, {}, (1, 1))
    sources: dict[str, Any] = dict(paths)
    if checked.init not in ("auto", "noise", "b"):
        sources["init"] = checked.init
    for number, pair in enumerate(checked.pair, 2):
        sources |= controls.pair_sources(number, pair)
    guides = [controls.Guide(*guide) for guide in checked.guide]
    sources |= controls.sources(checked, guides, {})
    return Job(checked, sources, {}, to, remark, weights=checked.guide_weights())


def _is_stored(entry: Entry, job: Job) -> bool:
    """Whether a store has the result, made of these pictures with these options."""
    out = entry.row.pictures["out"]
    try:
        if job.destination is not None:
            if not job.destination.result.is_file():
                return False
            text: str | bytes = job.destination.record.read_text()
        else:
            if not stores.stamp(out):
                return False
            text = stores.read(stores.record_of(out))
        known = json.loads(text)
        if not known["complete"] or known["options_sha256"] != job.options.fingerprint():
            return False
        made_of = known["inputs"]
        return set(made_of) == set(job.sources) and all(
            _is_same(str(job.sources[name]), made_of[name]) for name in job.inputs
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no record of a run
        return False


def _is_same(path: str, made_of: Mapping[str, Any]) -> bool:
    """Whether a picture is that of a record."""
    if not is_address(path):
        return made_of["sha256"] == record.digest(Path(path))
    return made_of["file"] == path and made_of["stamp"] == stores.stamp(path) != ""
