"""Every option once: name, default, meaning, unit and valid range.

The command line, the keyword arguments of the Python functions and the saved run record are all
made from the fields of `Options`; change a default here and it changes everywhere. `presets`
has the values in which a kind of job differs from the defaults.

>>> Options(height=231, model="brute").model
'exact'
>>> Options(scales=0)
Traceback (most recent call last):
...
analogies.options.kinds.OptionError: scales must be an integer between 1 and 16. Received: 0
"""

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from analogies.errors import InputError
from analogies.options.kinds import GuideFiles, Kind, OptionError, check, kind_of, option
from analogies.options.presets import DEFAULT, EBSYNTH, PRESETS, with_preset
from analogies.options.speeds import DEFAULT as SPEED
from analogies.options.speeds import SPEEDS, with_speed

SMALLEST_SIDE = 16  # px, of any picture that is made
LARGEST_SIDE = 65500  # px, what image formats hold

PRESET = "preset"
SIZE = "size"
START = "start and repeatability"
MATCHING = "matching"
CONTROL = "what goes where"
LOSSES = "what the result should keep (weights and layers)"
FEATURES = "features"
COLOR = "color"
OUTPUT = "output"
RUNNING = "running"
LAYER = "for --match-mode layer, image-analogies' way"

_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1")


@dataclass(frozen=True, kw_only=True)
class Options:
    """The checked options of a run; making one checks every value.

    Raises:
        OptionError: (an `InputError`) naming the option, its valid values and what was received.
    """

    # fmt: off
    preset: str = option(
        DEFAULT, PRESET, "choice", "Kind of job: values for the options below, listed at the end "
        "of this text. Options given beside it win. Left out and A and A' the same picture: style.",
        choices=tuple(PRESETS), metavar="NAME", runtime=True,
    )

    speed: str = option(
        SPEED, PRESET, "choice", "How much work: fast takes a quarter of the preset's --votes and "
        "half of its --evaluations; best half as many --votes again, twice the --iters and a third "
        "more --evaluations.",
        choices=tuple(SPEEDS), runtime=True,
    )

    # Size and pyramid
    width: int | None = option(
        None, SIZE, "integer", "Width of the result; with only one of width and height given the "
        "proportions of B are kept. 0 or left out: B's own size.",
        unit="px", minimum=SMALLEST_SIDE, maximum=LARGEST_SIDE, metavar="PX",
    )
    height: int | None = option(
        None, SIZE, "integer", "Height of the result, see --width.",
        unit="px", minimum=SMALLEST_SIDE, maximum=LARGEST_SIDE, metavar="PX",
    )
    scales: int = option(
        3, SIZE, "integer", "Number of pyramid levels, coarse to fine.",
        minimum=1, maximum=16, metavar="N",
    )
    min_scale: float = option(
        0.25, SIZE, "number", "Size of the coarsest level as a fraction of the result.",
        above=0, maximum=1, metavar="FRACTION",
    )
    iters: int = option(
        1, SIZE, "integer", "Passes per level: match once, then optimize with the matches held.",
        minimum=1, maximum=1000, metavar="N",
    )
    votes: int = option(
        4, SIZE, "integer", "Rounds before the passes of the coarsest level in which B' is matched "
        "and put together from the matched patches, without optimizing; one fewer at each finer.",
        minimum=0, maximum=1000, metavar="N",
    )
    evaluations: int = option(
        30, SIZE, "integer", "Evaluations of the loss per pass.",
        minimum=1, maximum=100000, metavar="N",
    )
    a_scale_mode: str = option(
        "auto", SIZE, "choice", "Size of A and A': their own (none), that of the result (match), "
        "scaled by the factor that scales B (ratio), or so where that makes them smaller, but not "
        "smaller than the result (auto).", choices=("auto", "none", "match", "ratio"),
    )
    a_scale: float = option(
        1.0, SIZE, "number", "Additional scale factor for A and A'.",
        above=0, maximum=100, metavar="FACTOR",
    )

    finish: str = option(
        "auto", SIZE, "choice", "How fine levels are made: put together from pixels of A', guided "
        "by what the network made of small pictures (pixels), or optimized like these (network). "
        "auto: pixels, but the network where the result is no larger than --coarse-side, where a "
        "residual is carried over (--transfer), and where nothing is matched.",
        choices=("auto", "pixels", "network"),
    )
    coarse_side: int | None = option(
        None, SIZE, "integer", "How large the network's picture is where pixels finish it: at most "
        "as many pixels as a square of this side has. 0: there is no network. Left out: one of 192 "
        "px (384 for a texture) where a network helps or options of the network are given, else 0.",
        unit="px", minimum=0, maximum=LARGEST_SIDE, metavar="PX",
    )
    pixel_patch: str = option(
        "auto", SIZE, "choice", "Side in px of the patches that pixels are put together from. "
        "auto: 5.", choices=("auto", "3", "5", "7"),
    )

    tile: str = option(
        "none", SIZE, "choice", "Make a result that repeats without a seam: its right side goes on "
        "at its left (x), its lower at its upper (y), or both. Its fine levels are pixels of A'.",
        choices=("none", "x", "y", "both"), exported=False,
    )

    # Matching
    model: str = option(
        "auto", MATCHING, "choice", "How matches are found: by looking at all (exact; also called "
        "brute) or by PatchMatch, on a finer grid where the pictures are large. auto is exact, "
        "but PatchMatch on the last level where that is finer, where exact is too much, and, "
        "with one pair and no copies, after the first exact match of a large level.",
        choices=("auto", "exact", "patchmatch"), aliases=(("brute", "exact"),),
    )
    patch_size: int = option(
        7, MATCHING, "integer", "Side of the patches that are matched.",
        unit="cells", minimum=1, maximum=15, metavar="N",
    )

    match_mode: str = option(
        "joint", MATCHING, "choice", "One field of matches for all layers together (joint), or one "
        "per layer with the losses of image-analogies (layer).", choices=("joint", "layer"),
    )

    patch_stride: int = option(
        1, MATCHING, "integer", "Distance between the patches that are looked at, of B' and of A'; "
        "the last of a row and of a column always are.",
        unit="cells", minimum=1, maximum=1000, metavar="N",
    )
    confidence: float | None = option(
        None, MATCHING, "number", "Matches less alike than this do not count, and B' stays as it "
        "is where none does. 1: equal, 0: unrelated. Left out: all count.",
        minimum=-1, maximum=1, metavar="X",
    )

    transfer: str = option(
        "auto", MATCHING, "choice", "What is carried from A' to B': the residual that a smooth "
        "function of A leaves of A', added to that function of B; or the picture A' itself. auto: "
        "the residual where A explains the detail of A' and B looks like A, else the picture.",
        choices=("auto", "residual", "picture"),
    )

    uniformity: float = option(
        0.05, MATCHING, "number", "How much patches of A' that are already used more often than "
        "others are avoided.", minimum=0, maximum=100, metavar="W",
    )

    pair: tuple[tuple[str, ...], ...] = option(
        (), MATCHING, "pairs", "One more A and A', equal in size to each other; repeatable. All "
        "pairs are one reference: a patch of B' comes from the pair that suits it best.",
        masked=True, metavar="A A'", exported=False,
    )

    # What goes where
    guide: tuple[GuideFiles, ...] = option(
        (), CONTROL, "guides", "One more picture of A and of B that say what corresponds: "
        "segments, positions, normals. As large as A and B; repeatable. At most 24 exact "
        "colors are classes. A weight of 1, the default, has as much say as A and B, 0 none. With "
        "--pair an A_MAP for each pair; #00ff00 is a map of one color.",
        metavar="A_MAP B_MAP [WEIGHT]", exported=False,
    )
    a_mask: str | None = option(
        None, CONTROL, "text", "Picture as large as A: only where it is white A' is sampled, by "
        "whole patches. What is transparent in A or A' is not sampled either. Of the first pair; "
        "further ones take --pair-mask.",
        metavar="FILE", exported=False,
    )
    b_mask: str | None = option(
        None, CONTROL, "text", "Picture as large as B: only where it is white B' is made; the rest "
        "is B, or the picture of --init, to the byte. Blended over a few px inside.",
        metavar="FILE", exported=False,
    )
    from_other: str | None = option(
        None, CONTROL, "text", "Picture that --preset fill takes patches from, instead of the rest "
        "of the same picture.", metavar="PICTURE", exported=False,
    )
    extend: str | None = option(
        None, CONTROL, "text", "With --preset fill: grow the picture by so many px beyond its "
        "left, upper, right and lower edge.", metavar="L,T,R,B", exported=False,
    )
    seam: float = option(
        0.0, CONTROL, "number", "With --tile: keep B' but for a band of this width along each side "
        "that is to tile.", unit="% of the shorter side", minimum=0, maximum=50, metavar="PERCENT",
        exported=False,
    )

    rotations: int = option(
        0, MATCHING, "integer", "Copies of A and A' turned by 7.5 degrees up to N times to either "
        "side, as further places to find patches.",
        minimum=0, maximum=12, metavar="N", exported=False,
    )
    rescales: int = option(
        0, MATCHING, "integer", "The same for copies scaled by 1.05 up to N times up and down.",
        minimum=0, maximum=12, metavar="N", exported=False,
    )

    # Losses
    analogy_w: float = option(
        1.0, LOSSES, "number", "Weight of the analogy: B' looks like A' where B looks like A.",
        minimum=0, maximum=1e6, metavar="W",
    )
    analogy_layers: tuple[str, ...] = option(
        _LAYERS, LOSSES, "layers", "Layers of the analogy.",
        metavar="LAYERS",
    )
    mrf_w: float = option(
        0.5, LOSSES, "number", "Weight of coherence: every patch of B' occurs in A'.",
        minimum=0, maximum=1e6, metavar="W",
    )
    mrf_layers: tuple[str, ...] = option(
        _LAYERS, LOSSES, "layers", "Layers of the coherence.",
        metavar="LAYERS",
    )
    b_content_w: float = option(
        0.0, LOSSES, "number", "Weight of content: B' shows what B shows.",
        minimum=0, maximum=1e6, metavar="W",
    )
    content_layers: tuple[str, ...] = option(
        ("block3_conv1", "block4_conv1"), LOSSES, "layers", "Layers of the content.",
        metavar="LAYERS",
    )
    tv_w: float = option(
        0.0, LOSSES, "number", "Weight of smoothness (total variation).",
        minimum=0, maximum=1e6, metavar="W",
    )
    nstyle_w: float = option(
        0.0, LOSSES, "number", "Weight of style as Gram matrices of A' (neural style).",
        minimum=0, maximum=1e6, metavar="W",
    )
    nstyle_layers: tuple[str, ...] = option(
        ("block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"), LOSSES, "layers",
        "Layers of the style.", metavar="LAYERS",
    )

    # Features
    features: str | None = option(
        None, FEATURES, "choice", "Network that sees the pictures. slim comes with the program; "
        "vgg16 and vgg19 are downloaded by Keras on first use. Left out: the network of "
        "--vgg-weights, or slim.", choices=("slim", "vgg16", "vgg19"),
    )
    vgg_weights: str | None = option(
        None, FEATURES, "text", "File of network weights: Keras .h5 or .weights.h5, "
        "image-analogies' .h5, or .npz. Also read from the variable VGG_WEIGHT_PATH.",
        metavar="FILE",
    )
    pool_mode: str = option(
        "max", FEATURES, "choice", "Pooling between the blocks of the network.",
        choices=("max", "avg"),
    )
    precision: str = option(
        "float32", FEATURES, "choice", "Of the network and of what is matched; sums are float32 "
        "anyway. bfloat16 is meant for GPUs; on most CPUs it is no faster.",
        choices=("float32", "bfloat16"),
    )

    # Start
    init: str = option(
        "auto", START, "text", "What the result starts from: auto (pieces of A' put in the places "
        "where they match; noise with --match-mode layer), noise, b, or a picture, say an earlier "
        "result to take further. The pyramid starts at its coarsest level: --scales 1 keeps the "
        "detail of an earlier result.",
        metavar="{auto,noise,b,IMAGE}",
    )
    seed: int = option(
        0, START, "integer", "Random seed; the same seed gives the same bytes on one machine.",
        minimum=0, maximum=2**31 - 1, metavar="N",
    )

    # Color
    match_color: str = option(
        "off", COLOR, "choice", "Give A' the colors of B first: their mean and covariance, which "
        "is also meant by --match-color alone, or the histogram of each channel.",
        choices=("off", "covariance", "histogram"), bare="covariance",
        aliases=(("yes", "covariance"), ("true", "covariance"), ("no", "off"), ("false", "off")),
    )
    preserve_color: bool = option(
        False, COLOR, "flag", "Keep the colors of B; only the brightness of the result is used.",
        exported=False,
    )

    # Output
    contrast: float = option(
        0.0, OUTPUT, "number", "Stretch the result's contrast: this share of the darkest and of "
        "the brightest values is cut off. 0: off (image-analogies: 0.02).",
        unit="%", minimum=0, maximum=49, metavar="PERCENT", exported=False,
    )
    output_full: bool = option(
        False, OUTPUT, "flag", "Write the pictures of all passes at the full size.", runtime=True
    )

    save_field: str | None = option(
        None, OUTPUT, "text", "Write which patches of A' the result was put together from, as "
        ".npz; --preset repeat makes other maps of them. Its fine levels are then pixels of A'.",
        metavar="FILE.npz", exported=False,
    )
    nearest: bool = option(
        False, OUTPUT, "flag", "With --preset repeat: each pixel from the middle of its own patch, "
        "instead of the mean of all patches over it.", exported=False,
    )

    # Running
    device: str = option(
        "auto", RUNNING, "text", "Where to compute: auto, cpu, gpu, or gpu:N.",
        metavar="{auto,cpu,gpu,gpu:N}", runtime=True,
    )
    memory: float | None = option(
        None, RUNNING, "number", "What the run may take of memory; with less, large pictures are "
        "worked on in smaller pieces. Left out: what the machine has free. A run that would take "
        "more is not begun.", unit="GB", above=0, maximum=1e6, metavar="GB", exported=False,
    )
    fit: bool = option(
        False, RUNNING, "flag", "Where the memory does not do, work in smaller pieces; where that "
        "does not do either, make the picture as large as fits.",
        runtime=True,
    )
    logdir: str | None = option(
        None, RUNNING, "text", "Folder for TensorBoard: losses, timings and pictures.",
        metavar="FOLDER", runtime=True,
    )
    checkpoint: str | None = option(
        None, RUNNING, "text", "Folder, of this run alone, for what it takes to go on with it "
        "after every pass, should it be stopped. Removed when the result is written.",
        metavar="FOLDER", runtime=True,
    )
    resume: bool = option(
        False, RUNNING, "flag", "Go on from the last checkpoint, with the same options and "
        "pictures, to the same bytes; from the beginning where there is none.", runtime=True,
    )
    quiet: bool = option(False, RUNNING, "flag", "Print nothing but errors.", runtime=True)
    verbose: bool = option(
        False, RUNNING, "flag", "Tell what is done, with sizes and timings.", runtime=True
    )

    # Of image-analogies, for its way of matching
    analogy_nnf_steps: int | None = option(
        None, LAYER, "integer", "PatchMatch sweeps for the analogy, once per level. Left out: 15.",
        minimum=0, maximum=10**6, metavar="N",
    )
    mrf_nnf_steps: int | None = option(
        None, LAYER, "integer", "PatchMatch sweeps for the coherence, each pass. Left out: 5.",
        minimum=0, maximum=10**6, metavar="N",
    )
    randomize_mrf_nnf: bool = option(
        False, LAYER, "flag", "Let PatchMatch search anew at each level, instead of from the "
        "matches of the one before.",
    )
    use_full_analogy: bool = option(
        False, LAYER, "flag", "Compare with each of the overlapping patches instead of with their "
        "mean: cells at the border count less.",
    )
    jitter: float = option(
        0.0, LAYER, "number", "Largest random shift of B' during a pass, at the full size.",
        unit="px", minimum=0, maximum=1e6, metavar="PX",
    )
    color_jitter: float = option(
        0.0, LAYER, "number", "Largest random change of each color of B' during a pass.",
        unit="levels of 255", minimum=0, maximum=1e6, metavar="X",
    )

    # fmt: on

    def __post_init__(self) -> None:
        for name, kind in kinds().items():
            value = getattr(self, name)
            if name in ("width", "height") and value in (0, "0"):  # image-analogies' "not given"
                value = None
            object.__setattr__(self, name, check(name, value, kind))
        _check_device(self.device)
        _check_anew(self)
        _check_weights(self)

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Options from a mapping, say keyword arguments or a saved run record.

        A `preset` among them gives the values of options that are not.

        Raises:
            InputError: also for a name that is no option, with the one it resembles.
        """
        known = kinds()
        for name in given:
            if name in known:
                continue
            similar = difflib.get_close_matches(str(name), known, n=1)
            hint = f"Did you mean {similar[0]}?" if similar else f"There are: {', '.join(known)}."
            raise InputError(f"no option has this name. {hint} Received: {name!r}")
        return cls(**{**with_preset(given), **with_speed(given, _of_preset(given), defaults())})

    def as_dict(self) -> dict[str, Any]:
        """All options as JSON can hold them; `Options.parse` takes them back."""
        values = dataclasses.asdict(self)
        values["guide"] = [[list(maps), *others] for maps, *others in self.guide]
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}

    def guide_weights(self) -> tuple[float, ...]:
        """Weights of the guides; 1 where none is given, or what the preset says."""
        return self.weights_of([guide.weight for guide in self.guide])

    def weights_of(self, given: Sequence[float | None]) -> tuple[float, ...]:
        """Weights of guides, some of which are not given."""
        usual = 1.0 / max(len(given), 1) if self.preset == EBSYNTH else 1.0
        return tuple(usual if weight is None else weight for weight in given)

    @property
    def masks_pairs(self) -> bool:
        """Whether a mask says which part of a further pair may be sampled."""
        return any(len(pair) > 2 for pair in self.pair)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the options on which the result's pixels depend."""
        known = kinds()
        values = {name: v for name, v in self.as_dict().items() if not known[name].runtime}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    @property
    def tiled(self) -> tuple[bool, bool]:
        """Whether rows and columns of the result go on at its other side."""
        return self.tile in ("y", "both"), self.tile in ("x", "both")

    @property
    def margins(self) -> tuple[int, int, int, int]:
        """What B grows by at its left, upper, right and lower edge, px."""
        left, top, right, bottom = _margins(self.extend)
        return left, top, right, bottom

    @property
    def makes_anew(self) -> bool:
        """Whether what a mask covers is made of what is around it alone: pixels, and no B."""
        alone = self.analogy_w == self.b_content_w == 0 and self.preset != EBSYNTH
        return alone and self.coarse_side == 0

    @property
    def ends_in_pixels(self) -> bool:
        """Whether what is asked for takes pixels of A' on the finest level."""
        return any(self.tiled) or self.save_field is not None

    def layers(self) -> dict[str, tuple[str, ...]]:
        """Layers of the terms that have a weight, {option's name: layers}."""
        terms = {
            "analogy_layers": (self.analogy_w, self.analogy_layers),
            "mrf_layers": (self.mrf_w, self.mrf_layers),
            "content_layers": (self.b_content_w, self.content_layers),
            "nstyle_layers": (self.nstyle_w, self.nstyle_layers),
        }
        return {name: layers for name, (weight, layers) in terms.items() if weight > 0}


