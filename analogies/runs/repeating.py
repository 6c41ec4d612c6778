"""A field that was saved, applied to another map of A': files or arrays in, a map out."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import check_writable, expanded
from analogies.images.samples import check_suffix, read_samples, write_samples
from analogies.runs.inputs import is_path
from analogies.synthesis.pixels.fields import SavedField, load


def repeat(field: Any, given: Any, out: Any = None, nearest: bool = False) -> np.ndarray:
    """The map of B' that goes with a map of A'.

    Args:
        field: a file that --save-field wrote, or what it holds.
        given: a map as large as A', as `read_samples` takes it.
        out: file to write, .png or .tif; None writes nothing.
        nearest: take each pixel from its own patch alone.

    Returns:
        `(h, w, c)` of the map's own dtype, `(h, w)` for an array of that shape.

    Raises:
        InputError: the field, the map or the file cannot be used; nothing was written.
    """
    saved = field if isinstance(field, SavedField) else load(expanded(field))
    try:
        values = read_samples(expanded(given) if is_path(given) else given)
    except InputError as error:
        raise InputError(f"the map: {error}") from None
    if out is not None:
        _check(Path(expanded(out)), [x for x in (field, given) if is_path(x)], values.dtype.name)
    found = saved.applied(values, nearest)
    if out is not None:
        write_samples(expanded(out), found)
    flat = isinstance(given, np.ndarray) and given.ndim == 2
    return found[..., 0] if flat else found


def _check(out: Path, inputs: list[Any], depth: str) -> None:
    """The file can be written, and is no input."""
    check_suffix(out, depth)
    check_writable(out)
    for path in inputs:
        if out.exists() and os.path.samefile(out, expanded(path)):
            raise InputError(f"the output would overwrite an input. Received: {str(out)!r}")
