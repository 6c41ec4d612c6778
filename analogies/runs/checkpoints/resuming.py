"""Going on with a run that was stopped: from which checkpoint, and whether it is of this run."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogies.errors import InputError
from analogies.files import check_writable, prepare_folder
from analogies.images.pictures import Picture
from analogies.options.kinds import OptionError, shorten, spelled
from analogies.options.table import Options, kinds
from analogies.runs.checkpoints import files as checkpoint_files
from analogies.runs.checkpoints.files import Saved
from analogies.runs.checkpoints.lock import check_free
from analogies.runs.inputs import spoken
from analogies.runs.machine.versions import versions
from analogies.synthesis.state import State

_FILES = (
    "init",
    "pair",
    "guide",
    "a_mask",
    "b_mask",
    "vgg_weights",
)  # options that name a file, whose content counts
_MOST_TOLD = 4  # differences


@dataclass(frozen=True)
class Keeping:
    """Where the checkpoints of a run go, and where it starts.

    Attributes:
        folder: of the checkpoints, this run's alone.
        made_from: what the result depends on, see `made_from`.
        saved: the checkpoint to go on from, or None for a start from the beginning.
        notes: what a person should know about it.
    """

    folder: Path
    made_from: Mapping[str, Any]
    saved: Saved | None
    notes: tuple[str, ...]

    def carried(self) -> State | None:
        """What the run goes on from."""
        return self.saved.carried if self.saved else None

    def rows(self) -> list[dict[str, Any]]:
        """Of the passes that are done, for the run record."""
        return self.saved.rows if self.saved else []

    def remarks(self, device: str) -> list[str]:
        """What a person should know of the device, which may be another one than before."""
        before = self.saved.extras.get("device") if self.saved else None
        if before is None or before == device:
            return []
        return [
            f"the run began on {before} and goes on on {device}: the result is not the same to "
            "the byte as on one of them"
        ]


def check(options: Options) -> None:
    """What can be said of the folder without the pictures.

    Raises:
        InputError: it cannot be written, or holds the checkpoints of a run to go on with, but
            nobody asked for that.
    """
    if options.checkpoint is None:
        return
    folder = Path(options.checkpoint)
    check_writable(folder / "checkpoint")
    try:
        found = checkpoint_files.files_in(folder)
    except OSError as error:
        raise OptionError("checkpoint", f"cannot be read: {error.strerror}") from None
    if found and not options.resume:
        raise OptionError(
            "checkpoint",
            "holds a run that was not finished: --resume goes on with it, or give another "
            f"folder. Received: {options.checkpoint!r}",
        )


def prepare(
    options: Options, pictures: Mapping[str, Picture], weights: Sequence[float] = ()
) -> Keeping | None:
    """The folder, made ready, and the checkpoint to go on from; None where none are wanted.

    A damaged checkpoint is passed over for the one before it, and a run of which none is sound
    starts from the beginning, for it ends with the same picture.

    Args:
        options: of this run.
        pictures: by the names of `Job.inputs`, as they were read.
        weights: of the guides among them.

    Raises:
        InputError: the folder cannot be written, another run is in it, or the checkpoint is of
            another run; the error names what differs.
    """
    check(options)
    if options.checkpoint is None:
        return None
    folder, now = Path(options.checkpoint), made_from(options, pictures, weights)
    prepare_folder(folder / "checkpoint")
    check_free(folder)
    notes = []
    for path in reversed(checkpoint_files.files_in(folder)):
        try:
            saved = checkpoint_files.read(path)
        except InputError as error:
            notes.append(f"{error}; it is passed over")
            continue
        check_same(path, saved.made_from, now)
        level, iteration = saved.carried.level + 1, saved.carried.iteration
        passes = f"{iteration} of its {options.iters} passes done"
        notes.append(f"goes on from {path}: level {level}, {passes}")
        return Keeping(folder, now, saved, tuple(notes))
    if options.resume:
        notes.append(f"nothing to go on from in {str(folder)!r}; starts from the beginning")
    return Keeping(folder, now, None, tuple(notes))


def made_from(
    options: Options, pictures: Mapping[str, Picture], weights: Sequence[float] = ()
) -> dict[str, Any]:
    """All that the bytes of a result depend on, by the names that a person knows.

    Options that concern only how a run goes are left out. The values are texts, numbers or lists,
    as JSON gives them back.
    """
    known = kinds()
    found = {
        spelled(name): value
        for name, value in options.as_dict().items()
        if not known[name].runtime and name not in _FILES
    }
    found[spelled("init")] = options.init if options.init in ("noise", "b") else "auto"
    for name, picture in pictures.items():
        found[spoken(name)] = identity(picture)
    for number, weight in enumerate(weights, 1):
        found[f"the weight of guide {number}"] = weight
    if options.vgg_weights:
        digest = hashlib.sha256(Path(options.vgg_weights).read_bytes()).hexdigest()
        found[spelled("vgg_weights")] = f"a file of SHA-256 {digest[:16]}"
    found |= {f"the version of {name}": value for name, value in versions().items()}
    return json.loads(json.dumps(found))


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, each with both values.

    >>> differences({"--seed": 0, "--iters": 1}, {"--seed": 3, "--iters": 1})
    ['--seed was 0, is 3']
    """
    names = dict.fromkeys([*now, *was])
    return [
        f"{name} was {_told(was, name)}, is {_told(now, name)}"
        for name in names
        if name not in was or name not in now or was[name] != now[name]
    ]


def check_same(path: Path, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """See that what a result depends on is what it was.

    Raises:
        InputError: it is not; what differs.
    """
    found = differences(was, now)
    if len(found) > _MOST_TOLD:
        found[_MOST_TOLD:] = [f"and {len(found) - _MOST_TOLD} more"]
    if found:
        raise InputError(
            f"the checkpoint is of another run: {'; '.join(found)}. Received: {str(path)!r}"
        )


def _told(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "not there"
    value = values[name]
    return value if isinstance(value, str) else shorten(value)


def identity(picture: Picture) -> str:
    """A picture by its size and what it shows."""
    digest = hashlib.sha256(picture.pixels.tobytes())
    if picture.alpha is not None:
        digest.update(picture.alpha.tobytes())
    height, width = picture.size
    return f"a picture of {width}x{height} px and SHA-256 {digest.hexdigest()[:16]}"
