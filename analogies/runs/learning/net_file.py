"""A network as a file: Keras' `.keras` with a description beside it, and nothing that is run.

    metadata.json, config.json, model.weights.h5    as Keras writes them; `keras.models.load_model`
                                                    takes the file, with `safe_mode` as it is
    analogy.json                                    options, inputs, versions, curves
    a.png, a_prime.png                              small

When such a file is read here, the network is made from three words of `analogy.json` by the
program's own code, and its numbers are put into it. What `config.json` says is looked at, never
followed.
"""

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from analogies.errors import InputError
from analogies.files import check_readable, reason, write_atomically
from analogies.options.table import Options

if TYPE_CHECKING:
    import keras

    from analogies.synthesis.student.labels import Textures
    from analogies.synthesis.student.network import RuleWeights
    from analogies.synthesis.student.sizes import Chance

SUFFIX = ".keras"
PROGRAM, FORMAT = "analogies: a network that learned an analogy", 1
CONFIG, WEIGHTS, DESCRIPTION = "config.json", "model.weights.h5", "analogy.json"
KERAS_METADATA = "metadata.json"
THUMBNAILS = ("a.png", "a_prime.png")
# Bytes of each member, at most.
_LARGEST = {
    KERAS_METADATA: 10**4,
    CONFIG: 10**6,
    WEIGHTS: 32 * 10**6,
    DESCRIPTION: 4 * 10**6,
    **dict.fromkeys(THUMBNAILS, 10**6),
}
_NEEDED = (KERAS_METADATA, CONFIG, WEIGHTS, DESCRIPTION)
_CLASSES = {
    *("Functional", "InputLayer", "Rescaling", "Conv2D", "Conv2DTranspose", "Add", "ReLU"),
    *("Embedding", "Multiply", "RandomUniform"),
    *(
        "Concatenate",
        "VarianceScaling",
        "GlorotUniform",
        "Zeros",
        "DTypePolicy",
        "__keras_tensor__",
    ),
}
_DATE = (1980, 1, 1, 0, 0, 0)  # of all members, so that the same network is the same file
_NO_FILE = "is no network that this program has learned"


@dataclass(frozen=True)
class Net:
    """A network and what is known of it.

    Attributes:
        model: of `student.network.build`.
        about: as JSON can hold it; of the keys, `describe` tells.
        thumbnails: {"a.png": the bytes of that file, ...}.
    """

    model: "keras.Model"
    about: Mapping[str, Any]
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def chance(self) -> "Chance":
        """What it takes beside pictures."""
        from analogies.synthesis.student.network import chance_of

        return chance_of(self.model)


def encode(net: Net) -> bytes:
    """The bytes of the file, the same for the same network."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net" + SUFFIX)
        net.model.save(path)
        with zipfile.ZipFile(path) as saved:
            members = {name: saved.read(name) for name in (KERAS_METADATA, CONFIG, WEIGHTS)}
    metadata = json.loads(members[KERAS_METADATA])
    metadata["date_saved"] = "1980-01-01@00:00:00"
    members[KERAS_METADATA] = json.dumps(metadata).encode()
    about = {
        **net.about,
        "program": PROGRAM,
        "format": FORMAT,
        "network": shape_of(net.model),
        "weights_sha256": hashlib.sha256(members[WEIGHTS]).hexdigest(),
    }
    members[DESCRIPTION] = json.dumps(about, indent=1, ensure_ascii=False).encode(
        "utf-8", "backslashreplace"
    )
    members |= net.thumbnails
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def write(path: Path, net: Net) -> None:
    """Write a network; the file appears whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    write_atomically(path, encode(net))


def read(path: str | os.PathLike) -> Net:
    """Read a network; TensorFlow must have been started.

    Raises:
        InputError: one line on why it cannot be used; nothing of it was run.
    """
    file = check_readable(path)
    try:
        about, members = _checked(file)
        model = _built(about, members[WEIGHTS])
    except InputError as error:
        raise InputError(f"{error}. Received: {str(path)!r}") from None
    except Exception as error:  # damaged archives and HDF5 files raise many kinds
        raise InputError(f"{_NO_FILE}: {reason(error)}. Received: {str(path)!r}") from None
    return Net(model, about, {name: members[name] for name in THUMBNAILS if name in members})