def kinds() -> dict[str, Kind]:
    """{option's name: its `Kind`} in the order of the table."""
    return {field.name: kind_of(field) for field in dataclasses.fields(Options)}


def defaults() -> dict[str, Any]:
    """{option's name: its default}."""
    return {field.name: field.default for field in dataclasses.fields(Options)}


# Options that only the network looks at: who gives one wants a network.
NETWORK_OPTIONS = (
    *("scales", "min_scale", "iters", "votes", "evaluations", "model", "patch_size"),
    *("match_mode", "patch_stride", "confidence", "analogy_layers", "mrf_layers"),
    *("content_layers", "nstyle_w", "nstyle_layers", "tv_w", "features", "vgg_weights"),
    *("pool_mode", "precision", "jitter", "color_jitter"),
)


def usual(preset: str, speed: str) -> dict[str, Any]:
    """{option's name: its value where nothing but a preset and a speed is given}."""
    values = {**defaults(), **PRESETS[preset].values}
    return {**values, **with_speed({"speed": speed}, PRESETS[preset].values, defaults())}


def _of_preset(given: Mapping[str, Any]) -> Mapping[str, Any]:
    name = given.get("preset", DEFAULT)
    return PRESETS[name].values if isinstance(name, str) and name in PRESETS else {}


def _margins(extend: str | None) -> list[int]:
    """Four numbers of px from text, 0 where there is none."""
    if extend is None:
        return [0, 0, 0, 0]
    words = [word.strip() for word in extend.split(",")]
    if len(words) != 4 or not all(word.isdecimal() and len(word) < 6 for word in words):
        wanted = "four numbers of px, LEFT,UPPER,RIGHT,LOWER, say 40,0,40,0"
        raise OptionError("extend", f"must be {wanted}. Received: {extend!r}")
    return [int(word) for word in words]


