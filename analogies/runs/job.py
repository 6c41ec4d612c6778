"""A job as a person gives it, checked as far as that goes without TensorFlow."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from analogies import images
from analogies.errors import InputError
from analogies.features import weights as weight_files
from analogies.features.networks import check_layers
from analogies.files import check_writable, expanded, prepare_folder
from analogies.images.controls import Channels
from analogies.images.samples import read_map
from analogies.options.idle import without_effect
from analogies.options.kinds import OptionError, spelled
from analogies.options.presets import EBSYNTH
from analogies.options.table import Options
from analogies.runs import controls, destination, filling, memory_check
from analogies.runs.checkpoints import resuming
from analogies.runs.controls import Guide
from analogies.runs.destination import Destination
from analogies.runs.inputs import called, further, is_map, is_path, pair_names, spoken
from analogies.runs.machine.free_memory import Room
from analogies.runs.machine.silence import silence
from analogies.synthesis.controls import Controls
from analogies.synthesis.decision import Decision
from analogies.synthesis.memory import estimate
from analogies.synthesis.pyramid import result_size

T = TypeVar("T")
Size = tuple[int, int]
NO_MASKS: Mapping[str, Any] = {}
WORDS = ("auto", "noise", "b")  # values of `init` that are no pictures


@dataclass(frozen=True)
class Job:
    """What to make of what, and where it goes.

    Attributes:
        options: checked options.
        sources: {"a", "a_prime", "b", "init" where that is a picture, and "a2", "a_prime2" and so
            on for further pairs, "guide1_a", "guide1_b", "guide1_mask", "a_mask", "a_mask2",
            "b_mask": path of a file, or a picture as `images.read` takes it}.
        pictures: the same, decoded; before `with_pictures` only those that are no files.
        destination: of what is written, or None where nothing is kept.
        remark: on how the options were chosen, or empty.
        resized: on how the size was changed to fit into the memory, or empty.
        keeping: where its checkpoints go and from which it starts, or None where none are wanted.
        seconds: {what: seconds} that it took so far.
        weights: of the guides.
    """

    options: Options
    sources: Mapping[str, Any]
    pictures: Mapping[str, images.Picture]
    destination: Destination | None = None
    remark: str = ""
    resized: str = ""
    keeping: resuming.Keeping | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    weights: tuple[float, ...] = ()

    @property
    def inputs(self) -> dict[str, Path]:
        """The pictures that are files, {name: path}."""
        return {
            name: Path(source)
            for name, source in self.sources.items()
            if is_path(source) and controls.color_of(source) is None
        }

    def notes(self) -> list[str]:
        """What a person may not expect: of options and of how the pictures were read."""
        idle, to = without_effect(self.options), self.destination
        if self.options.output_full and (to is None or to.prefix is None):
            written = f"only the result is written, {to.result}" if to else "no file is written"
            idle["output_full"] = written
        names = {name: str(path) for name, path in self.inputs.items()}
        return [
            *filter(None, [self.remark, self.resized]),
            *(f"{spelled(name)} has no effect: {reason}" for name, reason in idle.items()),
            *(
                f"{names.get(name, spoken(name))} {note}"
                for name, picture in self.pictures.items()
                for note in picture.notes
            ),
            *controls.notes(self.sources, self.pictures, self.weights, self.channels),
            *(self.keeping.notes if self.keeping else ()),
        ]

    @cached_property
    def channels(self) -> dict[int, Channels]:
        """{number: maps as channels} of the guides that have a weight."""
        return controls.channels_of(self.pictures, self.weights, self.options)

    @cached_property
    def controls(self) -> Controls:
        """Guides and masks as the synthesis gets them.

        Raises:
            InputError: a mask leaves nothing.
        """
        anew = self.options.makes_anew
        return controls.controls_of(self.pictures, self.weights, self.channels, anew)

    def alpha(self) -> np.ndarray | None:
        """The transparency `(h, w)` that the result gets, B's; a texture is opaque."""
        b = self.pictures["b"]
        kept = self.controls.kept
        if kept is not None and kept.anew and b.alpha is not None:
            return np.where(kept.made, np.float32(255), b.alpha)
        texture = self.options.preset in ("texture", EBSYNTH) or b is self.pictures["a_prime"]
        return None if texture else b.alpha

    def result_size(self) -> Size:
        """(height, width) of the result in px."""
        return result_size(self.pictures["b"].size, self.options)


