"""Records like those of a run, without computing anything."""

from types import SimpleNamespace

import numpy as np

from analogies.synthesis.state import State

GRAY = 128


def records(levels=2, iterations=2, size=(40, 30), smallest=0.5, planned=10):
    """Two chunks and a pass per pass, then "done"; the picture is a ramp at the level's size."""
    evaluations = 0
    base = {"levels": levels, "iterations": iterations, "match_score": 0.5, "field": None}
    base |= {"evaluations_planned": levels * iterations * planned, "changed_matches": 0.25}
    base |= {"matches_from": {}, "cell": 1, "method": "exact"}
    base |= {"work_planned": 2.0, "decisions": ()}
    base |= {"phases": {}, "terms": {}, "losses": (), "notes": ("one note",)}
    base |= {"carried": None, "parts": (), "gradient_norm": 0.125, "step_length": 2.0}
    for level in range(levels):
        scale = smallest + (1 - smallest) * level / max(1, levels - 1)
        height, width = (max(16, round(side * scale)) for side in size)
        ramp = np.linspace(60, 180, height * width * 3, dtype=np.float32)
        picture = ramp.reshape(height, width, 3)
        for iteration in range(iterations):
            place = {"level": level, "iteration": iteration, "size": (height, width)}
            for _ in range(2):
                losses = tuple(1 / (evaluations + step) for step in range(1, planned // 2 + 1))
                evaluations += planned // 2
                base |= place | {"evaluations": evaluations, "seconds": evaluations / 10}
                base |= {"work_done": 2 * evaluations / base["evaluations_planned"]}
                base |= {"loss": losses[-1], "image": lambda picture=picture: picture}
                yield SimpleNamespace(**base | {"kind": "chunk", "losses": losses})
            terms = {"analogy": 0.75, "mrf": 0.25}
            parts = (("analogy", "block1_conv1", 1.0, 0.75), ("mrf", "block1_conv1", 0.5, 0.5))
            carried = State(level, picture, iteration + 1, evaluations=evaluations)
            told = {"kind": "pass", "terms": terms, "parts": parts, "carried": carried}
            yield SimpleNamespace(**base | told)
    yield SimpleNamespace(**base | {"kind": "done", "phases": {"matching": 1.5}})


def resize(array, size):
    """Nearest neighbor."""
    rows = np.arange(size[0]) * array.shape[0] // size[0]
    columns = np.arange(size[1]) * array.shape[1] // size[1]
    return array[rows][:, columns]
