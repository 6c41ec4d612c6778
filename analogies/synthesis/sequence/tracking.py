"""The compiled loop that brings places along a flow."""

import numpy as np

from analogies.matching.pixels.compiling import compiled


@compiled(
    "void(int32[:,::1], float32[:,:,::1], uint8[:,::1], float32[:,:,::1], float32, int32[:,::1],"
    " float32[:,:,::1], uint8[:,::1])"
)
def move(anchors, places, ages, motion, torn, moved_anchors, moved_places, moved_ages):
    """Anchors and places where a flow leads; between neighbors of one anchor interpolated.

    Args:
        anchors: `(h, w)`.
        places: `(h, w, 2)`.
        ages: `(h, w)`.
        motion: `(h, w, 2)`.
        torn: px, by which the places of neighbors differ at most where they are interpolated.
        moved_anchors, moved_places, moved_ages: are filled.
    """
    height, width = anchors.shape
    ends = np.empty(2, np.float32)
    within = np.empty(2, np.float32)
    plain = np.empty(2, np.float32)
    smooth = np.empty(2, np.float32)
    there = np.empty(2, np.float32)
    for i in range(height):
        for j in range(width):
            ends[0], ends[1] = i + motion[i, j, 0], j + motion[i, j, 1]
            within[0] = min(max(ends[0], np.float32(0)), np.float32(height - 1))
            within[1] = min(max(ends[1], np.float32(0)), np.float32(width - 1))
            row, col = round(within[0]), round(within[1])
            anchor = anchors[row, col]
            plain[0] = places[row, col, 0] + (ends[0] - np.float32(row))
            plain[1] = places[row, col, 1] + (ends[1] - np.float32(col))
            top = min(int(within[0]), max(height - 2, 0))
            left = min(int(within[1]), max(width - 2, 0))
            share_down, share_right = within[0] - np.float32(top), within[1] - np.float32(left)
            # In `there` each neighbor says where the pixel would lie if all moved as it does; their
            # mean is the places' own interpolation.
            smooth[0], smooth[1] = ends[0] - within[0], ends[1] - within[1]
            whole = True
            for down in range(2):
                for right in range(2):
                    y, x = min(top + down, height - 1), min(left + right, width - 1)
                    there[0] = places[y, x, 0] + (within[0] - np.float32(y))
                    there[1] = places[y, x, 1] + (within[1] - np.float32(x))
                    weight = abs(np.float32(1 - down) - share_down)
                    weight *= abs(np.float32(1 - right) - share_right)
                    for axis in range(2):
                        smooth[axis] += weight * there[axis]
                        whole = whole and abs(there[axis] - plain[axis]) <= torn
                    whole = whole and anchors[y, x] == anchor
            moved_anchors[i, j], moved_ages[i, j] = anchor, ages[row, col]
            for axis in range(2):
                moved_places[i, j, axis] = smooth[axis] if whole else plain[axis]
