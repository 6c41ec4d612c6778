"""What a file is that is no picture we read, told by its first bytes, and what to do about it."""

import re

HEAD = 4096  # bytes that are looked at

_SAVE = "save it as PNG or JPEG with the program that made it"
_CONVERT = "convert it to PNG or JPEG first"
_EXPORT = "export it as PNG or JPEG first"
DEVELOP = "develop it and save it as PNG, JPEG or TIFF first"
_FRAME = "take a frame out of it first, as with: ffmpeg -i VIDEO -frames:v 1 FRAME.png"
_UNPACK = "unpack it first"
_DOWNLOAD = "download the picture itself"
_TONES = "map its tones to 8 or 16 bits and save it as PNG"
_ARRAY = "load it in Python and give the array"

# (pattern at the start of the file, what it is, what to do)
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", "a HEIC picture", _CONVERT),
    (rb"....ftypavi[fs]", "an AVIF picture, which this Pillow cannot read", _CONVERT),
    (rb"....ftypcrx ", "a raw photograph (Canon CR3)", DEVELOP),
    (rb"....ftyp", "a video (MP4 or MOV)", _FRAME),
    (rb"....(moov|mdat|wide|free|skip|pnot)", "a video (MOV)", _FRAME),
    (rb"\x1a\x45\xdf\xa3", "a video (WebM or Matroska)", _FRAME),
    (rb"RIFF....AVI ", "a video (AVI)", _FRAME),
    (rb"RIFF....WAVE", "a sound file (WAV)", "give a picture"),
    (rb"(\0\0\0\x0cJXL \r\n\x87\n|\xff\n)", "a JPEG XL picture", _CONVERT),
    (rb"\0\0\0\x0cjP(  |\x1a\x1a)\r\n\x87\n", "a damaged JPEG 2000 picture", _SAVE),
    (rb"II\xbc", "a JPEG XR picture", _CONVERT),
    (rb"BPG\xfb", "a BPG picture", _CONVERT),
    (rb"FLIF", "a FLIF picture", _CONVERT),
    (rb"8BPS", "a Photoshop file (PSD)", _EXPORT),
    (rb"gimp xcf", "a GIMP file (XCF)", _EXPORT),
    (rb"\x76\x2f\x31\x01", "an OpenEXR picture", _TONES),
    (rb"#\?RAD", "a Radiance HDR picture", _TONES),
    (rb"PF\s", "a PFM picture in color", _TONES),
    (rb"P7\s", "a PAM picture", _CONVERT),
    (rb"(SDPX|XPDS)", "a DPX picture", _CONVERT),
    (rb"DDS ", "a DDS texture", _CONVERT),
    (rb"icns", "an icon of macOS (ICNS)", _CONVERT),
    (rb"\0\0\x02\0", "a cursor of Windows or a TGA picture", _CONVERT),
    (rb"\x0a[\0-\x05]\x01[\x01\x02\x04\x08]", "a PCX picture", _CONVERT),
    (rb"(\xd7\xcd\xc6\x9a|\x01\0\0\0.{36} EMF)", "a metafile of Windows (WMF or EMF)", _EXPORT),
    (rb"%PDF-", "a PDF document", "export its page as PNG first"),
    (rb"(%!PS|\xc5\xd0\xd3\xc6)", "a PostScript document (EPS)", "export its page as PNG first"),
    (rb"II\*\0....CR", "a raw photograph (Canon CR2)", DEVELOP),
    (rb"II\x1a\0\0\0HEAPCCDR", "a raw photograph (Canon CRW)", DEVELOP),
    (rb"(IIRO|IIRS|MMOR)", "a raw photograph (Olympus ORF)", DEVELOP),
    (rb"IIU\0", "a raw photograph (Panasonic RW2)", DEVELOP),
    (rb"FUJIFILMCCD-RAW", "a raw photograph (Fujifilm RAF)", DEVELOP),
    (rb"\0MRM", "a raw photograph (Minolta MRW)", DEVELOP),
    (rb"FOVb", "a raw photograph (Sigma X3F)", DEVELOP),
    (rb"\x1f\x8b", "a gzip archive", _UNPACK),
    (rb"PK(\x03\x04|\x05\x06)", "a zip archive", _UNPACK),
    (rb"(7z\xbc\xaf|Rar!|\xfd7zXZ\0|BZh[1-9]|\x28\xb5\x2f\xfd|.{257}ustar)", "an archive", _UNPACK),
    (rb"\x93NUMPY", "a NumPy array", _ARRAY),
    (rb"\x89HDF\r\n", "an HDF5 file", _ARRAY),
    (rb"(SIMPLE  =|.{128}DICM)", "a scientific or medical picture (FITS or DICOM)", _CONVERT),
    (rb"\0\x05\x16[\0\x07]", "a side file of macOS (._NAME)", "give the picture itself"),
    (rb"version https://git-lfs", "a Git LFS pointer", "run: git lfs pull"),
    (rb"[./]*/annex/objects/", "a git-annex pointer", "run: git annex get"),
    (rb"\x89PNG\n", "a PNG picture copied as a text", "copy it in binary mode"),
    (rb"(iVBORw0KGgo|/9j/|R0lGOD|UklGR|data:image/)", "a picture in base64", "decode it first"),
    (rb"(\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8|RIFF....WEBP|BM|II[*+]\0|MM\0[*+])",
     "a picture whose first bytes are damaged", "copy or download it again"),
)  # fmt: skip
_TEXTS: tuple[tuple[str, str, str], ...] = (
    (r"(?i)<svg[\s>]", "an SVG drawing", "export it as PNG first"),
    (r"(?i)<!doctype html|<html|<head|<body", "a web page", _DOWNLOAD),
    (r"(?i)\A\s*<", "an XML document", "give a picture"),
)


def describe(head: bytes) -> tuple[str, str]:
    """What a file is by its first `HEAD` bytes, and what to do with it; both "" where unknown.

    Example:
        >>> describe(b"8BPS" + bytes(100))
        ('a Photoshop file (PSD)', 'export it as PNG or JPEG first')
    """
    if head and not head.strip(b"\0"):
        return "only zeros", "copy or download it again"
    for pattern, what, remedy in _STARTS:
        if re.match(pattern, head, re.DOTALL):
            return what, remedy
    if b"%PDF-" in head[:1024]:
        return "a PDF document", "export its page as PNG first"
    text = _text(head)
    if text is None:
        return "", ""
    for words, what, remedy in _TEXTS:
        if re.search(words, text):
            return what, remedy
    return "a text", "give a picture"


def _text(head: bytes) -> str | None:
    """The text that a file begins with, if it is one."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    if re.search(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]", head):
        return None
    try:
        return head[: HEAD - 4].decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
