"""The program ffmpeg: where it is, and run with pipes. A process of its own; nothing is linked."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from analogies.errors import InputError

MISSING = (
    "clips are read and written by ffmpeg, which is not there: pip install 'analogies[video]'; "
    "folders of frames and GIF, APNG and WebP animations need nothing"
)


def executable() -> str:
    """The path of ffmpeg, that of imageio-ffmpeg or one that is installed.

    Raises:
        InputError: there is none.
    """
    with suppress(ImportError, RuntimeError):
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    found = shutil.which("ffmpeg")
    if found is None:
        raise InputError(MISSING)
    return found


class Running:
    """An ffmpeg that runs.

    Attributes:
        stdout, stdin: its pipes.
    """

    def __init__(self, process: subprocess.Popen, errors: IO[bytes]) -> None:
        self.process, self._errors = process, errors
        self.stdout, self.stdin = process.stdout, process.stdin

    def said(self) -> str:
        """What it has said."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def complaint(self) -> str:
        """The last line of what it has said, without what stands before it in brackets."""
        lines = [x.strip() for x in self.said().splitlines() if x.strip()]
        return re.sub(r"^(\[[^\]]*\]\s*)+", "", lines[-1])[:200] if lines else "no word"


@contextmanager
def running(arguments: Sequence[str], level: str = "error") -> Iterator[Running]:
    """Run ffmpeg with its pipes open; it ends with the block.

    It is no child of the terminal: Ctrl-C reaches this program alone, which ends it in its time.
    """
    command = [executable(), "-hide_banner", "-loglevel", level, *arguments]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        try:
            yield Running(process, errors)
        finally:
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
