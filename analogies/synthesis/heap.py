"""Memory that is free, given back to the system. Plain Python."""

import ctypes
import gc


def give_back() -> None:
    """Give back what the C library keeps of freed memory; nothing where it has no way to.

    After a network's levels that is several hundred MB in small pieces, into which the large maps
    of pixels do not fit.
    """
    gc.collect()
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another system, or another library
        return
    trim(0)
