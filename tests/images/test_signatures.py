"""Files that are no picture we read are named, with what to do, through every way in."""

import gzip
import io
import re
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from analogies.errors import InputError
from analogies.images import pictures as images

COLOR = np.random.default_rng(0).integers(0, 256, (24, 40, 3)).astype(np.uint8)


def saved(kind, **settings):
    stream = io.BytesIO()
    Image.fromarray(COLOR).save(stream, format=kind, **settings)
    return stream.getvalue()


def box(brand, kind=b"ftyp"):
    return struct.pack(">I", 24) + kind + brand + b"\0\0\0\0" + brand + b"mif1" + bytes(400)


def camera(make, sub_pages=True, dng=False):
    """A TIFF whose only readable page is a small preview, as cameras write them."""
    page = {254: 1, 271: make}
    page |= {330: 8} if sub_pages else {}
    page |= {50706: b"\1\4\0\0"} if dng else {}
    return saved("TIFF", tiffinfo=page)


def zipped():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("x.png", saved("PNG"))
    return stream.getvalue()


SVG = b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>'
PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
CR2 = b"II*\0\x10\0\0\0CR\2\0" + bytes(300)
ARRAY = io.BytesIO()
np.save(ARRAY, COLOR)
FILES = {
    "heic": (box(b"heic"), "HEIC", "convert"),
    "heif": (box(b"mif1"), "HEIC", "convert"),
    "jxl": (b"\xff\n" + bytes(99), "JPEG XL", "convert"),
    "jxl-boxes": (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "JPEG XL", "convert"),
    "svg": (SVG, "SVG", "export"),
    "svg-bare": (b"<svg>" + bytes(2), "", ""),
    "svg-utf16": (SVG.decode().encode("utf-16"), "SVG", "export"),
    "pdf": (saved("PDF"), "PDF", "export"),
    "pdf-late": (b"\n\n" + saved("PDF"), "PDF", "export"),
    "eps": (saved("EPS"), "PostScript", "export"),
    "psd": (b"8BPS\0\1" + bytes(99), "PSD", "export"),
    "xcf": (b"gimp xcf v011" + bytes(99), "XCF", "export"),
    "exr": (b"\x76\x2f\x31\x01\2\0\0\0" + bytes(99), "OpenEXR", "tones"),
    "hdr": (b"#?RADIANCE\n" + bytes(99), "Radiance", "tones"),
    "pfm": (b"PF\n24 24\n-1.0\n" + bytes(99), "PFM", "tones"),
    "cr2": (CR2, "CR2", "develop"),
    "nef": (camera("NIKON CORPORATION"), "NIKON", "develop"),
    "arw": (camera("SONY"), "SONY", "develop"),
    "dng": (camera("Google", False, True), "DNG", "develop"),
    "cr3": (box(b"crx "), "CR3", "develop"),
    "raf": (b"FUJIFILMCCD-RAW 0201" + bytes(99), "RAF", "develop"),
    "orf": (b"IIRO\x08\0\0\0" + bytes(99), "ORF", "develop"),
    "rw2": (b"IIU\0\x18\0\0\0" + bytes(99), "RW2", "develop"),
    "mp4": (box(b"isom"), "MP4", "ffmpeg"),
    "mov": (box(b"qt  "), "MOV", "ffmpeg"),
    "mov-old": (struct.pack(">I", 8) + b"wide" + bytes(99), "MOV", "ffmpeg"),
    "webm": (b"\x1a\x45\xdf\xa3" + bytes(99), "WebM", "ffmpeg"),
    "avi": (b"RIFF\0\0\0\0AVI LIST" + bytes(99), "AVI", "ffmpeg"),
    "html": (PAGE.encode(), "web page", "download"),
    "html-bom": (b"\xef\xbb\xbf" + PAGE.encode(), "web page", "download"),
    "xml": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML", "picture"),
    "lfs": (LFS, "Git LFS pointer", "git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s3--1.png\n", "git-annex", "git annex get"),
    "gzip": (gzip.compress(saved("PNG")), "gzip", "unpack"),
    "zip": (zipped(), "zip", "unpack"),
    "npy": (ARRAY.getvalue(), "NumPy", "array"),
    "text": ("grün ist die Heide\n".encode() * 30, "a text", "give a picture"),
    "text-cp1252": (b"plain words\n" * 500, "a text", "give a picture"),
    "base64": (b"iVBORw0KGgoAAAANSUhEUgAA", "base64", "decode"),
    "zeros": (bytes(5000), "zeros", "again"),
    "png-as-text": (saved("PNG").replace(b"\r\n", b"\n"), "as a text", "binary"),
    "apple": (b"\0\5\x16\7\0\2\0\0" + bytes(99), "._NAME", "itself"),
    "tga": (saved("TGA"), "TGA", "convert"),
    "pcx": (saved("PCX"), "PCX", "convert"),
    "dds": (saved("DDS"), "DDS", "convert"),
    "icns": (b"icns" + bytes(99), "ICNS", "convert"),
    "noise": (b"\xfe\xdc\xba" * 99, "known format", "Received"),
}
del FILES["svg-bare"]


