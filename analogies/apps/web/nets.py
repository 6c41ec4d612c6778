"""The networks of a folder: which there are, what they learned, and what is wrong with the others.

A request names a network as the list does; a name that is not in the list is no network, whatever
lies elsewhere. What a file says of itself is shown as plain words, and nothing of it is run.
"""

import hashlib
import io
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from analogies.errors import InputError
from analogies.files import reason
from analogies.options.table import Options
from analogies.runs.learning import net_file

MOST = 200  # files that are looked at
SIDE = 256  # px of a small picture in a file, at most
_PICTURES = {"a": "a.png", "a_prime": "a_prime.png"}
_WORDS = 60  # letters of a name that are shown


@dataclass(frozen=True)
class Listed:
    """A file of the folder.

    Attributes:
        name: of the file, by which it is chosen.
        path: of it.
        id: changes with the file.
        problem: one line on why it cannot be used, or "".
        of: what it learned from, for a person.
        told: how far, for a person.
        options: of its analogy, or None where it cannot be used.
        pictures: {"a", "a_prime": small PNG}, as far as it has them.
    """

    name: str
    path: Path
    id: str
    problem: str = ""
    of: str = ""
    told: str = ""
    options: Options | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def described(self) -> dict[str, Any]:
        """As plain data, for the page."""
        title = plain(self.name.removesuffix(net_file.SUFFIX))
        about = {key: getattr(self, key) for key in ("name", "id", "problem", "of", "told")}
        return {**about, "title": title, "pictures": list(self.pictures)}


class Nets:
    """The networks of a folder, looked at anew whenever they are asked for.

    Args:
        folder: or None where there is none.

    Raises:
        InputError: it is no folder, or cannot be read.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._known: dict[str, Listed] = {}
        self._lock = threading.Lock()
        self.listed()

    def listed(self) -> list[Listed]:
        """All networks, in the order of their names.

        Raises:
            InputError: the folder is not there any more, or cannot be read.
        """
        if self.folder is None:
            return []
        try:
            names = sorted(
                name
                for name in os.listdir(self.folder)
                if name.endswith(net_file.SUFFIX) and not name.startswith(".")
            )
        except OSError as error:
            raise InputError(
                f"the folder of networks cannot be read: {reason(error)}. "
                f"Received: {str(self.folder)!r}"
            ) from None
        with self._lock:
            known, self._known = self._known, {}
            for name in names[:MOST]:
                path = self.folder / name
                number = _number(path)
                old = known.get(name)
                kept = old is not None and old.id == number
                self._known[name] = old if kept and old else _looked_at(self.folder, path, number)
            return list(self._known.values())

    def described(self) -> dict[str, Any]:
        """As plain data, for the page: whether there is a folder, what is in it, what is wrong."""
        try:
            found, problem = self.listed(), ""
        except InputError as error:
            found, problem = [], str(error).partition(" Received: ")[0]
        nets = [each.described() for each in found]
        return {"given": self.folder is not None, "nets": nets, "problem": problem}

    def remarks(self) -> list[str]:
        """What whoever starts the page may not expect: files that cannot be used, or none."""
        found = self.listed()
        told = [f"{plain(each.name)}: {each.problem}" for each in found if each.problem]
        if not any(not each.problem for each in found):
            told.append(
                f"there is no network in {str(self.folder)!r} yet; what make_image_analogy.py "
                "--learn writes there is offered without a new start"
            )
        return told

    def find(self, name: Any) -> Listed:
        """A network that can be used, by its name.

        Raises:
            InputError: there is none of that name, or it cannot be used.
        """
        if name in ("", None):
            raise InputError("a network is missing; choose one")
        found = next((each for each in self.listed() if each.name == name), None)
        if found is None:
            raise InputError(f"there is no such network here. Received: {plain(str(name))!r}")
        if found.problem:
            raise InputError(f"{found.name}: {found.problem}")
        return found

    def picture(self, number: str, which: str) -> bytes | None:
        """A small picture of what the network of an id learned from, or None."""
        with self._lock:
            known = list(self._known.values())
        return next((each.pictures.get(which) for each in known if each.id == number), None)

    def spoil(self, spoiled: Listed, problem: str) -> None:
        """Note what is wrong with a file, found out when it was used, until the file changes."""
        problem = problem.removesuffix(f". Received: {spoiled.name!r}")
        with self._lock:
            if self._known.get(spoiled.name) == spoiled:
                self._known[spoiled.name] = replace(spoiled, problem=problem)


def plain(text: str) -> str:
    """A name without what does not belong in a line, and no longer than one.

    >>> plain("a\\nb\\u202ec")
    'a b c'
    """
    words = "".join(letter if letter.isprintable() else " " for letter in text)
    return words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"


def _number(path: Path) -> str:
    """An id of a file as it is now."""
    try:
        found = os.stat(path)
        told = (found.st_ino, found.st_size, found.st_mtime_ns)
    except OSError as error:
        told = (0, 0, error.errno or 0)
    return hashlib.sha256(repr((str(path), *told)).encode("utf-8", "backslashreplace")).hexdigest()[
        :32
    ]


def _looked_at(folder: Path, path: Path, number: str) -> Listed:
    """A file of the folder, checked as far as that goes without TensorFlow."""
    listed = Listed(path.name, path, number)
    if not path.resolve().is_relative_to(folder.resolve()):
        return replace(listed, problem="is a link out of this folder")
    try:
        about, thumbnails = net_file.look_at(path)
        options = net_file.options_of(about)
    except InputError as error:
        return replace(listed, problem=_without_place(str(error), path))
    pictures = {
        which: small
        for which, name in _PICTURES.items()
        if (small := _small(thumbnails.get(name))) is not None
    }
    return replace(listed, of=_of(about), told=_told(about), options=options, pictures=pictures)


def _without_place(said: str, path: Path) -> str:
    """A message beside the file itself, which need not say where that lies."""
    said = said.removesuffix(f". Received: {str(path)!r}").replace(str(path), path.name)
    return " ".join(said.split())


def _small(data: bytes | None) -> bytes | None:
    """A small picture of a file, read and written anew, or None where it is none."""
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if max(image.size) > SIDE:
                return None
            stream = io.BytesIO()
            image.convert("RGB").save(stream, "PNG")
            return stream.getvalue()
    except Exception:  # damaged pictures make Pillow raise many kinds
        return None


def _of(about: Mapping[str, Any]) -> str:
    """What a network learned from.

    >>> _of({"inputs": {"a": {"file": "x.png"}, "a_prime": {"file": "y.png"}}})
    'x.png to y.png'
    """
    inputs = about.get("inputs")
    given = [
        plain(file)
        for name in ("a", "a_prime")
        if isinstance(inputs, Mapping)
        and isinstance(inputs.get(name), Mapping)
        and isinstance(file := inputs[name].get("file"), str)
    ]
    return " to ".join(dict.fromkeys(given))


def _told(about: Mapping[str, Any]) -> str:
    """How far it learned.

    >>> _told({"steps": 2000, "held_out": 0.314, "learned": True})
    '2,000 steps, error 31 % of that of one color'
    """
    words = []
    steps, share = about.get("steps"), about.get("held_out")
    if isinstance(steps, int) and not isinstance(steps, bool):
        words.append(f"{steps:,} steps")
    if isinstance(share, int | float) and 0 <= share < 1000:
        of = "B itself" if about.get("recipe") == "loss" else "one color"
        words.append(f"error {share:.0%} of that of {of}".replace("%", " %"))
    if about.get("learned") is False:
        words.append("it learned little")
    return ", ".join(words)
