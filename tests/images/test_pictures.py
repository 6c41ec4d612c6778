import io
import os
import stat
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from analogies.errors import InputError
from analogies.images import pictures as images

HEIGHT, WIDTH = 20, 33
RAMP = np.linspace(0, 1, HEIGHT)[:, None] * np.linspace(0.2, 1, WIDTH)[None, :]
GRAY = np.rint(RAMP * 255).astype(np.uint8)
COLOR = np.dstack([GRAY, GRAY[::-1], GRAY[:, ::-1]])


def saved(folder, array, name="x.png", mode=None, **settings):
    path = folder / name
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **settings)
    return path


def test_color_is_read_as_it_is(tmp_path):
    picture = images.read(saved(tmp_path, COLOR))
    assert picture.pixels.dtype == np.float32
    assert picture.size == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(picture.pixels, COLOR)
    assert picture.alpha is None
    assert picture.notes == ()


def test_unreadable_exif_is_noted(tmp_path):
    path = saved(tmp_path, COLOR, "x.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    picture = images.read(path)
    assert picture.size == (HEIGHT, WIDTH)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "1", "CMYK", "YCbCr"])
def test_gray_in_any_mode_is_the_same_gray(tmp_path, mode):
    name = "x.jpg" if mode in ("CMYK", "YCbCr") else "x.png"
    settings = {"quality": 100} if name.endswith("jpg") else {}
    image = Image.fromarray(GRAY if mode != "1" else (GRAY > 127).astype(np.uint8) * 255)
    pixels = images.read(saved(tmp_path, image, name, mode, **settings)).pixels
    expected = np.asarray(image, np.float32)[:, :, None]
    assert np.abs(pixels - expected).max() <= 4


def test_sixteen_bits_and_floats_fill_the_range(tmp_path):
    deep = np.rint(RAMP * 65535).astype(np.uint16)
    for path in (
        saved(tmp_path, deep, "deep.png"),
        saved(tmp_path, deep, "deep.tif"),
        saved(tmp_path, RAMP.astype(np.float32), "one.tif"),
        saved(tmp_path, (RAMP * 255).astype(np.float32), "byte.tif"),
        saved(tmp_path, deep.astype(np.int32), "int.tif"),
    ):
        pixels = images.read(path).pixels
        np.testing.assert_allclose(pixels, np.repeat(RAMP[:, :, None] * 255, 3, 2), atol=0.01)


def test_meaningless_float_images_are_refused(tmp_path):
    for value in (np.nan, np.inf, -1, 1e9):
        path = saved(tmp_path, np.where(RAMP > 0.5, value, RAMP).astype(np.float32), "x.tif")
        with pytest.raises(InputError, match="gray values"):
            images.read(path)


def test_transparency_goes_on_white_and_is_returned(tmp_path):
    alpha = np.rint(RAMP * 255).astype(np.uint8)
    path = saved(tmp_path, np.dstack([COLOR, alpha]))
    picture = images.read(path)
    share = alpha[:, :, None] / 255
    np.testing.assert_allclose(picture.pixels, COLOR * share + 255 * (1 - share), atol=0.01)
    np.testing.assert_array_equal(picture.alpha, alpha)


def test_a_transparent_color_counts(tmp_path):
    gray = np.where(RAMP > 0.5, 200, 30).astype(np.uint8)
    paths = [
        saved(tmp_path, gray, "l.png", transparency=30),
        saved(tmp_path, gray, "rgb.png", "RGB", transparency=(30, 30, 30)),
        saved(tmp_path, gray, "p.png", "P", transparency=30),
    ]
    for path in paths:
        picture = images.read(path)
        np.testing.assert_array_equal(picture.alpha, np.where(gray == 30, 0, 255))
        np.testing.assert_array_equal(picture.pixels[:, :, 0], np.where(gray == 30, 255, 200))


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".tif", ".png"])
def test_the_first_frame_of_several(tmp_path, suffix):
    other = Image.new("RGB", (WIDTH, HEIGHT), "red")
    settings = {"lossless": True} if suffix == ".webp" else {}
    path = saved(
        tmp_path, COLOR, f"x{suffix}", save_all=True, append_images=[other, other], **settings
    )
    assert images.inspect(path).animated
    picture = images.read(path)
    assert "first one is used" in picture.notes[0]
    assert np.abs(picture.pixels - COLOR).mean() < 15  # GIF has a palette


