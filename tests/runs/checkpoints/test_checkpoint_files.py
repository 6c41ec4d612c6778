import math
import pickle
import zipfile

import numpy as np
import pytest

from analogies.errors import InputError
from analogies.matching.field import NearestNeighborField
from analogies.runs.checkpoints import files as checkpoint_files
from analogies.runs.checkpoints.files import Saved
from analogies.synthesis.state import State


def saved(level=1, iteration=2, seed=0):
    """A checkpoint of made-up numbers."""
    random = np.random.default_rng(seed)
    image, scores = (random.normal(size=s).astype(np.float32) for s in ((5, 6, 3), (3, 4)))
    rows, cols = random.integers(0, 99, (2, 3, 4)).astype(np.int32)
    field = NearestNeighborField(rows, cols, scores)
    carried = State(
        level, image, iteration, field, image[:3, :4, :1], 0.1, 7, math.pi, 1.5, {"matching": 1e-17}
    )
    made_from = {"--seed": 3, "B": "a picture", "--layers": ["x"]}
    return Saved(made_from, carried, [{"loss": math.nan, "terms": {"mrf": 0.5}}], {"logs": "x"})


def assert_same(found, expected):
    assert found.made_from == expected.made_from
    assert found.extras == expected.extras
    assert repr(found.rows) == repr(expected.rows)  # NaN
    for name, value in expected.carried._asdict().items():
        got = getattr(found.carried, name)
        assert type(got) is type(value), name
        if isinstance(value, NearestNeighborField):
            assert all(a.tobytes() == b.tobytes() for a, b in zip(got, value, strict=True))
        elif isinstance(value, np.ndarray):
            assert (got.dtype, got.shape) == (value.dtype, value.shape)
            assert got.tobytes() == value.tobytes()
        else:
            assert repr(got) == repr(value), name


def test_everything_comes_back_to_the_last_bit(tmp_path):
    first = Saved({}, State(0, np.zeros((2, 2, 3), np.float32)), [], {})
    for expected in (saved(), first):
        path = checkpoint_files.write(tmp_path / "new", expected)
        assert_same(checkpoint_files.read(path), expected)


def test_checkpoints_are_found_in_their_order(tmp_path):
    for level, iteration in ((10, 0), (2, 11), (2, 9), (0, 1)):
        checkpoint_files.write(tmp_path, saved(level, iteration))
    (tmp_path / "checkpoint_1_1.npz.txt").touch()
    names = [path.name for path in checkpoint_files.files_in(tmp_path)]
    assert names == [f"checkpoint_{x}.npz" for x in ("0_1", "2_9", "2_11", "10_0")]
    assert checkpoint_files.files_in(tmp_path / "nowhere") == []


def test_damage_is_found(tmp_path):
    expected = saved()
    path = checkpoint_files.write(tmp_path, expected)
    data, random = path.read_bytes(), np.random.default_rng(1)
    damaged = [data[:end] for end in random.integers(0, len(data), 50)]
    for place in random.integers(0, len(data), 300):
        damaged.append(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
    found = 0
    for content in damaged:
        path.write_bytes(content)
        try:
            read = checkpoint_files.read(path)
        except InputError:
            found += 1
        else:
            assert_same(read, expected)  # the dates in an archive mean nothing
    assert found > 200


def test_a_changed_value_is_found_though_the_archive_is_sound(tmp_path):
    path = checkpoint_files.write(tmp_path, saved())
    with np.load(path) as file:
        arrays = dict(file)
    arrays["array0"][0, 0, 0] += 1
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="checksum"):
        checkpoint_files.read(path)


class Exploit:
    ran = False

    def __reduce__(self):
        return setattr, (Exploit, "ran", True)


def test_nothing_in_a_checkpoint_is_run(tmp_path):
    path = tmp_path / "checkpoint_0_0.npz"
    np.savez(path, text=np.array([Exploit()], object), checksum=np.zeros(32, np.uint8))
    with pytest.raises(InputError, match="damaged"):
        checkpoint_files.read(path)
    path.write_bytes(pickle.dumps(Exploit()))
    with pytest.raises(InputError, match="damaged"):
        checkpoint_files.read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../text.npy", b"x")
    with pytest.raises(InputError, match="damaged"):
        checkpoint_files.read(path)
    assert not Exploit.ran
    assert sorted(item.name for item in tmp_path.iterdir()) == [path.name]
