"""What the student is asked for, as functions of feature maps; any Keras backend.

P patches of a map with c channels are the rows of a matrix (P, k·k·c) scaled to unit norm, so
that the product of two such matrices holds the normalized cross-correlations a matcher compares.
"""

from keras import ops

EPSILON = 1e-6


def patches(maps, stride: int, size: int = 3):
    """Normalized size x size patches on a grid: (n, h, w, c) to (n, P, size·size·c).

    The last row and column of windows may be left out where the stride does not meet them.
    """
    _, height, width, _ = maps.shape
    rows, columns = height - size + 1, width - size + 1
    parts = [
        maps[:, dy : dy + rows : stride, dx : dx + columns : stride]
        for dy in range(size)
        for dx in range(size)
    ]
    stacked = ops.concatenate(parts, axis=-1)
    flat = ops.reshape(stacked, (-1, stacked.shape[1] * stacked.shape[2], stacked.shape[3]))
    norm = ops.sqrt(ops.sum(ops.square(flat), axis=-1, keepdims=True) + EPSILON)
    return flat / norm


def similarities(maps, stride: int):
    """Correlations of the patches of the batch's first half with those of its second: (Q, R)."""
    grid = patches(maps, stride)
    half = ops.shape(grid)[0] // 2
    width = grid.shape[-1]
    queries = ops.reshape(grid[:half], (-1, width))
    references = ops.reshape(grid[half : 2 * half], (-1, width))
    return ops.matmul(queries, ops.transpose(references))


def regression(lifted, target):
    """Mean squared error as a share of the mean square of the target; scalar."""
    return ops.mean(ops.square(lifted - target)) / (ops.mean(ops.square(target)) + EPSILON)


def divergence(student, teacher, sharpness, temperature: float):
    """Kullback-Leibler divergence of the match distributions; scalar, 0 when they agree.

    p = softmax(teacher / temperature), q = softmax(sharpness * student / temperature), row by row
    of (Q, R); mean over rows of sum p (log p - log q). Hinton et al. 2015 (arXiv 1503.02531) with
    candidates for matches in the place of classes.
    """
    log_p = ops.log_softmax(teacher / temperature, axis=-1)
    log_q = ops.log_softmax(sharpness * student / temperature, axis=-1)
    return ops.mean(ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1))


def shortfall(student, teacher, sharpness, temperature: float):
    """What a soft arg-max of the student loses: 0 for the teacher's matches, 1 for random ones.

    1 - (E_q[teacher] - mean teacher) / (max teacher - mean teacher), over rows of (Q, R): the
    complement of `evaluation.agreement`, with the arg-max softened to be differentiable.
    """
    q = ops.softmax(sharpness * student / temperature, axis=-1)
    reached = ops.mean(ops.sum(q * teacher, axis=-1))
    chance, best = ops.mean(teacher), ops.mean(ops.max(teacher, axis=-1))
    return 1.0 - (reached - chance) / (best - chance + EPSILON)


def dormancy(given):
    """How far channels are from ever passing their ReLU: mean of max(0, -(mean / deviation + 2)).

    A channel whose inputs to ReLU, (n, h, w, c), are negative everywhere has no gradient and stays
    dead. This gives it one, upward, until about one cell in 40 is positive, and is 0 for others.
    """
    mean = ops.mean(given, axis=(0, 1, 2))
    deviation = ops.stop_gradient(ops.std(given, axis=(0, 1, 2)))
    return ops.mean(ops.relu(-(mean / (deviation + 1e-3) + 2.0)))
