"""Fields that are kept, and maps that are put together by them."""

import io

import numpy as np
import pytest

import analogies
from analogies.errors import InputError
from analogies.synthesis.pixels import fields
from analogies.synthesis.pixels.fields import SavedField, load

SIZE_A, SIZE = (40, 52), (48, 44)


def picture(seed, size=SIZE_A, cell=4):
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (size[0] // cell, size[1] // cell, 3))
    grain = random.integers(-9, 10, (*size, 3))
    return np.clip(np.kron(coarse, np.ones((cell, cell, 1), int)) + grain, 0, 255).astype(np.uint8)


def gray(picture):
    return np.repeat(picture[..., :1], 3, -1)


CASES = {
    "labels": {"preset": "pixels"},
    "style": {"preset": "pixels"},
    "texture": {"preset": "texture", "coarse_side": 0},
    "tiles": {"preset": "texture", "coarse_side": 0, "tile": "both"},
    "scaled": {"preset": "pixels", "a_scale": 0.8},
}


def run(case, path, **more):
    """B' of a job, whose field is kept."""
    a_prime, b = picture(1), picture(2, SIZE)
    a = a_prime if case in ("style", "texture", "tiles") else gray(a_prime)
    b = b if case == "style" else gray(b)
    if case in ("texture", "tiles"):
        b, more = a_prime, {"height": SIZE[0], "width": SIZE[1], **more}
    options = {**CASES[case], **more}
    return a_prime, analogies.make_analogy(a, a_prime, b, save_field=path, **options)


@pytest.mark.parametrize("case", CASES)
def test_a_prime_itself_gives_b_prime_to_the_byte(case, tmp_path):
    path = tmp_path / "f.npz"
    a_prime, made = run(case, path)
    np.testing.assert_array_equal(analogies.apply_field(path, a_prime), made)
    gray_map = analogies.apply_field(path, a_prime[..., 1])
    np.testing.assert_array_equal(gray_map, made[..., 1])
    assert path.stat().st_size < 6 * made[..., 0].size


def test_a_deep_map_keeps_its_depth(tmp_path):
    path = tmp_path / "f.npz"
    a_prime, made = run("labels", path)
    deep = a_prime.astype(np.uint16) * 257
    found = analogies.apply_field(path, deep)
    assert found.dtype == np.uint16
    assert np.abs(found / 257 - made).max() <= 0.51  # B' is rounded to 8 bits
    floats = analogies.apply_field(path, a_prime.astype(np.float32) / 1000)
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats * 1000, found / 257, atol=0.01)
    ramp = np.arange(np.prod(SIZE_A), dtype=np.uint16).reshape(SIZE_A)
    field = load(path)
    np.testing.assert_array_equal(
        analogies.apply_field(path, ramp, nearest=True), ramp[field.rows, field.cols]
    )


def test_files_in_and_out(tmp_path):
    path = tmp_path / "f.npz"
    a_prime, _ = run("labels", path)
    deep, out = a_prime.astype(np.uint16) * 257, tmp_path / "map.png"
    from analogies.images.samples import read_samples, write_samples

    write_samples(tmp_path / "given.png", deep)
    found = analogies.apply_field(path, tmp_path / "given.png", out=out)
    np.testing.assert_array_equal(read_samples(out), found)
    with pytest.raises(InputError, match="overwrite an input"):
        analogies.apply_field(path, out, out=out)
    with pytest.raises(InputError, match=r"written as \.tif"):
        analogies.apply_field(path, deep.astype(np.float32), out=tmp_path / "f.png")


def test_a_map_of_another_size_is_refused(tmp_path):
    path = tmp_path / "f.npz"
    run("labels", path)
    with pytest.raises(InputError, match=r"52x40 px\. Received: 40x52 px"):
        analogies.apply_field(path, np.zeros(SIZE_A[::-1], np.uint8))


def stored(path, **changes):
    """The file with other arrays; None leaves one out."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays = {**arrays, **changes}
    stream = io.BytesIO()
    np.savez(stream, **{name: x for name, x in arrays.items() if x is not None})
    return stream.getvalue()


HOSTILE = {
    "version": np.uint16(2),
    "down": np.zeros((4, 4), np.int64),
    "right": np.zeros((4, 5), np.uint16),
    "size": np.array([3, 3], np.uint16),
    "size_a": np.array([0, 3], np.uint16),
    "patch": np.uint8(4),
    "focus": np.float64(np.nan),
    "tile": np.array([2, 0], np.uint8),
}


@pytest.mark.parametrize("name", [*HOSTILE, "missing", "further", "objects", "cut", "no field"])
def test_a_hostile_file_is_refused_in_one_line(name, tmp_path):
    path = tmp_path / "f.npz"
    rows, cols = np.indices((4, 4)) + 2
    SavedField(rows, cols, (9, 9), (9, 9), 5, 0.0, (False, False)).save(path)
    np.testing.assert_array_equal(load(path).rows, rows)
    data = {
        "missing": lambda: stored(path, patch=None),
        "further": lambda: stored(path, more=np.zeros(3)),
        "objects": lambda: stored(path, down=np.array([[{}]])),
        "cut": lambda: path.read_bytes()[:-40],
        "no field": lambda: b"GIF89a" + bytes(60),
    }.get(name, lambda: stored(path, **{name: HOSTILE[name]}))()
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_an_archive_that_would_unpack_to_more_than_a_picture_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "f.npz"
    rows, cols = np.indices((60, 60)) + 2
    SavedField(rows, cols, (90, 90), (90, 90), 5, 0.0, (False, False)).save(path)
    assert path.stat().st_size < 2000
    monkeypatch.setattr(fields, "LARGEST_AREA", 1500)
    with pytest.raises(InputError, match="larger than any picture"):
        load(path)


@pytest.mark.parametrize(
    "options",
    [
        {"finish": "network"},
        {"transfer": "residual"},
        {"rotations": 1},
        {"save_field": "field.png"},
        {"pairs": 1},
    ],
)
def test_what_has_no_field_of_a_prime_is_refused(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    a = picture(1)
    more = {"pairs": [(a, a)]} if options.pop("pairs", None) else {}
    with pytest.raises(InputError, match="save_field"):
        analogies.make_analogy(a, a, a, **{"save_field": "f.npz", **options}, **more)
    assert not list(tmp_path.iterdir())
