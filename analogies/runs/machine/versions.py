"""The program's version, from its installed metadata or from the checkout it runs in."""

import configparser
import platform
from functools import lru_cache
from importlib import metadata
from pathlib import Path


@lru_cache(maxsize=1)
def version() -> str:
    """The version as `setup.cfg` states it, "unknown" where neither source is there."""
    settings = Path(__file__).resolve().parents[3] / "setup.cfg"
    parser = configparser.ConfigParser()
    if settings.is_file() and parser.read(settings):
        return parser.get("metadata", "version", fallback="unknown")
    try:
        return metadata.version("analogies")
    except metadata.PackageNotFoundError:
        return "unknown"


def versions() -> dict[str, str]:
    """The versions of what decides about a result."""
    names = ("tensorflow", "keras", "numpy", "pillow", "h5py")
    found = {name: installed(name) for name in names}
    return {"analogies": version(), "python": platform.python_version(), **found}


@lru_cache
def installed(name: str) -> str:
    """The version of a package, whatever distribution it came in: `tensorflow-cpu`, say.

    Reading it takes milliseconds, and a list of small pictures asks for each of them.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        module = {"pillow": "PIL"}.get(name, name)
        others = metadata.packages_distributions().get(module, ())
        return metadata.version(others[0]) if others else "unknown"