def plan(a: Any, a_prime: Any, b: Any, out: Any, options: Options, **details: Any) -> Job:
    """Check everything that can be checked before the work begins, and read the pictures.

    Takes and raises what `check` and `with_pictures` do.
    """
    return with_pictures(check(a, a_prime, b, out, options, **details))


def check(
    a: Any,
    a_prime: Any,
    b: Any,
    out: Any,
    options: Options,
    *,
    remark: str = "",
    init: Any = None,
    pairs: Sequence[Sequence[Any]] = (),
    guides: Sequence[Guide] = (),
    masks: Mapping[str, Any] = NO_MASKS,
    room: Room | None = None,
) -> Job:
    """A job of which the headers of the pictures alone are read, where they are files.

    Args:
        a, a_prime, b: the pictures: paths, or whatever else `images.read` takes.
        out: path of the result, or prefix; None where nothing is to be kept.
        options: checked options.
        remark: on how the options were chosen, for the notes.
        init: picture to start from, where the options name none.
        pairs: further A and A', and masks where they have them, behind those that the options name.
        guides: further guides, behind those that the options name.
        masks: {"a_mask", "b_mask": picture}, where the options name none.
        room: what the run may take of memory, where that is not what this machine has free.

    Raises:
        InputError: one line on the first thing that cannot be used; no file was written.
    """
    if options.preset == "repeat":
        raise InputError(
            "the preset repeat takes a field and a map, FIELD MAP OUT; in Python: "
            "analogies.apply_field(field, map)"
        )
    if options.from_other is not None:
        a = a_prime = options.from_other
    sources = {"a": a, "a_prime": a_prime, "b": b}
    if options.init not in WORDS:
        sources["init"] = options.init
    elif init is not None:
        sources["init"] = init
    for number, pair in enumerate([*options.pair, *pairs], 2):
        sources |= controls.pair_sources(number, pair)
    guides = [*(Guide(*given) for given in options.guide), *guides]
    controls.check_pairs(guides, 1 + len(options.pair) + len(pairs))
    sources |= controls.sources(options, guides, masks)
    words = {name: called(name, sources, options) for name in sources}
    flat = {name for name, source in sources.items() if controls.color_of(source) is not None}
    for name, source in sources.items():
        if is_path(source) and name not in flat:
            sources[name] = _named(words[name], expanded, source)
    asked = {name: source for name, source in sources.items() if name not in flat}
    arrays = {name: source for name, source in asked.items() if not is_path(source)}
    pictures = _read(arrays, words)
    sizes = {name: picture.size for name, picture in pictures.items()}
    with silence():
        for name, source in asked.items():
            if is_path(source):
                header = _named(words[name], images.inspect, source)
                sizes[name] = header.height, header.width
    for number in range(1, len(sources)):
        if pair_names(number).a in sources:
            _check_pair(number, sources, sizes)
    controls.check_sizes(sources, sizes, words)
    maps = controls.flat_maps(sources, sizes)
    sources, pictures = {**sources, **maps}, {**pictures, **_read(maps, words)}
    weights = options.weights_of([guide.weight for guide in guides])
    sizes["b"] = filling.extended(sizes["b"], options)
    height, width = result_size(sizes["b"], options)
    if min(height, width) < images.SMALLEST_SIDE or height * width > images.LARGEST_AREA:
        raise InputError(f"the result's size is out of range. Received: {width}x{height} px")
    to = None if out is None else destination.named(out)
    network = check_features(options)
    job = Job(options, sources, pictures, to, remark, weights=weights)
    _check_outputs(job, (height, width))
    fitted = memory_check.checked(
        sizes["a"], sizes["b"], options, network, room, pairs=further(sizes)
    )
    return replace(job, options=fitted.options, resized=fitted.note)


