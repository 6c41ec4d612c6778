"""A job as a person gives it, checked as far as that goes without TensorFlow."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from analogies import images
from analogies.apps.arguments import spelled
from analogies.errors import InputError
from analogies.features import weights as weight_files
from analogies.features.networks import check_layers
from analogies.files import check_writable, prepare_folder
from analogies.options.idle import without_effect
from analogies.options.kinds import OptionError
from analogies.options.table import Options
from analogies.runs import memory_check
from analogies.runs.checkpoints import resuming
from analogies.runs.finishing import pair_names, spoken
from analogies.runs.machine.free_memory import Room
from analogies.runs.machine.silence import silence
from analogies.synthesis.pyramid import result_size

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """What to make of what, and where it goes.

    Attributes:
        options: checked options.
        inputs: {"a", "a_prime", "b", "init" where that is a picture, and "a2", "a_prime2" and so on
            for further pairs: path}.
        pictures: the same, decoded.
        result: the picture to write.
        prefix: of the pictures of the passes, or None where none are wanted.
        remark: on how the options were chosen, or empty.
        resized: on how the size was changed to fit into the memory, or empty.
        keeping: where its checkpoints go and from which it starts, or None where none are wanted.
    """

    options: Options
    inputs: dict[str, Path]
    pictures: dict[str, images.Picture]
    result: Path
    prefix: str | None
    remark: str = ""
    resized: str = ""
    keeping: resuming.Keeping | None = None

    @property
    def record(self) -> Path:
        """Where the run record goes."""
        return self.result.with_suffix(".json")

    def pass_file(self, level: int, iteration: int) -> Path:
        """Where the picture after a pass goes, named as image-analogies names it."""
        return Path(f"{self.prefix}_at_iteration_{level}_{iteration}.png")

    def outputs(self) -> list[Path]:
        """All pictures and records that a run writes."""
        passes = []
        if self.prefix is not None:
            scales, iters = range(self.options.scales), range(self.options.iters)
            passes = [self.pass_file(level, iteration) for level in scales for iteration in iters]
        return [self.result, self.record, *passes]

    def notes(self) -> list[str]:
        """What a person may not expect: of options and of how the pictures were read."""
        idle = without_effect(self.options)
        if self.options.output_full and self.prefix is None:
            idle["output_full"] = f"only the result is written, {self.result}"
        return [
            *filter(None, [self.remark, self.resized]),
            *(f"{spelled(name)} has no effect: {reason}" for name, reason in idle.items()),
            *(
                f"{self.inputs[name]} {note}"
                for name, picture in self.pictures.items()
                for note in picture.notes
            ),
            *(self.keeping.notes if self.keeping else ()),
        ]

    def result_size(self) -> tuple[int, int]:
        """(height, width) of the result in px."""
        return result_size(self.pictures["b"].size, self.options)


def plan(a: str, a_prime: str, b: str, out: str, options: Options, remark: str = "") -> Job:
    """Check everything that can be checked before the work begins, and read the pictures.

    Args:
        a, a_prime, b: paths of the pictures.
        out: path of the result, or prefix.
        options: checked options.
        remark: on how the options were chosen, for the notes.

    Raises:
        InputError: one line on the first thing that cannot be used; no file was written.
    """
    return with_pictures(check(a, a_prime, b, out, options, remark))


def check(a: str, a_prime: str, b: str, out: str, options: Options, remark: str = "") -> Job:
    """As `plan`, without the pictures: their headers alone are read."""
    inputs = {"a": Path(a), "a_prime": Path(a_prime), "b": Path(b)}
    if options.init not in ("auto", "noise", "b"):
        inputs["init"] = Path(options.init)
    for number, pair in enumerate(options.pair, 2):
        inputs |= dict(zip(pair_names(number), map(Path, pair), strict=True))
    with silence():
        headers = {name: _named(name, images.inspect, path) for name, path in inputs.items()}
    _check_pair(headers["a"], headers["a_prime"], a, a_prime)
    for number, pair in enumerate(options.pair, 2):
        one, other = pair_names(number)
        _check_pair(headers[one], headers[other], *pair, f" of pair {number}")
    height, width = result_size((headers["b"].height, headers["b"].width), options)
    if min(height, width) < images.SMALLEST_SIDE or height * width > images.LARGEST_AREA:
        raise InputError(f"the result's size is out of range. Received: {width}x{height} px")
    result, prefix = _destination(out)
    job = Job(options, inputs, {}, result, prefix, remark)
    network = check_features(options)
    _check_output(job)
    sizes = {name: (header.height, header.width) for name, header in headers.items()}
    options, note = memory_check.checked(
        sizes["a"], sizes["b"], options, network, pairs=further(sizes)
    )
    return replace(job, options=options, resized=note)


def with_pictures(job: Job) -> Job:
    """The job with its pictures decoded and the folder of its result made.

    Raises:
        InputError: a picture is damaged, or the folder takes no files.
    """
    with silence():
        pictures = {name: _named(name, images.read, path) for name, path in job.inputs.items()}
    prepare_folder(job.result)
    keeping = resuming.prepare(job.options, pictures)
    return replace(job, pictures=pictures, keeping=keeping)


def _named(name: str, function: Callable[[Path], T], path: Path) -> T:
    """Call `function(path)`; an error says which of the pictures is meant."""
    try:
        return function(path)
    except InputError as error:
        raise InputError(f"{spoken(name)}: {error}") from None


def _check_pair(
    a: images.Header, a_prime: images.Header, name: str, name_prime: str, which: str = ""
) -> None:
    if (a.width, a.height) != (a_prime.width, a_prime.height):
        raise InputError(
            f"A and A'{which} must have the same size. Received: {name!r} of "
            f"{a.width}x{a.height} px and {name_prime!r} of {a_prime.width}x{a_prime.height} px"
        )


def _destination(out: str) -> tuple[Path, str | None]:
    """The result's path, and the prefix of the passes' pictures."""
    if not out or out.endswith(os.sep) or os.path.isdir(out):
        raise InputError(f"the output must name a file, not a folder. Received: {out!r}")
    if images.is_result_file(out):
        return Path(out), None
    return Path(out + ".png"), out


def _check_output(job: Job) -> None:
    """Every file to be written can be, and none of them is an input."""
    inputs = dict(job.inputs)
    if job.options.vgg_weights:
        inputs["vgg_weights"] = Path(job.options.vgg_weights)
    real = {os.path.realpath(path): name for name, path in inputs.items()}
    for output in job.outputs():
        check_writable(output)
        given = real.get(os.path.realpath(output)) or _same_file(output, inputs)
        if given:
            raise InputError(
                f"the output would overwrite an input ({spoken(given)}). Received: {str(output)!r}"
            )
    if job.options.logdir is not None:
        check_writable(Path(job.options.logdir) / "events")
    resuming.check(job.options)


def _same_file(output: Path, inputs: dict[str, Path]) -> str | None:
    """The input that is the output under another name (a hard link), if any."""
    if not output.exists():
        return None
    return next((name for name, path in inputs.items() if path.samefile(output)), None)


def check_features(options: Options) -> str:
    """The network, which has the layers that are asked for, as has the weight file."""
    network = options.features or "slim"
    held = None
    if options.vgg_weights:
        found = weight_files.inspect(options.vgg_weights, options.features)
        network, held = found.network, found.layers
    for name, layers in options.layers().items():
        try:
            names = check_layers(network, layers)
        except InputError as error:
            raise OptionError(name, f"do not fit: {error}") from None
        missing = [layer for layer in names if held is not None and layer not in held]
        if missing:
            raise OptionError(
                name,
                f"are not all in the weight file; {', '.join(missing)} is missing. "
                f"Received: {options.vgg_weights!r}",
            )
    return network


def further(sizes: Mapping[str, tuple[int, int]]) -> list[tuple[int, int]]:
    """Of the sizes of the inputs, those of the further pairs' A."""
    known = ("a", "a_prime", "b", "init")
    return [size for name, size in sizes.items() if name not in known and "prime" not in name]


def fit_into(job: Job, room: Room | None) -> Job:
    """The job, checked against the memory of the device that it runs on, where that is known.

    Raises:
        InputError: it does not fit.
    """
    if room is None:
        return job
    sizes = {name: picture.size for name, picture in job.pictures.items()}
    network = check_features(job.options)
    options, note = memory_check.checked(
        sizes["a"], sizes["b"], job.options, network, room, further(sizes)
    )
    return replace(job, options=options, resized=note or job.resized)
