import io

import numpy as np
import pytest
from PIL import Image

from analogies.errors import InputError
from analogies.images import pictures as images
from analogies.images.writing import encode

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".ppm")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("lying", [False, True])
def test_the_longest_side_can_be_written_and_one_more_is_told_in_one_line(tmp_path, suffix, lying):
    limit = images.largest_side(suffix)
    assert limit == images.largest_side(suffix.upper())
    side = limit or 70_000
    shape = (16, side, 3) if lying else (side, 16, 3)
    images.write(tmp_path / f"x{suffix}", np.full(shape, 200, np.uint8))
    header = images.inspect(tmp_path / f"x{suffix}")
    assert (header.height, header.width) == shape[:2]
    if limit is None:
        return
    longer = np.zeros((16, side + 1, 3) if lying else (side + 1, 16, 3), np.uint8)
    with pytest.raises(InputError, match=rf"up to {limit} px; .*Received: .*{side + 1}") as caught:
        images.write(tmp_path / f"y{suffix}", longer)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / f"y{suffix}").exists()


def test_the_limit_of_an_unknown_format_is_not_known():
    with pytest.raises(InputError, match=r"Received: '\.gif'"):
        images.largest_side(".gif")


def test_a_quick_png_holds_the_same_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    plain, quick = (encode(".png", pixels, pixels[..., 0], quick) for quick in (False, True))
    for data in (plain, quick):
        with Image.open(io.BytesIO(data)) as image:
            np.testing.assert_array_equal(np.asarray(image), np.dstack([pixels, pixels[..., 0]]))
    assert encode(".jpg", pixels, quick=True) == encode(".jpg", pixels)
