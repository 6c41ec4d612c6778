"""One run at a time in a folder of checkpoints: two would remove each other's files."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from analogies.errors import InputError
from analogies.files import reason, try_lock

NAME = ".analogies-run.lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder within the block, and remove it if it is empty then.

    The lock is one of the operating system on an open file, which ends with the process however
    that ends. Where there are none, on some network file systems or elsewhere, the file itself
    keeps others out for as long as its process lives.

    Raises:
        InputError: another run is in the folder, or it takes no files.
    """
    path = folder / NAME
    descriptor = _take(path)
    try:
        yield
    finally:
        # First removed, then closed, on Windows the other way round: nobody locks what is gone.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)
        with contextlib.suppress(OSError):
            if os.name == "nt":
                path.unlink()
        with contextlib.suppress(OSError):
            folder.rmdir()  # nothing in it, nothing to go on with


def check_free(folder: Path) -> None:
    """Say at once that another run is in a folder.

    Raises:
        InputError: there is one.
    """
    if (folder / NAME).exists():
        with locked(folder):
            pass


def _take(path: Path) -> int:
    """The descriptor of the lock's file, which is this process's alone."""
    for _ in range(100):  # others may be leaving
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise InputError(
                f"cannot be written: {reason(error)}. Received: {str(path.parent)!r}"
            ) from None
        try:
            owned = _own(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        if owned:
            return descriptor
        os.close(descriptor)
    raise _in_use(path, "", sure=True)


def _own(descriptor: int, path: Path) -> bool:
    """Whether the file is this process's now; False where it was removed meanwhile.

    Raises:
        InputError: it is another's.
    """
    taken = try_lock(descriptor)
    owner = os.read(descriptor, 200).decode(errors="replace").strip()
    if taken is False or (taken is None and owner and _lives(owner)):
        raise _in_use(path, owner, sure=taken is False)
    with contextlib.suppress(OSError):
        if not os.path.samestat(os.fstat(descriptor), path.stat()):
            return False
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, _name().encode())
        return True
    return path.exists()  # without space for a name it still is a lock


def _in_use(path: Path, owner: str, sure: bool) -> InputError:
    by = f" ({owner})" if owner else ""
    hint = "" if sure else f", or, if there is none, remove {path.name} from it"
    return InputError(
        f"another run{by} is using this folder of checkpoints: wait for it, or give another "
        f"folder{hint}. Received: {str(path.parent)!r}"
    )


def _name() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def _lives(owner: str) -> bool:
    """Whether a process of that name may still be there; of another machine's nothing is known."""
    words = owner.split(" ", 3)
    if os.name != "posix" or len(words) != 4 or words[3] != socket.gethostname():
        return True
    try:
        os.kill(int(words[1]), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return int(words[1]) != os.getpid()