def test_a_color_profile_is_converted(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    muted = (COLOR * 0.3 + 80).astype(np.uint8)
    source = Image.fromarray(muted)
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    in_lab = ImageCms.applyTransform(source, to_lab)
    path = saved(tmp_path, in_lab, "lab.tif", icc_profile=lab)
    assert np.abs(images.read(path).pixels - muted).max() <= 4

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"temp").replace(b"gXYZ", b"rXYZ").replace(b"temp", b"gXYZ")
    swapped = swapped.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    path = saved(tmp_path, source, icc_profile=swapped)
    assert np.abs(images.read(path).pixels - muted[:, :, [1, 0, 2]]).max() <= 2


def test_profiles_that_do_not_fit_are_noted(tmp_path):
    for profile in (b"garbage", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()):
        picture = images.read(saved(tmp_path, COLOR, icc_profile=profile))
        assert "not used" in picture.notes[0]
        np.testing.assert_array_equal(picture.pixels, COLOR)


def test_an_srgb_profile_changes_nothing(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = images.read(saved(tmp_path, COLOR, icc_profile=profile))
    np.testing.assert_array_equal(picture.pixels, COLOR)
    assert picture.notes == ()


def broken_files(folder):
    whole = saved(folder, COLOR, "whole.png").read_bytes()
    (folder / "truncated.png").write_bytes(whole[: len(whole) // 2])
    (folder / "header.png").write_bytes(whole[:20])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture\n" * 50)
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    saved(folder, np.zeros((1, 1), np.uint8), "dot.png")
    saved(folder, np.zeros((1, 5000), np.uint8), "line.png")
    for name, side in (("bomb", 200_000), ("large", 12_000)):
        header = b"IHDR" + side.to_bytes(4, "big") * 2 + whole[24:29]
        checked = header + zlib.crc32(header).to_bytes(4, "big")
        (folder / f"{name}.png").write_bytes(whole[:12] + checked + whole[33:])
    (folder / "script.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n")
    return {
        "truncated": "cannot be decoded",
        "header": "cannot be decoded|no image",
        "empty": "is empty",
        "text": "a text",
        "folder": "folder",
        "pipe": "pipe",
        "dot": "at least 16 px",
        "line": "at least 16 px",
        "bomb": "megapixels",
        "large": "megapixels",
        "script": "PostScript",
        "missing": "no such file",
    }


def test_broken_files_are_input_errors(tmp_path):
    for name, message in broken_files(tmp_path).items():
        path = tmp_path / f"{name}.png"
        with pytest.raises(InputError, match=message) as caught:
            images.read(path)
        assert str(path) in str(caught.value)
    with pytest.raises(InputError, match="cannot be opened"):
        images.read("a\0b.png")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_missing_permission(tmp_path):
    path = saved(tmp_path, COLOR)
    path.chmod(0)
    with pytest.raises(InputError, match="permission"):
        images.read(path)


WHOLE = {}
for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"):
    stream = io.BytesIO()
    Image.fromarray(COLOR).save(stream, format=kind)
    WHOLE[kind] = stream.getvalue()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_mutated_files_give_a_picture_or_an_input_error(tmp_path, data):
    content = bytearray(WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "x.png"
    path.write_bytes(content)
    try:
        picture = images.read(path)
    except InputError:
        return
    assert picture.pixels.shape[2] == 3
    assert np.isfinite(picture.pixels).all()


@pytest.mark.parametrize(
    "array",
    [
        GRAY,
        GRAY[:, :, None],
        GRAY.astype(float),
        np.dstack([GRAY] * 3),
        np.dstack([GRAY, GRAY, GRAY, np.full_like(GRAY, 255)]).astype(np.float64),
        GRAY.tolist(),
        Image.fromarray(GRAY),
    ],
)
def test_arrays(array):
    picture = images.read(array)
    assert picture.pixels.dtype == np.float32
    np.testing.assert_array_equal(picture.pixels, np.dstack([GRAY] * 3))
    assert picture.alpha is None


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((20, 20), np.nan), "NaN"),
        (np.full((20, 20, 3), np.inf), "NaN or infinite"),
        (np.full((20, 20), None), "uint8 or float"),
        (np.zeros((20, 20), complex), "uint8 or float"),
        (np.zeros((20, 20), bool), "uint8 or float"),
        (np.zeros((20, 20), "U3"), "uint8 or float"),
        (np.zeros((20,)), r"\(H, W\)"),
        (np.zeros((2, 20, 20, 3)), "one by one"),
        (np.zeros((20, 20, 2)), r"\(H, W\)"),
        (np.zeros((3, 20, 20)), r"\(H, W\)"),
        (np.zeros((20, 3)), "at least 16"),
        (np.zeros((0, 20)), "at least 16"),
        (np.full((20, 20), 256), "in .0, 255."),
        (np.full((20, 20), -0.6), "in .0, 255."),
        (RAMP, "multiply them by 255"),
        (3, r"\(H, W\)"),
        (None, "uint8 or float"),
        ([[1, 2], [3]], "no picture"),
    ],
)
def test_wrong_arrays(array, message):
    with pytest.raises(InputError, match=message):
        images.read(array)


def test_black_is_a_picture_in_any_type():
    for dtype in (np.uint8, np.float32, np.int64):
        assert images.read(np.zeros((20, 20), dtype)).pixels.max() == 0
    assert images.read(np.ones((20, 20), np.uint8)).pixels.max() == 1


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".bmp", ".ppm", ".PNG"])
def test_written_exactly(tmp_path, suffix):
    path = tmp_path / "new" / "folder" / f"x{suffix}"
    images.write(path, COLOR.astype(np.float32) + 0.4)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), COLOR)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".webp"])
