"""Plain float64 NumPy versions of what the matchers and the vote compute."""

import numpy as np


def starts(size: int, k: int, stride: int) -> list[int]:
    """Where patches start along a side: on the stride, and the last."""
    return sorted({*range(0, size - k + 1, stride), size - k})


def patches_of(cells: np.ndarray, k: int, stride: int) -> np.ndarray:
    """All patches on a stride and the last, one per row, by a double loop."""
    height, width, _ = cells.shape
    return np.array(
        [
            cells[y : y + k, x : x + k].ravel()
            for y in starts(height, k, stride)
            for x in starts(width, k, stride)
        ],
        np.float64,
    )


def all_scores(query, reference, k, score="correlation", bias=None, strides=(1, 1)) -> np.ndarray:
    """The score of every pair of patches, (query patches, reference patches)."""
    p, q = patches_of(query, k, strides[0]), patches_of(reference, k, strides[1])
    if score == "correlation":
        norms = np.linalg.norm(p, axis=1)[:, None] * np.linalg.norm(q, axis=1)
        scores = np.divide(p @ q.T, norms, out=np.zeros((len(p), len(q))), where=norms > 0)
    else:
        scores = -0.5 * ((p[:, None] - q[None]) ** 2).sum(-1)
    if bias is not None:
        rows, cols = (starts(side, k, strides[1]) for side in reference.shape[:2])
        scores = scores + bias[np.ix_(rows, cols)].ravel().astype(np.float64)
    return scores


def flat_index(field, reference_shape, k, stride) -> np.ndarray:
    """Which row of `patches_of(reference)` each match is."""
    places = (starts(side, k, stride) for side in reference_shape[:2])
    rows, cols = ({place: index for index, place in enumerate(axis)} for axis in places)
    flat = zip(field.rows.numpy().ravel(), field.cols.numpy().ravel(), strict=True)
    return np.array([rows[row] * len(cols) + cols[col] for row, col in flat])


def plain_vote(field, values, k, shape, scale=1, weights=None, stride=1) -> np.ndarray:
    """The vote, patch by patch."""
    rows, cols = field.rows.numpy(), field.cols.numpy()
    total = np.zeros((shape[0] * scale, shape[1] * scale, values.shape[2]))
    covered = np.zeros((*total.shape[:2], 1))
    side = k * scale
    tops, lefts = (starts(side, k, stride) for side in shape)
    for (i, j), row in np.ndenumerate(rows):
        weight = 1.0 if weights is None else weights[i, j]
        y, x = tops[i] * scale, lefts[j] * scale
        source = values[row * scale :, cols[i, j] * scale :][:side, :side]
        total[y : y + side, x : x + side] += weight * source
        covered[y : y + side, x : x + side] += weight
    return np.divide(total, covered, out=np.zeros_like(total), where=covered > 0)
