"""Pixel synthesis spelled out in plain Python: distances, votes, occurrences, and a sweep."""

import numpy as np

MASK = 2**64 - 1


def plain_distance(a, b, weights, match, place, k):
    """Weighted squared distance of the patch of a around `match` and of b around `place`.

    The maps' last rows and columns go on for ever.
    """
    r, total = k // 2, 0.0
    for down in range(-r, r + 1):
        for right in range(-r, r + 1):
            row = min(max(place[0] + down, 0), b.shape[0] - 1)
            col = min(max(place[1] + right, 0), b.shape[1] - 1)
            apart = a[match[0] + down, match[1] + right].astype(float) - b[row, col]
            total += float((weights * apart**2).sum())
    return total


def plain_energy(a, b, weights, rows, cols, k):
    """The distance of every patch of b and its match."""
    energy = np.zeros(rows.shape)
    for y, x in np.ndindex(rows.shape):
        energy[y, x] = plain_distance(a, b, weights, (rows[y, x], cols[y, x]), (y, x), k)
    return energy


def plain_vote(a, rows, cols, k):
    """Every patch lays its match over its place; a pixel is the mean of what lies on it."""
    r, (h, w) = k // 2, rows.shape
    total, votes = np.zeros((h, w, a.shape[2])), np.zeros((h, w, 1))
    for y, x in np.ndindex(h, w):
        for down in range(-r, r + 1):
            for right in range(-r, r + 1):
                if 0 <= y + down < h and 0 <= x + right < w:
                    total[y + down, x + right] += a[rows[y, x] + down, cols[y, x] + right]
                    votes[y + down, x + right] += 1
    return total / votes


def plain_occurrences(rows, cols, size, k):
    """How many matched patches hold each pixel of a."""
    r, counts = k // 2, np.zeros(size, int)
    for row, col in zip(rows.ravel(), cols.ravel(), strict=True):
        counts[row - r : row + r + 1, col - r : col + r + 1] += 1
    return counts


def best_energy(a, b, weights, k, allowed=None):
    """The least distance of every patch of b to any patch of a, by trying all."""
    r, root = k // 2, np.sqrt(weights)
    windows = np.lib.stride_tricks.sliding_window_view
    of_a = windows(a * root, (k, k), (0, 1))
    if allowed is None:
        of_a = of_a.reshape(-1, a.shape[2] * k * k)
    else:
        of_a = of_a[allowed[r:-r, r:-r]].reshape(-1, a.shape[2] * k * k)
    padded = np.pad(b * root, ((r, r), (r, r), (0, 0)), mode="edge")
    of_b = windows(padded, (k, k), (0, 1)).reshape(*b.shape[:2], -1)
    norms = (of_a**2).sum(1)
    return np.stack(
        [(norms - 2 * row @ of_a.T).min(1) + (row**2).sum(1) for row in of_b.astype(float)]
    )


def plain_sweep(a, b, rows, cols, allowed, k, step, penalty, seed):
    """PatchMatch over all rows in scan-line order, `step` 1, or in the reverse, -1.

    Every patch tries the neighbors before it, moved on by one, and random places in windows that
    double. A match costs its distance and `penalty` times the uses of its pixels, which are counted
    anew for every candidate.
    """
    rows, cols = rows.copy(), cols.copy()
    (h, w), ones, size = rows.shape, np.ones(a.shape[2]), a.shape[:2]
    counts = plain_occurrences(rows, cols, size, k)
    r = k // 2

    def window(row, col):
        return counts[row - r : row + r + 1, col - r : col + r + 1]

    for y in range(h)[::step]:
        state = (seed + y * 0xBF58476D1CE4E5B9) & MASK
        for x in range(w)[::step]:
            neighbors = []
            if 0 <= x - step < w:
                neighbors.append((rows[y, x - step], cols[y, x - step] + step))
            if 0 <= y - step < h:
                neighbors.append((rows[y - step, x] + step, cols[y - step, x]))
            for neighbor in neighbors:
                attempt(a, b, rows, cols, allowed, ones, k, penalty, window, y, x, *neighbor)
            row, col, reach = rows[y, x], cols[y, x], 1
            while reach < 2 * max(size):
                state = (state + 0x9E3779B97F4A7C15) & MASK
                z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
                z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
                z ^= z >> 31
                top, left = max(row - reach, 0), max(col - reach, 0)
                high = int(min(row + reach + 1, size[0]) - top)
                wide = int(min(col + reach + 1, size[1]) - left)
                drawn = top + ((z >> 32) * high >> 32), left + ((z & 0xFFFFFFFF) * wide >> 32)
                attempt(a, b, rows, cols, allowed, ones, k, penalty, window, y, x, *drawn)
                reach *= 2
    return rows, cols


def attempt(a, b, rows, cols, allowed, ones, k, penalty, window, y, x, row, col):
    """Take the place for the patch at y, x if it is allowed and costs less."""
    if not allowed[row, col]:
        return
    old = rows[y, x], cols[y, x]
    present = plain_distance(a, b, ones, old, (y, x), k) + penalty * window(*old).sum()
    found = plain_distance(a, b, ones, (row, col), (y, x), k) + penalty * window(row, col).sum()
    if found < present:
        window(*old)[:] -= 1
        window(row, col)[:] += 1
        rows[y, x], cols[y, x] = row, col
