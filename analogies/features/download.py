"""Keras' own VGG weights: in its cache, or fetched into it once."""

import contextlib
import hashlib
import os
import secrets
import tempfile
import urllib.request
from pathlib import Path

from absl import logging

from analogies.errors import InputError
from analogies.files import reason

# File names, and MD5 sums as keras.applications states them; all below _URL.
_URL = "https://storage.googleapis.com/tensorflow/keras-applications"
FILES = {
    "vgg16": (
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
    ),
    "vgg19": (
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "253f8cb515780f3b799900260a226db6",
    ),
}
_CHUNK = 1 << 20
_PATIENCE = 60.0  # seconds without an answer


def fetch(network: str) -> Path:
    """Path of the weights of "vgg16" or "vgg19", checked by their MD5 sum.

    What lies in the cache under the name is used or, where the sum is another, refused; it is
    never deleted or replaced. A download appears there only once it is whole.

    Raises:
        InputError: the file cannot be fetched, or that in the cache is damaged.
    """
    name, md5 = FILES[network]
    place = cache_folder() / name
    url = f"{_URL}/{network}/{name}"
    try:
        there = place.is_file()
        found = _md5(place) if there else _download(url, place, md5)
    except (OSError, ValueError) as error:  # urllib's are OSErrors
        raise InputError(
            f"The weights of {network} could not be fetched. Put {name} (from {url}) at {place}, "
            "or name a weight file with --vgg-weights or VGG_WEIGHT_PATH, or use "
            f"--features slim, which needs no download. Received: {reason(error)}"
        ) from error
    if found != md5:
        raise InputError(
            f"The weights of {network} in Keras' cache are damaged or others "
            f"({place.stat().st_size} bytes, MD5 {found}, not {md5}); move the file away and it is "
            f"fetched again. Received: {str(place)!r}"
        )
    return place


def cache_folder() -> Path:
    """Where Keras keeps models: below KERAS_HOME or ~/.keras; a temporary one without a home."""
    given = os.environ.get("KERAS_HOME")
    for home in (given, "~/.keras"):
        with contextlib.suppress(RuntimeError):  # no home directory is known
            if home:
                return Path(home).expanduser() / "models"
    return Path(tempfile.gettempdir()) / ".keras" / "models"


def _download(url: str, place: Path, md5: str) -> str:
    """Fetch a file to beside its place, check it and give it its name; return its MD5 sum."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    logging.info("fetching %s to %s", url, place)
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer, open(part, "xb") as file:
            whole = int(answer.headers.get("Content-Length") or -1)
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
        size = part.stat().st_size
        if size < whole:
            raise OSError(f"it was cut off: {size} of {whole} bytes")
        found = _md5(part)
        if found != md5:
            raise OSError(f"what came is another file: MD5 {found}, not {md5}")
        os.replace(part, place)
    finally:
        part.unlink(missing_ok=True)
    return found


def _md5(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
