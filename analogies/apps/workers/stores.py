"""Files of stores that fsspec knows, by their address: s3://, gs://, file://, memory://, ..."""

from typing import Any

from analogies.errors import InputError
from analogies.files import reason


def read(address: str) -> bytes:
    """The bytes of a file.

    Raises:
        InputError: it cannot be read, or fsspec or what it needs for this store is missing.
    """
    return _tried("read", address, lambda store, path: store.cat_file(path))


def write(address: str, data: bytes) -> None:
    """Write a file: it appears whole or not at all.

    An object store shows an object when it is complete; where there are files, it is renamed.

    Raises:
        InputError: it cannot be written, or fsspec or what it needs for this store is missing.
    """

    def put(store: Any, path: str) -> None:
        folder = path.rpartition("/")[0]
        if not _is_local(store):
            store.pipe_file(path, data)
            return
        from analogies.files import write_atomically

        store.makedirs(folder, exist_ok=True)
        write_atomically(path, data)

    _tried("written", address, put)


def stamp(address: str) -> str:
    """A word that changes when the file does; "" where there is no file.

    Raises:
        InputError: the store cannot be asked.
    """

    def ask(store: Any, path: str) -> str:
        store.invalidate_cache()
        try:
            return str(store.ukey(path))
        except (FileNotFoundError, KeyError):
            return ""

    return _tried("found", address, ask)


def record_of(out: str) -> str:
    """The address of the record beside a result.

    >>> record_of("s3://made/one.png")
    's3://made/one.json'
    """
    folder, slash, name = out.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}.json"


def _is_local(store: Any) -> bool:
    kinds = store.protocol if isinstance(store.protocol, tuple | list) else (store.protocol,)
    return "file" in kinds


def _tried(done: str, address: str, what: Any) -> Any:
    """Do something with the store of an address and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise InputError(
            f"addresses of stores need fsspec: pip install fsspec. Received: {address!r}"
        ) from None
    try:
        return what(*url_to_fs(address))
    except InputError:
        raise
    except ImportError as error:
        raise InputError(f"{reason(error)}. Received: {address!r}") from None
    except FileNotFoundError:
        raise InputError(f"no such file or folder. Received: {address!r}") from None
    except Exception as error:  # of whatever library the store has
        raise InputError(f"cannot be {done}: {reason(error)}. Received: {address!r}") from None