def _check_anew(options: Options) -> None:
    """Whether what is to be made anew can be."""
    _margins(options.extend)
    for name, preset in (("extend", "fill"), ("from_other", "fill"), ("seam", "tile")):
        value = getattr(options, name)
        if value != defaults()[name] and not options.makes_anew:
            raise OptionError(name, f"goes with --preset {preset}. Received: {value!r}")
    if options.seam and options.tile == "none":
        raise OptionError("seam", f"goes with --tile x, y or both. Received: {options.seam!r}")
    if any(options.margins) and (options.width or options.height):
        raise OptionError("extend", "says how large the result is; leave out width and height")


def _check_device(device: str) -> None:
    name, _, number = device.partition(":")
    numbered = name == "gpu" and number.isdecimal()
    if device not in ("auto", "cpu", "gpu") and not numbered:
        raise OptionError("device", f"must be auto, cpu, gpu or gpu:N. Received: {device!r}")


def _check_weights(options: Options) -> None:
    terms = options.layers()
    if not terms:
        names = "analogy_w, mrf_w, b_content_w and nstyle_w"
        raise InputError(f"{names} are all 0: nothing says what the result should be")
    for name, layers in terms.items():
        if not layers:
            raise OptionError(name, "must name at least one layer. Received: none")
    if options.coarse_side == 0:
        _check_without_network(options)
    for name in ("tile", "save_field"):
        if getattr(options, name) != defaults()[name]:
            _check_pixels(options, name)
    if options.resume and options.checkpoint is None:
        raise OptionError("resume", "needs the folder of the checkpoints, --checkpoint FOLDER")
    if options.fit and options.checkpoint is not None:
        hint = "later another size may fit; without a checkpoint it tells the size to ask for"
        raise OptionError("fit", f"cannot be combined with a checkpoint: {hint}")
    if options.preset == EBSYNTH and options.coarse_side != 0:
        raise OptionError(
            "coarse_side", f"must be 0 with the preset {EBSYNTH}, which has no network"
        )
    if options.quiet and options.verbose:
        raise InputError("quiet and verbose cannot both be asked for")


