"""Transparency is kept whatever holds it; a picture of nothing else is refused."""

import io

import numpy as np
import pytest
from PIL import Image, features

from analogies.errors import InputError
from analogies.images import pictures as images

HEIGHT, WIDTH = 24, 40
GRAY = np.rint(np.linspace(0, 255, HEIGHT * WIDTH)).reshape(HEIGHT, WIDTH).astype(np.uint8)
SOLID = np.zeros((HEIGHT, WIDTH), bool)
SOLID[4:18, 6:30] = True  # the rest is transparent
COLOR = np.where(SOLID[..., None], (200, 60, 20), (10, 220, 90)).astype(np.uint8)
HOLDERS = {
    "png-rgba": ("PNG", "RGBA", {}),
    "png-gray": ("PNG", "LA", {}),
    "png-palette": ("PNG", "P", {}),
    "png-palette-alphas": ("PNG", "PA", {}),
    "webp": ("WEBP", "RGBA", {"lossless": True}),
    "webp-lossy": ("WEBP", "RGBA", {}),
    "tiff": ("TIFF", "RGBA", {}),
    "tiff-gray": ("TIFF", "LA", {}),
    "gif": ("GIF", "P", {}),
    "jpeg2000": ("JPEG2000", "RGBA", {}),
    "jpeg2000-gray": ("JPEG2000", "LA", {}),
    "avif": ("AVIF", "RGBA", {"quality": 100, "subsampling": "4:4:4"}),
    "ico": ("ICO", "RGBA", {"sizes": [(WIDTH, HEIGHT)]}),
    "sgi": ("SGI", "RGBA", {}),
    "qoi": ("QOI", "RGBA", {}),
}


def holding(name, solid):
    """A file that holds COLOR where `solid`, and nothing elsewhere."""
    kind, mode, settings = HOLDERS[name]
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if mode == "P":
        image = Image.fromarray(np.where(solid, 1, 0).astype(np.uint8)).convert("P")
        image.putpalette([10, 220, 90, 200, 60, 20])
        settings = {"transparency": 0}
    elif mode == "PA":
        image = Image.fromarray(np.where(solid, 2, GRAY % 2).astype(np.uint8)).convert("P")
        image.putpalette([10, 220, 90, 10, 220, 90, 200, 60, 20])
        settings = {"transparency": bytes([0, 0, 255])}
    else:
        alpha = np.where(solid, 255, 0).astype(np.uint8)
        image = Image.fromarray(np.dstack([COLOR, alpha]))
        image = image.convert(mode) if mode != "RGBA" else image
    stream = io.BytesIO()
    image.save(stream, format=kind, **settings)
    return stream.getvalue()


@pytest.mark.parametrize("name", HOLDERS)
def test_alpha_is_kept_and_what_is_transparent_is_white(name):
    data = holding(name, SOLID)
    for source in (data, Image.open(io.BytesIO(data))):
        picture = images.read(source)
        np.testing.assert_array_equal(picture.alpha, np.where(SOLID, 255, 0))
        assert (picture.pixels[~SOLID] == 255).all()
        seen = np.asarray(Image.fromarray(COLOR).convert("L" if "gray" in name else "RGB"), float)
        seen = seen if seen.ndim == 3 else seen[..., None]
        inner = np.s_[6:16, 8:28]  # lossy formats mix colors at edges
        assert np.abs(picture.pixels - seen)[inner].max() < 12


@pytest.mark.parametrize("name", HOLDERS)
def test_a_picture_of_nothing_is_refused(tmp_path, name):
    path = tmp_path / "x"
    path.write_bytes(holding(name, np.zeros_like(SOLID)))
    with pytest.raises(InputError, match=r"wholly transparent; .*Received: '.*x'") as caught:
        images.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", HOLDERS)
def test_an_opaque_picture_has_no_alpha(name):
    assert images.read(holding(name, np.ones_like(SOLID))).alpha is None


def test_arrays_and_images_of_nothing_are_refused():
    nothing = np.dstack([COLOR, np.zeros_like(GRAY)])
    for source in (nothing, nothing.astype(float), Image.fromarray(nothing)):
        with pytest.raises(InputError, match=r"wholly transparent.*Received: "):
            images.read(source)
