import gc

import numpy as np

from analogies.matching.pixels import Guide, Settings, remembering, synthesize
from analogies.matching.pixels.remembering import lasting, remembered


def test_only_what_nobody_changes_is_remembered():
    made, own = [], np.arange(6.0)

    def largest(array):
        made.append(array)
        return float(array.max())

    kept = lasting(own)
    assert [remembered(kept, "largest", lambda: largest(kept)) for _ in range(3)] == [5.0] * 3
    assert len(made) == 1
    assert remembered(kept, "other", lambda: 7) == 7
    made.clear()
    for array in (own, kept[:3]):
        for _ in range(2):
            remembered(array, "largest", lambda array=array: largest(array))
    assert len(made) == 4
    own[0] = 9
    assert remembered(own, "largest", lambda: largest(own)) == 9


def test_it_is_forgotten_with_the_array():
    before = len(remembering._known)
    kept = lasting(np.zeros(4))
    remembered(kept, "x", lambda: 1)
    assert len(remembering._known) == before + 1
    del kept
    gc.collect()
    assert len(remembering._known) == before


def test_patches_are_the_same_of_arrays_that_are_remembered():
    random = np.random.default_rng(0)
    a_prime, a = (random.uniform(0, 255, (24, 30, 3)).astype(np.float32) for _ in range(2))
    settings = Settings(threads=1)
    held = [lasting(a_prime), lasting(a)]
    for _ in range(2):  # the second time from memory, with another B
        b = random.uniform(0, 255, (20, 22, 3)).astype(np.float32)
        one = synthesize(a_prime, [Guide(a, b)], settings)
        other = synthesize(held[0], [Guide(held[1], b)], settings)
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.energy, other.energy)
