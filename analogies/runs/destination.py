"""Where a run's pictures and its record go, and whether they can be written there."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analogies import images
from analogies.errors import InputError
from analogies.files import check_writable, expanded
from analogies.options.kinds import OptionError
from analogies.options.table import Options
from analogies.runs.inputs import spoken


@dataclass(frozen=True)
class Destination:
    """Names of the files that a run writes.

    Attributes:
        result: the picture.
        prefix: of the pictures of the passes, or None where none are wanted.
    """

    result: Path
    prefix: str | None

    @property
    def record(self) -> Path:
        """Where the run record goes."""
        return self.result.with_suffix(".json")

    def pass_file(self, level: int, iteration: int) -> Path:
        """Where the picture after a pass goes, named as image-analogies names it."""
        return Path(f"{self.prefix}_at_iteration_{level}_{iteration}.png")

    def files(self, options: Options) -> list[Path]:
        """All pictures and records that a run writes."""
        passes = []
        if self.prefix is not None:
            scales, iters = range(options.scales), range(options.iters)
            passes = [self.pass_file(level, iteration) for level in scales for iteration in iters]
        return [self.result, self.record, *passes]


def named(out: str | os.PathLike) -> Destination:
    """What the name of an output stands for: a picture, or the prefix of several.

    Raises:
        InputError: it names a folder, or a kind of picture that is not written.
    """
    name = expanded(out)
    if not name or name.endswith(os.sep) or os.path.isdir(name):
        raise InputError(f"the output must name a file, not a folder. Received: {name!r}")
    if images.is_result_file(name):
        return Destination(Path(name), None)
    return Destination(Path(name + ".png"), name)


def check(
    destination: Destination, options: Options, inputs: Mapping[str, Path], size: tuple[int, int]
) -> None:
    """Every file to be written can be, and none of them is an input.

    Args:
        destination: of the run.
        options: of the run.
        inputs: {what: file that the run reads}.
        size: (height, width) of the result in px.

    Raises:
        InputError: one line on the first that cannot be written.
    """
    result = destination.result
    limit = images.largest_side(result.suffix)
    if limit is not None and max(size) > limit:
        raise InputError(
            f"a {result.suffix} file holds sides up to {limit} px, and the result has "
            f"{size[1]}x{size[0]} px; .png holds any. Received: {str(result)!r}"
        )
    real = {os.path.realpath(path): name for name, path in inputs.items()}
    folders = {
        os.path.realpath(folder): name
        for name, folder in (("logdir", options.logdir), ("checkpoint", options.checkpoint))
        if folder is not None
    }
    for output in destination.files(options):
        check_writable(output)
        folder = folders.get(os.path.realpath(output))
        if folder:
            raise OptionError(folder, f"names the output, too. Received: {str(output)!r}")
        given = real.get(os.path.realpath(output)) or _same_file(output, inputs)
        if given:
            raise InputError(
                f"the output would overwrite an input ({spoken(given)}). Received: {str(output)!r}"
            )


def _same_file(output: Path, inputs: Mapping[str, Path]) -> str | None:
    """The input that is the output under another name (a hard link), if any."""
    if not output.exists():
        return None
    with contextlib.suppress(OSError):  # an input that is not there is told elsewhere
        return next((name for name, path in inputs.items() if path.samefile(output)), None)
    return None