def test_written_well(tmp_path, suffix):
    smooth = np.dstack([GRAY, GRAY, GRAY])
    images.write(tmp_path / f"x{suffix}", smooth)
    written = np.asarray(Image.open(tmp_path / f"x{suffix}"), float)
    assert np.abs(written - smooth).mean() < 1.5


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_alpha_is_written(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    images.write(path, COLOR, GRAY)
    np.testing.assert_array_equal(images.read(path).alpha, GRAY)


def test_alpha_is_left_out_where_it_cannot_be(tmp_path):
    images.write(tmp_path / "x.jpg", COLOR, GRAY)
    assert Image.open(tmp_path / "x.jpg").mode == "RGB"


def test_writing_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "x.png"
    path.write_text("old")
    link = tmp_path / "link.png"
    link.symlink_to(path)
    images.write(link, COLOR)
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["link.png", "x.png"]
    umask = os.umask(0o022)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_what_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.png").mkdir()
    for path in ("file/x.png", "folder.png", "x.gif", "x", "n" * 300 + ".png"):
        with pytest.raises(InputError):
            images.write(tmp_path / path, COLOR)
    with pytest.raises(InputError, match="cannot be written"):
        images.write(tmp_path / "x.webp", np.zeros((16, 17000, 3)))
    with pytest.raises(ValueError, match="NaN"):
        images.write(tmp_path / "x.png", COLOR * np.nan)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.png"]


def test_contrast():
    picture = np.linspace(50, 150, 300, dtype=np.float32).reshape(10, 10, 3)
    assert images.stretch_contrast(picture, 0) is picture
    stretched = images.stretch_contrast(picture, 5)
    low, high = np.percentile(picture, (5, 95))
    np.testing.assert_allclose(
        stretched, np.clip((picture - low) / (high - low) * 255, 0, 255), atol=1e-3
    )
    flat = np.full((4, 4, 3), 7, np.float32)
    np.testing.assert_array_equal(images.stretch_contrast(flat, 5), flat)