def describe(path: str | os.PathLike) -> dict[str, Any]:
    """What is known of a network, read without TensorFlow.

    Returns:
        `options`, `learning`, `inputs` with SHA-256 and sizes, `recipe`, `versions`, `curve`
        of held-out scores, `learned` and what else `learn` found out.

    Raises:
        InputError: as `read`.
    """
    return look_at(path)[0]


def look_at(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What is known of a network, and the small pictures beside it, read without TensorFlow.

    Returns:
        what `describe` returns, and thumbnails as in `Net`, which may be damaged.

    Raises:
        InputError: as `read`.
    """
    file = check_readable(path)
    try:
        about, members = _checked(file)
        _shape(about)
    except InputError as error:
        raise InputError(f"{error}. Received: {str(path)!r}") from None
    except Exception as error:
        raise InputError(f"{_NO_FILE}: {reason(error)}. Received: {str(path)!r}") from None
    return dict(about), {name: members[name] for name in THUMBNAILS if name in members}


def options_of(about: Mapping[str, Any]) -> Options:
    """The options of the analogy that a network has learned.

    Those that name files are left out: the files may be gone, and are not needed any more.

    Raises:
        InputError: they are none.
    """
    given = about.get("options")
    if not isinstance(given, Mapping):
        raise InputError("the network does not say what it has learned; learn it again")
    gone = ("pair", "vgg_weights", "logdir", "checkpoint", "resume")
    return Options.parse({name: value for name, value in given.items() if name not in gone})


def has_textures(about: Mapping[str, Any]) -> bool:
    """Whether a network lays textures, which stay where they are while a picture moves."""
    return bool(_shape(about).period)


def shape_of(model: "keras.Model") -> dict[str, Any]:
    """What makes the same network again: size, noise, and of what it starts from the measures.

    Those are knots and filter of a rule, labels and period of textures.
    """
    from analogies.synthesis.student.network import chance_of
    from analogies.synthesis.student.sizes import SIZES

    names, chance = {layer.name for layer in model.layers}, chance_of(model)
    cells = model.get_layer("to_cells").filters
    knots = model.get_layer("rule_knots").filters // 3 if "rule_knots" in names else 0
    side = model.get_layer("rule_filter").kernel_size[0] if "rule_filter" in names else 0
    return {
        "size": next(name for name, size in SIZES.items() if size.cells == cells),
        "noise": chance.noise,
        "knots": knots,
        "filter": side,
        "labels": model.get_layer("labels").filters if chance.period else 0,
        "period": chance.period,
        "blur": model.get_layer("labels").kernel_size[0] if chance.period else 1,
    }


def _checked(file: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The description and all members, as far as they are what they should be."""
    if file.stat().st_size > sum(_LARGEST.values()):
        raise InputError(f"{_NO_FILE}: it is too large")
    if not zipfile.is_zipfile(file):
        raise InputError(f"{_NO_FILE}: it is no .keras file, or damaged")
    with zipfile.ZipFile(file) as archive:
        listed = archive.infolist()
        names = [member.filename for member in listed]
        strange = sorted({name for name in names if name not in _LARGEST})
        if strange:
            raise InputError(f"{_NO_FILE}: it holds {ascii(strange[0])[:80]}")
        if len(set(names)) < len(names) or any(name not in names for name in _NEEDED):
            raise InputError(f"{_NO_FILE}: it lacks a part, or has one twice")
        large = [member.filename for member in listed
                 if member.file_size > _LARGEST[member.filename]]  # fmt: skip
        if large:
            raise InputError(f"{_NO_FILE}: its {large[0]} is too large")
        members = {name: archive.read(name) for name in names}
    _check_config(json.loads(members[CONFIG]))
    about = json.loads(members[DESCRIPTION])
    if not isinstance(about, dict) or about.get("program") != PROGRAM:
        raise InputError(_NO_FILE)
    if about.get("format") != FORMAT:
        raise InputError(
            f"it is of format {about.get('format')!r:.20}, this program reads {FORMAT}"
        )
    if hashlib.sha256(members[WEIGHTS]).hexdigest() != about.get("weights_sha256"):
        raise InputError("the network is damaged: its numbers are not those it was written with")
    return about, members


def _check_config(value: Any) -> None:
    """A configuration names the layers of these networks alone."""
    if isinstance(value, list):
        for item in value:
            _check_config(item)
    elif isinstance(value, dict):
        name = value.get("class_name")
        if name is not None and name not in _CLASSES:
            raise InputError(f"{_NO_FILE}: it asks for {ascii(name)[:80]}, which is never run")
        for item in value.values():
            _check_config(item)


class _Shape(NamedTuple):
    """As `shape_of` tells it; files from before there were textures do not name these."""

    size: str
    noise: bool
    knots: int
    filter: int
    labels: int
    period: int
    blur: int


def _shape(about: Mapping[str, Any]) -> _Shape:
    """The shape of a network, checked."""
    from analogies.synthesis.student.sizes import BLURS, LARGEST_PERIOD, MOST_LABELS, SIZES

    told = {"labels": 0, "period": 0, "blur": 1, **about["network"]}
    numbers = (int(told[name]) for name in ("knots", "filter", "labels", "period", "blur"))
    shape = _Shape(told["size"], bool(told["noise"]), *numbers)
    if shape.size not in SIZES or not 0 <= shape.knots <= 64 or shape.filter not in (0, 1, 9):
        raise InputError(_NO_FILE)
    if not 0 <= shape.labels <= MOST_LABELS or not 0 <= shape.period <= LARGEST_PERIOD:
        raise InputError(_NO_FILE)
    if shape.blur not in BLURS:
        raise InputError(_NO_FILE)
    if bool(shape.labels) != bool(shape.period) or (shape.labels and shape.filter):
        raise InputError(_NO_FILE)
    return shape


def _built(about: Mapping[str, Any], weights: bytes) -> "keras.Model":
    """The network of a description, with its numbers."""
    from analogies.synthesis.student.network import build

    shape = _shape(about)
    model = build(shape.size, shape.noise, _rule(shape), textures=_textures(shape))
    for layer, values in _arrays(weights, model).items():
        model.get_layer(layer).set_weights(values)
    return model


def _rule(shape: _Shape) -> "RuleWeights | None":
    """A rule whose numbers are still to come."""
    import numpy as np

    from analogies.synthesis.student.network import RuleWeights

    knots, side = shape.knots, shape.filter
    if not side:
        return None
    return RuleWeights(
        np.zeros(knots, np.float32) if knots else None,
        np.zeros((knots, 3, 3), np.float32) if knots else None,
        np.zeros((side, side, 3, 3), np.float32) if side > 1 else None,
        np.zeros(3, np.float32),
    )


def _textures(shape: _Shape) -> "Textures | None":
    """Textures whose numbers are still to come."""
    import numpy as np

    from analogies.synthesis.student.labels import Textures

    if not shape.labels:
        return None
    colors = np.linspace(0, 255, shape.labels, dtype=np.float32)[:, np.newaxis].repeat(3, 1)
    tiles = np.zeros((shape.labels, shape.period, shape.period, 3), np.uint8)
    return Textures(colors, tiles, shape.blur)


_KINDS = {"Conv2D": "conv2d", "Conv2DTranspose": "conv2d_transpose", "Embedding": "embedding"}


def _arrays(weights: bytes, model: "keras.Model") -> dict[str, list[Any]]:
    """{layer: its numbers} out of HDF5 as Keras lays it out, by kind of layer and number."""
    import h5py
    import numpy as np

    found: dict[str, list[Any]] = {}
    counts: dict[str, int] = {}
    with h5py.File(io.BytesIO(weights), "r") as file:
        for layer in model.layers:
            kind = _KINDS.get(type(layer).__name__)
            if kind is None:
                continue
            number = counts[kind] = counts.get(kind, -1) + 1
            place = f"layers/{kind}{f'_{number}' if number else ''}/vars"
            values = []
            for index, variable in enumerate(layer.variables):
                data = _own(file, f"{place}/{index}")
                if tuple(data.shape) != tuple(variable.shape) or data.dtype != np.float32:
                    raise InputError(f"{_NO_FILE}: the numbers of {layer.name} do not fit")
                values.append(np.asarray(data))
            if not all(np.isfinite(value).all() for value in values):
                raise InputError(f"{_NO_FILE}: some of its numbers are none")
            found[layer.name] = values
    return found


def _own(file: Any, path: str) -> Any:
    """A dataset that lies in this file itself, reached by no link to another."""
    import h5py

    place = file
    for name in path.split("/"):
        if not isinstance(place.get(name, getlink=True), h5py.HardLink):
            raise InputError(f"{_NO_FILE}: its numbers are not where they should be")
        place = place[name]
    if not isinstance(place, h5py.Dataset) or place.external or place.is_virtual:
        raise InputError(f"{_NO_FILE}: its numbers are not where they should be")
    return place
