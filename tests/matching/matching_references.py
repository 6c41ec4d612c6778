"""Plain float64 NumPy versions of what the matchers and the vote compute."""

import numpy as np


def patches_of(cells: np.ndarray, k: int, stride: int) -> np.ndarray:
    """All patches on a stride, one per row, by a double loop."""
    height, width, _ = cells.shape
    return np.array(
        [
            cells[y : y + k, x : x + k].ravel()
            for y in range(0, height - k + 1, stride)
            for x in range(0, width - k + 1, stride)
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
        scores = scores + bias[:: strides[1], :: strides[1]].ravel().astype(np.float64)
    return scores


def flat_index(field, reference_shape, k, stride) -> np.ndarray:
    """Which row of `patches_of(reference)` each match is."""
    rows, cols = field.rows.numpy(), field.cols.numpy()
    assert not (rows % stride).any()
    assert not (cols % stride).any()
    columns = (reference_shape[1] - k) // stride + 1
    return (rows // stride * columns + cols // stride).ravel()


def plain_vote(field, values, k, shape, scale=1, weights=None, stride=1) -> np.ndarray:
    """The vote, patch by patch."""
    rows, cols = field.rows.numpy(), field.cols.numpy()
    total = np.zeros((shape[0] * scale, shape[1] * scale, values.shape[2]))
    covered = np.zeros((*total.shape[:2], 1))
    side = k * scale
    for (i, j), row in np.ndenumerate(rows):
        weight = 1.0 if weights is None else weights[i, j]
        y, x = i * stride * scale, j * stride * scale
        source = values[row * scale :, cols[i, j] * scale :][:side, :side]
        total[y : y + side, x : x + side] += weight * source
        covered[y : y + side, x : x + side] += weight
    return np.divide(total, covered, out=np.zeros_like(total), where=covered > 0)
