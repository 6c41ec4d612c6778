"""The program as Python functions on arrays or files."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from absl import logging

from analogies import images
from analogies.errors import InputError
from analogies.options import presets
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.controls import MASKS, as_guide
from analogies.runs.inputs import is_path
from analogies.runs.learning.fast_analogy import FastAnalogy as FastAnalogy
from analogies.runs.run import run

Source = str | os.PathLike | bytes | BinaryIO | np.ndarray  # or a PIL image
FrameListener = Callable[[Any], None]


def make_analogy(
    a: Source,
    a_prime: Source,
    b: Source,
    *,
    pairs: Sequence[Sequence[Source]] = (),
    guides: Sequence[Sequence[Any]] = (),
    out: str | os.PathLike | None = None,
    **options: Any,
) -> np.ndarray:
    """Make B' such that A is to A' as B is to B'.

    Args:
        a, a_prime: a pair of pictures of one size: paths, the bytes of files, files open in mode
            "rb", PIL images, or arrays `(H, W)`, `(H, W, 1)`, `(H, W, 3)` or `(H, W, 4)`, uint8 or
            float, values in [0, 255] (floats none of which is above 1 are refused: they are meant
            otherwise).
        b: the picture to be changed as A was, any size.
        pairs: further pairs of A and A'; the two of a pair have one size. All pairs are one
            reference. A third picture, or an array of booleans, is a mask of the pair: where it is
            white the pair may be sampled.
        guides: further pictures that say what corresponds, `(a_map, b_map)`, with a weight and a
            picture of how much they count where: `(a_map, b_map, weight, mask)`. `a_map` is as
            large as A, or a sequence of a map for each pair; `b_map` and the mask as large as B.
            "#00ff00" is a map of one color.
        out: where to write the result and the record of the run, or a prefix of pictures of every
            pass, as the command does; left out, nothing is written but what options ask for.
        **options: any of `Options`, such as `height=231` or `preset="recolor"`. `init`, `a_mask`
            and `b_mask` may be arrays. Without `preset`, and with one picture as A and A', the
            preset style is used.

    Returns:
        uint8 `(H, W, 3)`, of the size of B or as `width` and `height` say.

    Raises:
        InputError: (a ValueError) a picture or an option cannot be used, or there is too little
            memory for this size.

    Example:
        >>> import numpy as np
        >>> a = np.tile(np.linspace(0, 255, 32), (32, 1))
        >>> b_prime = make_analogy(a, 255 - a, a.T, evaluations=2)
        >>> b_prime.shape, b_prime.dtype, bool(b_prime[0].mean() > b_prime[-1].mean())
        ((32, 32, 3), dtype('uint8'), True)
    """
    options, remark = presets.choose(options, a, a_prime, b)
    init = options.get("init")
    if init is not None and not is_path(init):
        options = {**options, "init": "auto"}
    else:  # `Options` takes words and paths
        init = None
    masks = {
        name: options[name] for name in MASKS if name in options and not is_path(options[name])
    }
    options = {name: value for name, value in options.items() if name not in masks}
    job = jobs.plan(
        *(a, a_prime, b, out, Options.parse(options)),
        remark=remark,
        init=init,
        pairs=pairs,
        guides=[as_guide(number, given) for number, given in enumerate(guides, 1)],
        masks=masks,
    )
    outcome = run(job)
    kept = outcome.kept
    if outcome.ended is not None:
        if kept.path is not None:
            outcome.ended.add_note(f"the picture so far is {kept.path}")
        raise outcome.ended
    if kept.problem:
        where = f"it is {kept.path}" if kept.path else "no folder takes it"
        logging.warning("%s: %s; %s", out, kept.problem, where)
    return outcome.picture


def make_moving_analogy(
    a: Source,
    a_prime: Source,
    b: str | os.PathLike,
    out: str | os.PathLike,
    *,
    on_frame: FrameListener | None = None,
    **options: Any,
) -> Path:
    """Change every frame of a moving picture as A was changed into A'.

    The same run as the command's, see docs/video.md: what was made of a frame stays on what moves.

    Args:
        a, a_prime: as for `make_analogy`.
        b: path of a clip, of a folder of frames, or of a GIF, APNG or WebP animation.
        out: path of a folder, a clip or an animation.
        on_frame: called with every frame that is made: `number`, `picture`, `place` of `count`.
        **options: any of `Options` and of `options.sequences.Moving`, such as `height=256`,
            `frames="0:99"`, `coherence=0.5`; `resume=True` goes on with a run that was stopped, and
            `frame=120` makes this one, as a picture.

    Returns:
        the path of what was written.

    Raises:
        InputError: something given cannot be used, or the result cannot be written.

    Example::

        make_moving_analogy("painting.jpg", "painting.jpg", "clip.mp4", "out.mp4", height=256)
    """
    sources = {"a": a, "a_prime": a_prime}
    return _moving(sources, b, out, on_frame, options)


def paint_from_keys(
    keys: Mapping[int, str | os.PathLike],
    b: str | os.PathLike,
    out: str | os.PathLike,
    *,
    on_frame: FrameListener | None = None,
    **options: Any,
) -> Path:
    """Paint a moving picture as some of its frames were painted.

    Args:
        keys: {number of a frame: path of its painting}.
        b, out, on_frame, **options: as for `make_moving_analogy`.

    Returns:
        the path of what was written.

    Raises:
        InputError: something given cannot be used, or the result cannot be written.

    Example::

        paint_from_keys({0: "painted0.png", 80: "painted80.png"}, "frames/", "out/")
    """
    painted = tuple((str(number), os.fspath(path)) for number, path in keys.items())
    if not painted:
        raise InputError("keys are numbers of frames and their paintings, one at least")
    return _moving({}, b, out, on_frame, {**options, "key": painted})


def _moving(
    sources: Mapping[str, Any],
    b: str | os.PathLike,
    out: str | os.PathLike,
    on_frame: FrameListener | None,
    options: Mapping[str, Any],
) -> Path:
    from analogies.runs.sequences.asking import make

    return make(sources, b, out, options, [] if on_frame is None else [on_frame])


def transfer_style(content: Source, style: Source, **options: Any) -> np.ndarray:
    """Repaint a picture in the manner of another.

    The same as `make_analogy(style, style, content, preset="style")`: patches of the style are
    put where the content's features look like them. `preset="neural-style"` gives the content
    the style's Gram matrices instead.

    Args:
        content: what to show; path or array as for `make_analogy`.
        style: how to show it.
        **options: any of `Options`.

    Returns:
        uint8 `(H, W, 3)`, of the size of the content or as `width` and `height` say.

    Raises:
        InputError: a picture or an option cannot be used.
    """
    return make_analogy(style, style, content, **{"preset": "style", **options})


def synthesize_texture(example: Source, height: int, width: int, **options: Any) -> np.ndarray:
    """Make more of a texture, at any size.

    Args:
        example: path or array as for `make_analogy`.
        height, width: of the result, px, at least 16.
        **options: any of `Options`; another `seed` gives another sample.

    Returns:
        uint8 `(height, width, 3)`.

    Raises:
        InputError: the picture or an option cannot be used.
    """
    for name in ("height", "width"):
        if name in options:
            raise InputError(f"{name} was given twice. Received: {options[name]!r}")
    options = {"preset": "texture", **options}
    source = images.read(example).pixels
    return make_analogy(source, source, source, height=height, width=width, **options)


def fill(picture: Source, mask: Source, **options: Any) -> np.ndarray:
    """Make what a mask covers anew, from the rest of the same picture.

    Args:
        picture: path or array as for `make_analogy`.
        mask: as large; white, or True, is made anew, the rest stays to the byte.
        **options: any of `Options`: `extend="40,0,40,0"` grows the picture, too; `from_other` names
            another picture that patches come from; another `seed` gives another filling.

    Returns:
        uint8 `(H, W, 3)`, of the size of the picture or as much larger as `extend` says.

    Raises:
        InputError: a picture, the mask or an option cannot be used.
    """
    options = {"preset": "fill", **options}
    return make_analogy(picture, picture, picture, b_mask=mask, **options)


def apply_field(
    field: str | os.PathLike,
    given: Source,
    *,
    out: str | os.PathLike | None = None,
    nearest: bool = False,
) -> np.ndarray:
    """Put together another map of A' as a run put together B': its normals, heights, roughness.

    Args:
        field: a file that a run with `save_field` wrote.
        given: the map, as large as that run's A': a file of 8 or 16 bits a channel (PNG, TIFF) or
            of floats (TIFF), or an array uint8, uint16 or float `(h, w)` or `(h, w, c)`. Its
            numbers are taken as they are: no color profile counts.
        out: file to write, .png or, for floats too, .tif; left out, nothing is written.
        nearest: take each pixel from the middle of its own patch, which makes no numbers that the
            map has not; else it is the mean of the patches over it, as in B'.

    Returns:
        the map of B' in the dtype of the map given.

    Raises:
        InputError: the field or the map cannot be used, or the map has another size than A'.
    """
    from analogies.runs.repeating import repeat

    return repeat(field, given, out, nearest)
