"""Files that appear whole or not at all, and paths checked before work begins."""

import contextlib
import difflib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from analogies.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_TEMPORARY = re.compile(r"\.analogies-[0-9a-f]{12}\.tmpv?")  # v: frames without their sound
_MANY = 5000  # names of a folder that are looked at for one that may be meant
_YOUNG = 60.0  # seconds; a temporary file without bytes may have been made this moment


def is_temporary(path: Path) -> bool:
    """Whether a file is one that is written before it takes its name."""
    return _TEMPORARY.fullmatch(path.name) is not None


def expanded(path: str | os.PathLike) -> str:
    """The path that is meant by one as a person gives it: with their folder for `~/`.

    A shell replaces it only at the beginning of a word, so not in `--logdir=~/logs`, and nobody
    does in a list or in Python.

    Raises:
        InputError: the user has no such folder, or is not there.
    """
    name = os.fspath(path)
    if not re.match("~[^/]*/|~$", name):  # without a folder it is a name, as of editors' copies
        return name
    whole = os.path.expanduser(name)
    if whole == name:
        raise InputError(f"there is no home folder to put for '~'. Received: {name!r}")
    return whole


def check_readable(path: str | os.PathLike) -> Path:
    """The path of an existing, non-empty regular file.

    Opening a pipe could wait forever, so the kind of file is looked at first.

    Raises:
        InputError: nothing is there, or something that is no readable file with bytes in it.
    """
    name = expanded(path)
    try:
        status = os.stat(name)
    except FileNotFoundError:
        raise InputError(f"no such file.{_resembling(name)} Received: {name!r}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be opened: {reason(error)}. Received: {name!r}") from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"this is a folder, not a file. Received: {name!r}")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"this is a pipe or a device, not a file. Received: {name!r}")
    if status.st_size == 0:
        raise InputError(f"the file is empty. Received: {name!r}")
    if not os.access(name, os.R_OK):
        raise InputError(f"there is no permission to read this file. Received: {name!r}")
    return Path(name)


def check_writable(path: str | os.PathLike) -> Path:
    """The path of a file that could be written; folders above it may still be missing.

    Raises:
        InputError: a folder or device has this name, or the folder takes no files, or there is a
            file already that may not be written or replaced.
    """
    name = expanded(path)
    target = Path(name)
    try:
        if target.is_dir():
            raise InputError(f"a folder has the name of the output. Received: {name!r}")
        if target.exists() and not target.is_file():
            raise InputError(f"the output is a pipe or a device. Received: {name!r}")
        folder = target.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        long_name = len(os.fsencode(target.name)) > 255
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be written: {reason(error)}. Received: {name!r}") from None
    if long_name:
        raise InputError(f"the name of the output is too long. Received: {name!r}")
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder. Received: {name!r}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"there is no permission to write into {str(folder)!r}. Received: {name!r}"
        )
    if target.exists() and not os.access(target, os.W_OK):
        raise InputError(f"there is no permission to write this file. Received: {name!r}")
    if not _may_replace(target):
        raise InputError(f"this file is another user's and may not be replaced. Received: {name!r}")
    return target


def _may_replace(target: Path) -> bool:
    """Whether a file may be replaced; in a folder like /tmp only by who owns one of them."""
    real = Path(os.path.realpath(target))
    try:
        file, folder = real.stat(), real.parent.stat()
    except OSError:  # not there
        return True
    owners = (file.st_uid, folder.st_uid)
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    return not folder.st_mode & stat.S_ISVTX or user in (0, *owners)


def prepare_folder(path: str | os.PathLike) -> None:
    """Make the folder of a file to come, and try whether it takes a file.

    Permissions do not tell the truth on every file system, and a long run should not end in
    an error that could have been known before it. What a killed run was writing there is removed.

    Raises:
        InputError: it cannot be made or written into.
    """
    name = expanded(path)
    target = Path(os.path.realpath(name))
    trial = _temporary(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        trial.touch(exist_ok=False)
        trial.unlink()
        remove_stale(target.parent)
    except OSError as error:
        raise InputError(f"cannot be written: {reason(error)}. Received: {name!r}") from None


def write_atomically(path: str | os.PathLike, data: bytes) -> None:
    """Write a file so that its name never stands for a part of it, even after a power cut.

    Raises:
        InputError: the folder or file cannot be written, or the disk is full.
    """
    with _replacing(path) as stream:
        stream.write(data)


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary file for what others write, put in the place of a file at the end of the block.

    It is there, empty, and must be written into, not replaced.

    Raises:
        InputError: the folder or file cannot be written.
    """
    with _replacing(path) as stream:
        yield Path(stream.name)


@contextlib.contextmanager
def _replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A temporary file in the folder of another, brought to the disk and under its name.

    It is locked for as long as it has its own, see `remove_stale`. A symbolic link is followed.
    Missing folders are made.

    Raises:
        InputError: the folder or file cannot be written, or the disk is full.
    """
    name = expanded(path)
    target = Path(os.path.realpath(name))
    temporary = _temporary(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as stream:
            try_lock(stream.fileno())
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise InputError(f"cannot be written: {reason(error)}. Received: {name!r}") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_stale(folder: Path) -> None:
    """Remove the temporary files of runs that were killed while they wrote.

    Whoever writes holds a lock on the file, which ends with the process; files that are locked,
    or too young to be, are left alone.
    """
    with contextlib.suppress(OSError):
        found = [path for path in folder.iterdir() if is_temporary(path)]
        for path in found:
            with contextlib.suppress(OSError), open(path, "rb") as stream:
                status = os.fstat(stream.fileno())
                old = status.st_size > 0 or time.time() - status.st_mtime > _YOUNG
                if old and try_lock(stream.fileno()):
                    path.unlink()


def _temporary(target: Path) -> Path:
    return target.parent / f".analogies-{secrets.token_hex(6)}.tmp"


def try_lock(descriptor: int) -> bool | None:
    """Lock an open file until it is closed.

    Returns:
        whether that was possible, or None where there are no locks, as on some file systems.
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def reason(error: Exception) -> str:
    """What an exception says, in one line of moderate length."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; some file systems cannot, and then the rename still stands."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _resembling(name: str) -> str:
    """What to say beside that there is no such file: the one that may be meant, or the folder."""
    folder, wanted = os.path.split(name)
    if folder and not os.path.exists(folder):
        return f" There is no folder {folder!r} either."
    try:
        there = os.listdir(folder or os.curdir)
    except OSError:
        return ""
    plain = {os.path.normcase(entry).lower(): entry for entry in sorted(there)[:_MANY]}
    whole = [entry for text, entry in plain.items() if text.split(".")[0] == wanted.lower()]
    close = difflib.get_close_matches(wanted.lower(), plain, n=1, cutoff=0.7)
    meant = [os.path.join(folder, entry) for entry in [*whole, *(plain[text] for text in close)]]
    files = [path for path in meant if os.path.isfile(path)]
    return f" Did you mean {files[0]!r}?" if files else ""