def _check_pixels(options: Options, name: str) -> None:
    """Whether a way that ends in pixels of A' is asked for, where an option takes that."""
    reasons = {
        "the network alone (finish)": options.finish == "network",
        "residuals (transfer)": options.transfer == "residual",
        "a field per layer (match_mode)": options.match_mode == "layer",
        "a stride of patches (patch_stride)": options.patch_stride > 1 and name == "tile",
        "several pictures (pair, rotations, rescales)": name == "save_field"
        and bool(options.pair or options.rotations or options.rescales),
        "nothing that is matched (analogy_w and mrf_w)": options.analogy_w == options.mrf_w == 0,
    }
    for reason, applies in reasons.items():
        if applies:
            received = f"Received: {getattr(options, name)!r}"
            raise OptionError(name, f"is not made with {reason}. {received}")


def _check_without_network(options: Options) -> None:
    """Whether anything says what the result should be where there is no network."""
    if options.finish == "network":
        hint = "where finish is network; leave one of the two out. Received: 0"
        raise OptionError("coarse_side", f"must be 1 or more {hint}")
    guided = options.preset == EBSYNTH
    if options.analogy_w == options.mrf_w == options.b_content_w == 0 and not guided:
        hint = "or one of analogy_w, mrf_w and b_content_w above it. Received: 0"
        raise OptionError("coarse_side", f"must be 1 or more {hint}")