@pytest.mark.parametrize("suffix", [".png", ""])
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_named_with_what_to_do(tmp_path, name, suffix):
    content, what, remedy = FILES[name]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    for read in (images.read, images.inspect):
        for source in (path, content, io.BytesIO(content)):
            with pytest.raises(InputError) as caught:
                read(source)
            told = str(caught.value)
            assert re.search(re.escape(what), told)
            assert re.search(remedy, told)
            assert "\n" not in told
            assert told.count("Received: ") == 1
            assert told.endswith(repr(str(path)) if source is path else f"{len(content)} bytes")


def test_nothing_is_told_as_such(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"")
    for source in (path, b"", io.BytesIO(), bytearray()):
        with pytest.raises(InputError, match=r"empty|nothing"):
            images.read(source)


def test_an_address_is_to_be_downloaded():
    for address in ("https://example.com/x.png", "file:///tmp/x.png", "s3://bucket/x.png"):
        with pytest.raises(InputError, match=r"download it first\. Received: '.*x\.png'"):
            images.read(address)


def test_ordinary_pictures_are_not_taken_for_raw_photographs():
    for page in ({271: "NIKON CORPORATION"}, {254: 0, 330: 8}, {254: 1}):
        np.testing.assert_array_equal(images.read(saved("TIFF", tiffinfo=page)).pixels, COLOR)


def texts(size, packed):
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "x" * size, zip=packed)
    info.add_itxt("workflow", "ü" * size, zip=packed)
    info.add_text("Author", "A")
    return info


@pytest.mark.parametrize("size", [10, 2**20 + 1, 2**25])
@pytest.mark.parametrize("packed", [True, False])
def test_texts_of_any_length_are_passed_over(size, packed):
    data = saved("PNG", pnginfo=texts(size, packed))
    header = images.inspect(data)
    assert (header.width, header.height) == (40, 24)
    np.testing.assert_array_equal(images.read(data).pixels, COLOR)
    behind = data[:33] + data[data.index(b"IDAT") - 4 : -12]
    between = data[33 : data.index(b"IDAT") - 4]
    np.testing.assert_array_equal(images.read(behind + between + data[-12:]).pixels, COLOR)


def swapped_profile(padding):
    """A profile that calls red green, with that much behind what is used of it."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"temp").replace(b"gXYZ", b"rXYZ").replace(b"temp", b"gXYZ")
    profile = profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    return struct.pack(">I", len(profile) + padding) + profile[4:] + bytes(padding)


@pytest.mark.parametrize("padding", [0, 3 * 2**20])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_a_color_profile_of_any_size_is_used(kind, padding):
    settings = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}, "JPEG": {"quality": 100}}[kind]
    smooth = np.dstack(np.broadcast_arrays(*np.ogrid[80:200:24j, 90:170:40j], 128)).astype(np.uint8)
    stream = io.BytesIO()
    profile = swapped_profile(padding)
    Image.fromarray(smooth).save(stream, format=kind, icc_profile=profile, **settings)
    picture = images.read(stream.getvalue())
    assert picture.notes == ()
    assert np.abs(picture.pixels - smooth[..., [1, 0, 2]]).mean() < 3


def test_a_profile_without_an_end_is_passed_over():
    bomb = zlib.compress(bytes(2**26))
    body = b"iCCPbomb\0\0" + bomb
    piece = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data = saved("PNG")
    np.testing.assert_array_equal(images.read(data[:33] + piece + data[33:]).pixels, COLOR)


def test_the_limits_of_the_host_program_stay(monkeypatch):
    expected = [PngImagePlugin.MAX_TEXT_CHUNK, Image.MAX_IMAGE_PIXELS]
    images.read(saved("PNG", pnginfo=texts(2**21, True)))
    found = [PngImagePlugin.MAX_TEXT_CHUNK, Image.MAX_IMAGE_PIXELS]
    assert found == expected


def test_the_header_of_a_png_is_read_without_its_pixels(monkeypatch):
    data = saved("PNG", pnginfo=texts(2**21, True))

    def load(self):
        raise AssertionError("the pixels were decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    assert images.inspect(data).width == 40
