"""What is to be learned, checked as far as that goes without TensorFlow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analogies import images
from analogies.errors import InputError
from analogies.files import check_writable, expanded, prepare_folder
from analogies.options.kinds import OptionError
from analogies.options.learning import LearningOptions
from analogies.options.table import Options, defaults
from analogies.runs.inputs import Pair, pairs_of
from analogies.runs.job import check, with_pictures
from analogies.runs.learning.net_file import SUFFIX
from analogies.runs.record import digest

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm")
LOSS = "neural-style"  # the preset whose loss is learned from, without a teacher
TEXTURES = ("texture", "cnnmrf-texture", "fill", "tile", "repeat")
# Maps, masks and fields that belong to one B.
OF_ONE_PICTURE = ("a_mask", "b_mask", "from_other", "extend", "tile", "save_field", "nearest")


@dataclass(frozen=True)
class Lesson:
    """What a network is to learn.

    Attributes:
        net: the file that it goes to.
        options: of the analogy.
        learning: of the learning.
        sources: {"a", "a_prime" and so on: path or picture}.
        pictures: the same, decoded; empty before `with_examples`.
        examples: the pictures of the folder, in order of their names.
        remark: on how the options were chosen, or empty.
    """

    net: Path
    options: Options
    learning: LearningOptions
    sources: Mapping[str, Any]
    pictures: Mapping[str, images.Picture] = field(default_factory=dict)
    examples: Sequence[Path] = ()
    remark: str = ""

    @property
    def pairs(self) -> list[Pair]:
        """A and A' of each pair, float32 `(h, w, 3)` in [0, 255]."""
        pixels = {name: picture.pixels for name, picture in self.pictures.items()}
        return pairs_of(pixels, self.options)

    @property
    def has_loss(self) -> bool:
        """Whether a loss is the teacher, and no picture."""
        return self.options.preset == LOSS

    @property
    def cache(self) -> Path:
        """The folder of the examples' B'."""
        return self.net.with_suffix(".examples")

    @property
    def sample(self) -> Path:
        """The picture that grows while the network learns."""
        return self.net.with_suffix(".sample.png")

    def inputs(self) -> dict[str, Any]:
        """What is learned from, for the file: paths, SHA-256 and sizes."""
        found: dict[str, Any] = {}
        for name, picture in self.pictures.items():
            source = self.sources[name]
            path = Path(source) if isinstance(source, str | Path) else None
            height, width = picture.size
            found[name] = {
                "file": path.name if path else None,
                "sha256": digest(path) if path else None,
                "width": width,
                "height": height,
            }
        found["examples"] = [{"file": x.name, "sha256": digest(x)} for x in self.examples]
        return found


def plan(
    net: str | Path,
    a: Any,
    a_prime: Any,
    options: Options,
    learning: LearningOptions,
    remark: str = "",
) -> Lesson:
    """Check everything that can be checked before the work begins, and read A and A'.

    Args:
        net: path of the file to write, with the suffix `.keras`.
        a, a_prime: the pictures, as `images.read` takes them.
        options: of the analogy.
        learning: of the learning.
        remark: on how the options were chosen.

    Raises:
        InputError: one line on the first thing that cannot be used; no file was written.
    """
    path = Path(expanded(net))
    if path.suffix != SUFFIX:
        raise InputError(
            f"a network is written to a file with the suffix .keras. Received: {str(net)!r}"
        )
    _check_options(options)
    check_writable(path)
    examples = pictures_in(learning.examples) if learning.examples else []
    job = with_pictures(check(a, a_prime, a, None, _without_folders(options)))
    inputs = {name: source for name, source in job.sources.items() if name != "b"}
    for name, source in job.inputs.items():
        if path == source:
            raise InputError(
                f"the network would overwrite an input ({name}). Received: {str(net)!r}"
            )
    prepare_folder(path)
    pictures = {name: job.pictures[name] for name in inputs}
    return Lesson(path, options, learning, inputs, pictures, examples, remark)


def pictures_in(folder: str | Path) -> list[Path]:
    """The pictures of a folder, in order of their names.

    Raises:
        InputError: it is none, or there is no picture in it.
    """
    place = Path(expanded(folder))
    if not place.is_dir():
        raise OptionError("examples", f"must be a folder of pictures. Received: {str(folder)!r}")
    try:
        found = sorted(x for x in place.iterdir() if x.suffix.lower() in SUFFIXES and x.is_file())
    except OSError as error:
        raise OptionError("examples", f"cannot be read: {error.strerror}") from None
    if not found:
        kinds = ", ".join(SUFFIXES)
        raise OptionError("examples", f"has no pictures ({kinds}). Received: {str(folder)!r}")
    for path in found:
        try:
            images.inspect(path)
        except InputError as error:
            raise OptionError("examples", f"holds what is no picture: {error}") from None
    return found


def teaching(options: Options) -> Options:
    """The options with which the program makes B' for a network to learn from.

    What is done to a picture in the end is done to what the network makes, not learned.
    """
    changed = {"contrast": 0.0, "preserve_color": False, "quiet": True, "verbose": False}
    return Options.parse({**_without_folders(options).as_dict(), **changed})


def _without_folders(options: Options) -> Options:
    none = {"logdir": None, "checkpoint": None, "resume": False}
    return Options.parse({**options.as_dict(), **none})


def _check_options(options: Options) -> None:
    if options.preset in TEXTURES or options.analogy_w == options.b_content_w == 0:
        hint = "what follows no B cannot be learned"
        raise OptionError("learn", f"takes a change or a style: {hint}. Received: {options.preset}")
    if options.guide:
        hint = "make B' of some B with it, and learn from those: --learn NET B B' --pair B2 B2'"
        raise OptionError("guide", f"belongs to one B, and cannot be learned; {hint}")
    for name in OF_ONE_PICTURE:
        if getattr(options, name) != defaults()[name]:
            raise OptionError(name, "is of one picture, and cannot be learned; leave it out")
    if options.masks_pairs:
        raise OptionError("pair", "with a mask is of one picture, and cannot be learned")
    if options.match_color != "off":
        hint = "A' would be another one for every B; give A' the colors first"
        raise OptionError("match_color", f"cannot be learned: {hint}")
    if options.init not in ("auto", "noise", "b"):
        raise OptionError("init", "cannot be a picture where an analogy is learned")
    if options.output_full:
        raise OptionError("output_full", "has no effect where an analogy is learned; leave it out")
