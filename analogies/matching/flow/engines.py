"""Who finds the flow: dense inverse search where OpenCV is installed, else `lucas_kanade`.

Kroeger et al., "Fast Optical Flow using Dense Inverse Search" (ECCV 2016).
"""

import threading
from typing import Any

import numpy as np

from analogies.matching.flow.lucas_kanade import lucas_kanade
from analogies.matching.flow.small import small_step

GRAY = np.array([0.299, 0.587, 0.114], np.float32)
LEAST = 32  # px, of the shorter side, for dense inverse search


def flow(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where each pixel of a frame lies in another of the same size.

    Args:
        one, other: uint8 or float `(h, w, 3)` in [0, 255].

    Returns:
        float32 `(h, w, 2)`: rows and columns, px, that are added to a place in `one`.
    """
    gray = [np.asarray(frame, np.float32) @ GRAY for frame in (one, other)]
    search = _inverse_search() if min(gray[0].shape) >= LEAST else None
    if search is None:
        return lucas_kanade(gray[0], gray[1])
    return _searched(search, *gray)


def nearby(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The same for frames that lie nearly right, in less time: less than a pixel is found."""
    gray = [np.asarray(frame, np.float32) @ GRAY for frame in (one, other)]
    search = _inverse_search(near=True) if min(gray[0].shape) >= LEAST else None
    return small_step(*gray) if search is None else _searched(search, *gray)


def _searched(search: Any, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    with _ALONE:
        found = search.calc(*(np.rint(x).clip(0, 255).astype(np.uint8) for x in (one, other)), None)
    return np.ascontiguousarray(found[..., ::-1])


class _Alone:
    """While anyone is inside, OpenCV takes one thread for a search.

    It divides its work by its threads, and the result depends on that; their number is that of the
    whole process.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        import cv2

        with self._lock:
            if not self._inside:
                self._before = cv2.getNumThreads()
                cv2.setNumThreads(1)
            self._inside += 1

    def __exit__(self, *raised: object) -> None:
        import cv2

        with self._lock:
            self._inside -= 1
            if not self._inside:
                cv2.setNumThreads(self._before)


_ALONE = _Alone()
_OWN = threading.local()  # a search keeps pictures while it runs: each thread has its own


def engine() -> str:
    """Who finds the flow, for the record: other engines find other flows."""
    if _inverse_search() is None:
        return "lucas-kanade"
    import cv2

    return f"opencv {cv2.__version__}"


def fine() -> bool:
    """Whether flows are right to a small part of a pixel; `lucas_kanade` is a rougher one."""
    return _inverse_search() is not None


def _inverse_search(near: bool = False) -> Any:
    """OpenCV's search, at the finest level alone for what is near; None where there is none."""
    known = vars(_OWN)
    name = "near" if near else "far"
    if name not in known:
        known[name] = _made_search(near)
    return known[name]


def _made_search(near: bool) -> Any:
    try:
        import cv2
    except ImportError:
        return None
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setVariationalRefinementIterations(2 if near else 5)
    if near:
        search.setGradientDescentIterations(8)
        search.setPatchStride(4)
        if hasattr(search, "setCoarsestScale"):  # later ones have it
            search.setCoarsestScale(0)
    return search
