"""What can be made on the page: a tab per kind of job, with its pictures, options and examples."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from analogies.errors import InputError
from analogies.options.kinds import Kind
from analogies.options.presets import PRESETS
from analogies.options.table import Options, defaults, kinds

PREVIEW = 128  # px, the longer side of a preview
_SIZE = ("height", "speed", "seed")
_MORE = (
    *("transfer", "uniformity", "a_scale_mode", "match_color", "preserve_color", "rotations"),
    *("rescales", "analogy_w", "mrf_w", "b_content_w", "coarse_side", "contrast"),
)


@dataclass(frozen=True)
class Tab:
    """A kind of job.

    Attributes:
        name: in addresses and in what is sent.
        title: as it is shown.
        told: what it does, a sentence.
        pictures: {slot: what it is, for a person}, those that must be given, in order.
        stands_for: {slot: which of a, a_prime and b it is, or which option names its file; guide_a
            and guide_b are the two maps of a guide}.
        preset: that is used where none is chosen.
        presets: from which one may be chosen.
        options: that are shown; further ones are under "More".
        paints: the slot that is painted, or None.
        over: the slot over which a mask is painted, where no map is painted with the colors of A.
        optional: slots that may stay empty.
        nets: whether a network makes it, which is chosen among those of a folder.
        preview: options of a small picture that is made at once, or None where there is none.
    """

    name: str
    title: str
    told: str
    pictures: Mapping[str, str]
    stands_for: Mapping[str, tuple[str, ...]]
    preset: str = "analogy"
    presets: tuple[str, ...] = ()
    options: tuple[str, ...] = _SIZE
    more: tuple[str, ...] = _MORE
    paints: str | None = None
    over: str | None = None
    optional: tuple[str, ...] = ()
    nets: bool = False
    preview: Mapping[str, Any] | None = None

    def under_more(self) -> tuple[str, ...]:
        """The options that are shown under "More"."""
        return tuple(name for name in self.more if name not in self.options)

    def taken(self) -> tuple[str, ...]:
        """All options that a request may set; none of them names a file or a device."""
        return (*self.options, *self.under_more(), *(("preset",) if self.presets else ()))


_PICTURES = ("a", "a_prime", "b")
_OF_GUIDE = ("guide_a", "guide_b")
_THREE = {"a": ("a",), "a_prime": ("a_prime",), "b": ("b",)}

TABS = (
    Tab(
        "numbers",
        "Paint by numbers",
        "A says what stands where in A'. Paint B with the colors of A, and it is painted like A'.",
        {"a": "A: label map", "a_prime": "A': what was painted from it", "b": "B: your map"},
        _THREE,
        paints="b",
        preview={"preset": "pixels"},
    ),
    Tab(
        "style",
        "Style",
        "The content, repainted with the brush strokes of the style.",
        {"style": "Style: a painting", "content": "Content: a photograph"},
        {"style": ("a", "a_prime"), "content": ("b",)},
        preset="style",
        presets=("style", "neural-style"),
        more=("preserve_color", "match_color", "b_content_w", "a_scale_mode", "contrast"),
    ),
    Tab(
        "texture",
        "Texture",
        "More of a texture, at any size.",
        {"example": "Example: a texture"},
        {"example": ("a", "a_prime", "b")},
        preset="texture",
        options=("width", "height", "tile", "speed", "seed"),
        more=("uniformity", "rotations", "rescales", "coarse_side", "contrast"),
        preview={"preset": "texture", "coarse_side": 0},  # the network takes some seconds
    ),
    Tab(
        "fill",
        "Fill",
        "Paint over what is to go: it is made anew from the rest of the picture.",
        {"picture": "Picture", "mask": "Mask: what is made anew"},
        {"picture": _PICTURES, "mask": ("b_mask",)},
        preset="fill",
        options=("seed",),
        more=("uniformity", "pixel_patch", "rotations", "rescales"),
        paints="mask",
        over="picture",
    ),
    Tab(
        "analogy",
        "Analogy",
        "A is to A' as B is to B': give three pictures, and the fourth is made.",
        {
            "a": "A: before",
            "a_prime": "A': after",
            "b": "B: to be changed like A",
            "guide_a": "Guide of A: says what is what, beside A",
            "guide_b": "Guide of B: the same for B",
            "a_mask": "Mask of A: white where A' may be taken from",
            "b_mask": "Mask of B: white where B' is made",
        },
        {
            **_THREE,
            "guide_a": ("guide_a",),
            "guide_b": ("guide_b",),
            "a_mask": ("a_mask",),
            "b_mask": ("b_mask",),
        },
        presets=("analogy", "pixels", "superres", "recolor"),
        optional=("guide_a", "guide_b", "a_mask", "b_mask"),
    ),
    Tab(
        "fast",
        "Fast",
        "A network that has learned an analogy makes B' in moments.",
        {"b": "B: to be changed as the network learned"},
        {"b": ("b",)},
        options=("width", "height", "seed"),
        more=("preserve_color", "contrast"),
        nets=True,
    ),
)


def find(name: Any) -> Tab:
    """A tab by its name.

    Raises:
        InputError: there is none.
    """
    for tab in TABS:
        if tab.name == name:
            return tab
    raise InputError(f"there is no such kind of job. Received: {str(name)[:40]!r}")


def chosen_options(tab: Tab, given: Any) -> dict[str, Any]:
    """Options as a request gives them, checked, and the preset.

    Args:
        tab: what is to be made.
        given: {option: text, number or truth}; empty texts are left out.

    Raises:
        InputError: one that the tab does not take, or with a value that it cannot have.
    """
    if not isinstance(given, Mapping):
        raise InputError("options must be named")
    options: dict[str, Any] = {} if tab.nets else {"preset": tab.preset}
    for name, value in given.items():
        if name not in tab.taken():
            raise InputError(f"this option cannot be set here. Received: {str(name)[:40]!r}")
        if value not in ("", None):
            options[name] = value
    if tab.presets and options["preset"] not in tab.presets:
        known = ", ".join(tab.presets)
        raise InputError(f"preset must be one of {known}. Received: {options['preset']!r}")
    Options.parse(options)
    return options


def file_options(tab: Tab, files: Mapping[str, str]) -> dict[str, Any]:
    """The options that name files, of the pictures that stand for such.

    Args:
        tab: what is to be made.
        files: {slot: path}.

    Raises:
        InputError: of the two maps of a guide one is missing.
    """
    named = {name: path for slot, path in files.items() for name in tab.stands_for[slot]}
    options: dict[str, Any] = {
        name: path for name, path in named.items() if name not in (*_PICTURES, *_OF_GUIDE)
    }
    guide = [named[name] for name in _OF_GUIDE if name in named]
    if len(guide) == 1:
        raise InputError("a guide takes a picture for A and one for B; one of them is missing")
    return {**options, "guide": [guide]} if guide else options


def described(tab: Tab) -> dict[str, Any]:
    """A tab as plain data, for the page."""
    return {
        "name": tab.name,
        "title": tab.title,
        "told": tab.told,
        "pictures": [
            {"slot": slot, "label": label, "optional": slot in tab.optional}
            for slot, label in tab.pictures.items()
        ],
        "paints": tab.paints,
        "over": tab.over,
        "nets": tab.nets,
        "preview": tab.preview is not None,
        "presets": list(tab.presets),
        "options": [_described(name, kinds()[name], tab) for name in tab.options],
        "more": [_described(name, kinds()[name], tab) for name in tab.under_more()],
        "examples": [
            {key: example[key] for key in ("name", "title", "options")}
            for example in examples()
            if example["tab"] == tab.name
        ],
    }


def _described(name: str, kind: Kind, tab: Tab) -> dict[str, Any]:
    usual = {**defaults(), **PRESETS[tab.preset].values}[name]
    if name in ("width", "height"):
        b = next(slot for slot, names in tab.stands_for.items() if "b" in names)
        usual = f"as {tab.pictures[b].split(':')[0]}"
    elif tab.nets:
        usual = "as learned"
    return {
        "name": name,
        "label": name.replace("_", " ").capitalize() + (f" ({kind.unit})" if kind.unit else ""),
        "type": kind.type,
        "help": kind.help,
        "minimum": kind.minimum if kind.above is None else kind.above,
        "maximum": kind.maximum,
        "choices": list(kind.choices),
        "usual": usual,
    }


@lru_cache(maxsize=1)
def examples() -> tuple[dict[str, Any], ...]:
    """The examples that come with the page: {tab, name, title, pictures, options, colors}."""
    text = resources.files(__package__).joinpath("examples", "examples.json").read_text("utf-8")
    return tuple(json.loads(text))


def example_picture(name: str) -> bytes:
    """The bytes of a picture of an example; the name is one of those in the table of examples."""
    with example_file(name) as file:
        return file.read_bytes()


def example_file(name: str) -> AbstractContextManager[Path]:
    """A picture of an example as a file, for as long as the block lasts.

    Raises:
        InputError: the name is not one of those in the table of examples.
    """
    known = {file for example in examples() for file in example["pictures"].values()}
    if name not in known:
        raise InputError(f"no example has such a picture. Received: {name[:40]!r}")
    return resources.as_file(resources.files(__package__).joinpath("examples", name))


def names_of_colors() -> dict[tuple[int, int, int], str]:
    """{color: what it stands for} of the examples' label maps."""
    return {
        tuple(rgb): name  # type: ignore[misc]
        for example in examples()
        for name, rgb in example.get("colors", {}).items()
    }
