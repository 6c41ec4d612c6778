"""The program as Python functions on arrays or files."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import logging

from analogies import images
from analogies.errors import InputError
from analogies.options import presets
from analogies.options.idle import without_effect
from analogies.options.table import Options
from analogies.runs import finishing, memory_check
from analogies.runs.checkpoints import resuming
from analogies.runs.job import check_features, further

Source = str | os.PathLike | np.ndarray


def make_analogy(
    a: Source,
    a_prime: Source,
    b: Source,
    *,
    pairs: Sequence[tuple[Source, Source]] = (),
    **options: Any,
) -> np.ndarray:
    """Make B' such that A is to A' as B is to B'.

    Args:
        a, a_prime: a pair of pictures of one size: paths, or arrays `(H, W)`, `(H, W, 1)`,
            `(H, W, 3)` or `(H, W, 4)`, uint8 or float, values in [0, 255] (floats none of which
            is above 1 are refused: they are meant otherwise).
        b: the picture to be changed as A was, any size.
        pairs: further pairs of A and A'; the two of a pair have one size. All pairs are one
            reference.
        **options: any of `Options`, such as `height=231` or `preset="recolor"`. `init` may be an
            array. Without `preset`, and with one picture as A and A', the preset style is used.

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
    if remark:
        logging.info("%s", remark)
    given = options.get("init")
    init = None
    if given is not None and not (isinstance(given, str) and given in ("auto", "noise", "b")):
        init = given
        options = {**options, "init": "auto"}
    checked = Options.parse(options)
    for name, reason in without_effect(checked).items():
        logging.warning("%s has no effect: %s", name, reason)
    sources = {"a": a, "a_prime": a_prime, "b": b, **({} if init is None else {"init": init})}
    for number, pair in enumerate([*checked.pair, *pairs], 2):
        sources |= dict(zip(finishing.pair_names(number), pair, strict=True))
    pictures = {name: images.read(source) for name, source in sources.items()}
    sizes = {name: picture.size for name, picture in pictures.items()}
    checked, resized = memory_check.checked(
        sizes["a"], sizes["b"], checked, check_features(checked), pairs=further(sizes)
    )
    if resized:
        logging.warning("%s", resized)
    keeping = resuming.prepare(checked, pictures)
    for name, picture in pictures.items():
        for note in picture.notes:
            logging.warning("%s %s", name, note)
    for note in keeping.notes if keeping else ():
        logging.info("%s", note)
    pixels = {name: picture.pixels for name, picture in pictures.items()}
    return _run(pixels, checked, keeping)


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


def _run(
    pixels: dict[str, np.ndarray], options: Options, keeping: resuming.Keeping | None
) -> np.ndarray:
    from analogies.runs.machine import device as runtime

    machine = runtime.start(options.device)
    import tensorflow as tf

    from analogies.runs.checkpoints.writer import Checkpoints
    from analogies.runs.monitors import PassLog
    from analogies.synthesis.loop import synthesize

    log = PassLog(keeping.rows() if keeping else ())
    extras = {"device": machine.description}
    checkpoints = Checkpoints(keeping, log, extras) if keeping else None
    with tf.device(machine.device):
        (a, a_prime), *pairs = finishing.prepare(pixels, options)
        b, init = pixels["b"], pixels.get("init")
        carried = keeping.carried() if keeping else None
        for record in synthesize(a, a_prime, b, options, init=init, carried=carried, pairs=pairs):
            log(record)
            if checkpoints:
                checkpoints(record)
        assert log.last is not None
        result = images.to_uint8(finishing.finish(log.last.image(), b, options))
    if checkpoints:
        checkpoints.remove()
    return result