def with_pictures(job: Job) -> Job:
    """The job with its pictures decoded and the folders made that it writes into.

    Raises:
        InputError: a picture is damaged, or a folder takes no files.
    """
    started = time.monotonic()
    words = {name: called(name, job.sources, job.options) for name in job.sources}
    wanted = {name: job.sources[name] for name in job.sources if name not in job.pictures}
    files = _read(wanted, words)
    pictures = {name: {**job.pictures, **files}[name] for name in job.sources}
    if job.destination is not None:
        prepare_folder(job.destination.result)
    if job.options.save_field is not None:
        prepare_folder(Path(job.options.save_field))
    if job.options.logdir is not None:
        prepare_folder(Path(job.options.logdir) / "events")
    pictures = filling.prepared(job.options, job.sources, pictures)
    read = replace(job, pictures=pictures)
    _ = read.controls  # a mask that is of no use is told before anything begins
    keeping = resuming.prepare(job.options, pictures, job.weights)
    seconds = {**job.seconds, "read": time.monotonic() - started}
    return replace(read, keeping=keeping, seconds=seconds)


def fit_into(job: Job, decision: Decision | None, room: Room | None = None) -> Job:
    """The job, checked again where it is known to take more than was foreseen, or on what.

    Args:
        job: with its pictures.
        decision: who makes what, or None where that is not known yet.
        room: the memory of the device that it runs on, or None.

    Raises:
        InputError: it does not fit.
    """
    if decision is None and room is None:
        return job
    sizes = {name: picture.size for name, picture in job.pictures.items()}
    network, pairs = check_features(job.options), further(sizes)
    asked = sizes["a"], sizes["b"], job.options, network
    more = estimate(*asked, pairs, decision).total > estimate(*asked, pairs).total
    if room is None and not more:
        return job
    fitted = memory_check.checked(*asked, room, pairs, decision)
    return replace(job, options=fitted.options, resized=fitted.note or job.resized)


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


def _read(sources: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, images.Picture]:
    """Decode pictures; one that stands under several names is read once."""
    read: dict[Any, images.Picture] = {}
    pictures = {}
    with silence():
        for name, source in sources.items():
            function = read_map if is_map(name) else images.read
            key = function, str(source) if is_path(source) else id(source)
            if key not in read:
                read[key] = _named(words[name], function, source)
            pictures[name] = read[key]
    return pictures


def _named(word: str, function: Callable[[Any], T], source: Any) -> T:
    """Call `function(source)`; an error says by a word which of the pictures is meant."""
    try:
        return function(source)
    except InputError as error:
        raise InputError(f"{word}: {error}") from None


def _check_pair(number: int, sources: Mapping[str, Any], sizes: Mapping[str, Size]) -> None:
    """A and A' of a pair have one size."""
    names = pair_names(number)
    if sizes[names.a] == sizes[names.a_prime]:
        return
    told = []
    for name in names:
        height, width = sizes[name]
        source = f"{str(sources[name])!r} of " if is_path(sources[name]) else ""
        told.append(f"{source}{width}x{height} px")
    which = f" of pair {number}" if number > 1 else ""
    one, other = sizes[names.a], sizes[names.a_prime]
    remedy = f"scale or crop one of them, say A' to {one[1]}x{one[0]} px"
    if one == other[::-1]:
        remedy = "one of them is turned by 90 degrees: turn it back"
    raise InputError(
        f"A and A'{which} must have the same size: {remedy}. Received: {' and '.join(told)}"
    )


def _check_field(job: Job, inputs: Mapping[str, Path]) -> None:
    """The file for the field can be written, and is neither an input nor another output."""
    path = Path(job.options.save_field or "")
    if path.suffix.lower() != ".npz":
        raise OptionError("save_field", f"must name a file .npz. Received: {str(path)!r}")
    check_writable(path)
    if any(os.path.realpath(path) == os.path.realpath(given) for given in inputs.values()):
        raise OptionError("save_field", f"would overwrite an input. Received: {str(path)!r}")
    if len(further(dict.fromkeys(job.sources, (0, 0)))):
        raise OptionError("save_field", "goes with one pair of A and A'")


def _check_outputs(job: Job, size: Size) -> None:
    """Whatever the run is to write can be written, and is none of its inputs."""
    inputs = job.inputs
    if job.options.vgg_weights:
        inputs["vgg_weights"] = Path(job.options.vgg_weights)
    if job.destination is not None:
        destination.check(job.destination, job.options, inputs, size)
    if job.options.save_field is not None:
        _check_field(job, inputs)
    if job.options.logdir is not None:
        check_writable(Path(job.options.logdir) / "events")
    resuming.check(job.options)
