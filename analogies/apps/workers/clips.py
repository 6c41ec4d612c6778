"""Workers that make the shots of a moving picture, as they make the rows of a list."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analogies import images
from analogies.apps.batch.entries import FAILED, Entry
from analogies.apps.batch.rows import Row
from analogies.apps.wording import Ending
from analogies.apps.workers.delivery import Post, Store, with_homes
from analogies.apps.workers.errands import Errand, Runners
from analogies.apps.workers.hiring import expected
from analogies.apps.workers.parcels import Parcel, Result
from analogies.apps.workers.waiting import Waiting
from analogies.files import expanded
from analogies.matching.flow import engine
from analogies.options.table import Options
from analogies.runs.sequences.job import MovingJob, frame_options, read_frames

if TYPE_CHECKING:
    from analogies.runs.sequences.shots import Keep

RESULT = "shot.npz"


class Clips(Runners):
    """Workers as a `runs.sequences.shots.ShotMaker`."""

    def __call__(self, job: MovingJob, shots: Sequence[range], keep: "Keep") -> None:
        """Make the shots.

        Raises:
            InputError: one of them cannot be made of what was given, or there are no workers.
            RuntimeError: the machine could not make one.
            Interrupted: a signal came; what is made by then was kept.
        """
        entries = [Errand(Row(place, _called(numbers), {})) for place, numbers in enumerate(shots)]
        seconds, network = _expected(job)
        waiting = [
            Waiting(entry, ("frames",), seconds * len(numbers), network)
            for entry, numbers in zip(entries, shots, strict=True)
        ]

        def post(cluster: Store, entries: Sequence[Entry]) -> "_Post":
            return _Post(cluster, entries, job, shots, keep)

        self.run(waiting, post)


class _Post(Post):
    """Packs frames, and gives shots to whoever puts them together, until one cannot be made."""

    def __init__(
        self,
        store: Store,
        entries: Sequence[Entry],
        job: MovingJob,
        shots: Sequence[range],
        keep: "Keep",
    ) -> None:
        super().__init__(store, entries)
        self._entries, self._job, self._shots, self._give = entries, job, shots, keep
        self._shared: dict[str, tuple[str, Any]] = {}  # {path: SHA-256, what stands for the bytes}

    def more(self) -> bool:
        return not any(entry.status == FAILED for entry in self._entries)

    def take(self, entry: Entry, result: Result) -> None:
        if not result.code:
            self._give(entry.row.line, result.files[RESULT])
        entry.end(Ending(result.message, result.code))

    def pack(self, entry: Entry, room: int | None) -> tuple[Parcel, dict[str, Any]]:
        job, options = self._job, frame_options(self._job.options)
        first = next(iter(job.frames.read(job.numbers[:1]))).pixels
        shared: dict[str, Any] = {"first.npy": first, **self._files(options)}
        for path, given in shared.items():
            if path not in self._shared:
                data = Path(given).read_bytes() if isinstance(given, str) else _as_bytes(given)
                self._shared[path] = hashlib.sha256(data).hexdigest(), self._store.put(data)
        numbers = self._shots[entry.row.line]
        shown = [frame.shown for frame, _ in read_frames(job.frames, numbers, job.size)]
        data = _as_bytes(np.stack(shown))
        key = hashlib.sha256(data).hexdigest()
        contents = {"frames.npy": key, **{path: own for path, (own, _) in self._shared.items()}}
        objects = {key: self._store.put(data), **dict(self._shared.values())}
        pictures = {"a": str(job.sources["a"]), "a_prime": str(job.sources["a_prime"])}
        shot = {
            "numbers": [numbers.start, numbers.stop, numbers.step],
            "coherence": job.moving.coherence,
            "flow": engine(),
        }
        pictures |= {"b": "frames.npy", "first": "first.npy"}
        return Parcel(
            with_homes(options.as_dict()), pictures, RESULT, contents, room, shot=shot
        ), objects

    def _files(self, options: Options) -> dict[str, str]:
        """{path: the same} of all files that every shot is made from."""
        paths = [str(self._job.sources[name]) for name in ("a", "a_prime")]
        paths += [path for pair in options.pair for path in pair]
        if options.vgg_weights:
            paths.append(expanded(options.vgg_weights))
        if options.init not in ("auto", "noise", "b"):
            paths.append(options.init)
        return {path: expanded(path) for path in map(with_homes, paths)}

    def done(self, entry: Entry) -> None:
        """Nothing of it is kept."""


def _expected(job: MovingJob) -> tuple[float, bool]:
    """Seconds for a frame, were it made anew as a whole, and whether TensorFlow is needed."""
    options = frame_options(job.options)
    sizes = {"b": job.frames.size}
    sources: Mapping[str, Any] = job.sources
    for name, path in sources.items():
        header = images.inspect(path)
        sizes[name] = header.height, header.width
    for number, pair in enumerate(options.pair, 2):
        header = images.inspect(pair[0])
        sizes[f"a{number}"] = header.height, header.width
    return expected(options, sizes)


def _as_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _called(numbers: range) -> str:
    if len(numbers) == 1:
        return f"frame {numbers[0]}"
    return f"frames {numbers[0]} to {numbers[-1]}"
