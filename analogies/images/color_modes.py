"""Any Pillow image to sRGB: orientation, palettes, bit depths, CMYK and color profiles."""

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from analogies.images.deep import gray_of, narrow_notes

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)
_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}
_MODES_OF_PROFILE = {
    "RGB": ("1", "L", "RGB", "RGBX", "YCbCr", "HSV"),
    "L": ("1", "L"),
    "CMYK": ("CMYK",),
    "LAB": ("LAB",),
}

Notes = tuple[str, ...]


def orientation(image: Image.Image, told_early: bool = False) -> tuple[int, Notes]:
    """The EXIF orientation, 1 to 8, and a note where the EXIF data cannot be read.

    Pillow decodes a PNG first, as the orientation may stand behind the pixels; with `told_early`
    it does not.
    """
    try:
        exif = Image.Image.getexif(image) if told_early else image.getexif()
        value = exif.get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged EXIF block makes Pillow raise many kinds
        return 1, ("has EXIF data that cannot be read; its orientation is taken as upright",)
    return (value if value in _TURNS else 1), ()


def upright_size(image: Image.Image, told_early: bool = False) -> tuple[int, int]:
    """(width, height) of an image as it is seen, before its pixels are decoded or behind that."""
    width, height = image.size
    tags: Any = getattr(image, "tag_v2", {})  # of a TIFF, by which Pillow has turned the size
    lies = orientation(image, told_early)[0] >= 5
    lay = tags.get(_ORIENTATION_TAG) in _LYING
    return (height, width) if lies != lay else (width, height)


def to_rgb(
    image: Image.Image, white: float | None = None
) -> tuple[np.ndarray, np.ndarray | None, Notes]:
    """The upright pixels of an image in sRGB.

    Args:
        image: of any mode.
        white: the value that means white, of a deep gray one; None to tell by the format.

    Returns:
        (height, width, 3) float32 in [0, 255]; alpha (height, width) float32 in [0, 255], or None
        where the image has none; notes.

    Raises:
        InputError: values without a meaning as brightness (NaN, negative, beyond 16 bit).
    """
    packed = str([tile.args for tile in getattr(image, "tile", ())])  # as in "RGB;16B"
    is_deep = "16" in packed
    _fit_key(image, packed)
    image.load()
    turn, notes = orientation(image)  # behind `load`, where Pillow turns a TIFF and says so
    if turn != 1:
        image = _turned(image, turn)
    if image.mode.startswith("I") or image.mode == "F":
        gray, alpha, range_notes = gray_of(image, white)
        return np.repeat(gray[:, :, np.newaxis], 3, axis=2), alpha, (*notes, *range_notes)
    if is_deep:
        notes = (*notes, *narrow_notes(image))
    color, opacity = _split_alpha(image)
    rgb, profile_notes = _to_srgb(color, image.info.get("icc_profile"))
    alpha = None if opacity is None else np.asarray(opacity, np.float32)
    return np.asarray(rgb, np.float32), alpha, (*notes, *profile_notes)


def _fit_key(image: Image.Image, packed: str) -> None:
    """Bring a transparent color to the 8 bits that the pixels of a PNG will have."""
    key = image.info.get("transparency")
    if image.format != "PNG":
        return
    if isinstance(key, int) and image.mode == "L":
        image.info["transparency"] = key * (85 if ";2" in packed else 17 if ";4" in packed else 1)
    elif isinstance(key, tuple) and "16" in packed:
        image.info["transparency"] = tuple(value >> 8 for value in key)


def _turned(image: Image.Image, turn: int) -> Image.Image:
    info = image.info
    upright = image.transpose(_TURNS[turn])
    upright.info = info
    return upright


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colors without transparency, and the transparency as an "L" image."""
    if image.mode in ("RGBa", "La"):
        image = image.convert("RGBA" if image.mode == "RGBa" else "LA")
    if not image.has_transparency_data:
        return (image.convert("RGB") if image.mode == "P" else image), None
    with_alpha = image.convert("LA" if image.mode in ("LA", "L", "1") else "RGBA")
    return with_alpha.convert(with_alpha.mode[:-1]), with_alpha.getchannel("A")


def _to_srgb(image: Image.Image, profile_bytes: Any) -> tuple[Image.Image, Notes]:
    """Convert by the embedded color profile, or plainly where there is none to use."""
    if not profile_bytes:
        return image.convert("RGB"), ()
    unused = ("has a color profile that does not fit; it is not used",)
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(profile_bytes))
        mode = _PROFILE_MODES.get(profile.profile.xcolor_space.strip(), "")
        if image.mode not in _MODES_OF_PROFILE.get(mode, ()):
            return image.convert("RGB"), unused
        if ImageCms.getProfileDescription(profile).lower().startswith("srgb"):
            return image.convert("RGB"), ()
        return _convert_profile(image.convert(mode), profile), ()
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.convert("RGB"), unused


def _convert_profile(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:  # only in-place conversions return nothing
        raise ValueError("no image")
    return converted
