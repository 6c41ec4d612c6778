"""What a file given as weights is, from its first bytes, where it is nothing that can be read.

Nothing is unpacked, unpickled or imported: a few thousand bytes are looked at.

References:
    HDF5 File Format Specification, II.A "Disk Format: Level 0A - Format Signature and Superblock".
    PKWARE, APPNOTE 6.3, 4.3.7 "Local file header" and 4.5.3 "Zip64 Extended Information".
"""

import codecs
import re
import struct
import zipfile
from pathlib import Path

HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"
KERAS_MEMBER = "model.weights.h5"
_HEAD = 4096
_SUPERBLOCK = 48  # bytes of the shortest kind

_AGAIN = "fetch it again"
_CONVERT = (
    "load it with what wrote it and save its convolutions by numpy.savez as block1_conv1/kernel, "
    "block1_conv1/bias and so on, or give a Keras .h5 or .keras file"
)
_UNPACK = "unpack it and give the weight file inside"

# What a file begins with, what it is then, and what to do.
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "a PyTorch file", _CONVERT),
    (b"version https://git-lfs.github.com/spec/", "", "run git lfs pull where it came from"),
    (b"MATLAB 7.3 MAT-file", "a MATLAB .mat file", _CONVERT),
    (b"MATLAB 5.0 MAT-file", "a MATLAB .mat file", _CONVERT),
    (b"\x93NUMPY", "a single array, .npy", "save named arrays by numpy.savez"),
    (b"PK\x05\x06", "an empty zip archive", _AGAIN),
    (b"\x1f\x8b", "packed by gzip", _UNPACK),
    (b"BZh", "packed by bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "packed by xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"GGUF", "a GGUF file", _CONVERT),
    (b"\x89PNG", "a PNG picture", "give a weight file"),
    (b"\xff\xd8\xff", "a JPEG picture", "give a weight file"),
    (b"%PDF", "a PDF document", "give a weight file"),
)
_SUFFIXES = {
    ".t7": "a Torch7 .t7 file",
    ".pb": "a TensorFlow graph",
    ".index": "part of a TensorFlow checkpoint",
    ".caffemodel": "a Caffe model",
    ".prototxt": "a Caffe description without weights",
    ".onnx": "an ONNX model",
    ".tflite": "a TFLite model",
    ".mlmodel": "a Core ML model",
    ".msgpack": "a Flax .msgpack file",
    ".params": "an MXNet .params file",
}


def refusal(path: Path) -> str | None:
    """Why a file is no weight file that can be read and what to do; None where it may be one.

    None means HDF5, a zip archive with `.npy` arrays or a Keras model, or something unknown.

    Raises:
        OSError: the file cannot be opened.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if not head:
        return f"it is empty; {_AGAIN}"
    if head.startswith(HDF5):
        return _cut_hdf5(head, size)
    if head.startswith(ZIP):
        return _zip(path, size)
    kind = _beginning(head, size) or _structure(head, size) or _text(head)
    if kind is None and (named := _by_suffix(path)):
        kind = f"it is {named}; {_CONVERT}"
    return kind


def _beginning(head: bytes, size: int) -> str | None:
    for start, name, advice in _BEGINNINGS:
        if head.startswith(start):
            return f"it is {name or _pointer(head)}; {advice}"
    return None


def _pointer(head: bytes) -> str:
    found = re.search(rb"\nsize (\d{1,18})\b", head)
    meant = f" to one of {int(found[1])} bytes" if found else ""
    return f"no weight file but a Git LFS pointer{meant}"


def _structure(head: bytes, size: int) -> str | None:
    """Formats without a fixed beginning."""
    name = None
    if head[4:8] == b"TFL3":
        name = "a TFLite model"
    elif head[257:262] == b"ustar":
        return f"it is a tar archive; {_UNPACK}"
    elif _is_safetensors(head):
        name = "a safetensors file"
    elif re.match(rb"\x80[\x02-\x05]", head):
        name = "a Python pickle (PyTorch's or another), which is never opened as it can run code"
    elif _is_torch7(head):
        name = "a Torch7 .t7 file"
    elif re.match(rb"\x08[\x01-\x14](\x12[\x01-\x40][ -~]|:)", head):
        name = "an ONNX model"
    elif _is_caffe(head):
        name = "a Caffe model"
    return f"it is {name}; {_CONVERT}" if name else None


def _is_safetensors(head: bytes) -> bool:
    """Eight bytes of length, then JSON."""
    return len(head) > 9 and 2 <= int.from_bytes(head[:8], "little") < 1e8 and head[8:10] == b'{"'


def _is_torch7(head: bytes) -> bool:
    """The version and class of an object, perhaps within a table; or the same in ASCII."""
    ascii_form = re.match(rb"4\n\d+\n3\nV 1\n|3\n\d+\n\d+\n", head)
    return bool(ascii_form) or (
        head[:4] in (b"\x03\0\0\0", b"\x04\0\0\0") and b"\x03\0\0\0V 1" in head
    )


def _is_caffe(head: bytes) -> bool:
    """A NetParameter: its name, field 1, then a layer of either generation or an input."""
    if len(head) < 4 or head[0] != 0x0A or not 0 < head[1] < 0x80:
        return False
    name, after = head[2 : 2 + head[1]], head[2 + head[1] :]
    return (
        name.isascii() and name.decode().isprintable() and after[:1] in (b"\x12", b"\x1a", b"\xa2")
    )


def _text(head: bytes) -> str | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"<(!doctype html|html|head|\?xml|!--)", start):
        return "it is a web page; fetch the file itself, by the link of its download"
    if start.startswith((b"{", b"[")) and b"\0" not in head:
        return f"it is a text in JSON; {_AGAIN}, or give a weight file"
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head)  # its end may be missing
    if re.fullmatch(r"[^\x00-\x08\x0e-\x1f\x7f\ufffd]+", text):
        return f"it is a text; {_AGAIN}, or give a weight file"
    return None


def _by_suffix(path: Path) -> str | None:
    if ".data-0" in path.name:
        return _SUFFIXES[".index"]
    return _SUFFIXES.get(path.suffix.lower())


def _cut_hdf5(head: bytes, size: int) -> str | None:
    """Compares with the end-of-file address in the superblock, if that is of eight bytes."""
    if size < _SUPERBLOCK:
        return f"it is cut off after {size} bytes; {_AGAIN}"
    version = head[8]
    if version > 3 or head[13 if version < 2 else 9] != 8:
        return None
    place = {0: 40, 1: 44}.get(version, 28)
    (whole,) = struct.unpack_from("<Q", head.ljust(64, b"\0"), place)
    if size >= whole or whole >= 2**62:  # an address that is not set has all bits
        return None
    return f"it is cut off: {size} of {whole} bytes; {_AGAIN}"


def _zip(path: Path, size: int) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # BadZipFile, and whatever damage leads to
        whole = _least_zip_length(path, size)
        if whole is None:
            return f"it is a zip archive cut off after {size} bytes, or damaged; {_AGAIN}"
        return f"it is cut off: {size} of at least {whole} bytes; {_AGAIN}"
    if KERAS_MEMBER in names or any(name.endswith(".npy") for name in names):
        return None
    if any(name.endswith("data.pkl") for name in names):
        return f"it is a PyTorch file; {_CONVERT}"
    if "config.json" in names and "metadata.json" in names:
        return f"it is a Keras model without {KERAS_MEMBER}; save it again"
    return f"it is a zip archive without weights; {_UNPACK}"


def _least_zip_length(path: Path, size: int) -> int | None:
    """Where the member ends that the file is cut off in; None where that is not to be known."""
    place = 0
    with open(path, "rb") as file:
        while place + 30 <= size:
            file.seek(place)
            header = file.read(30)
            if header[:4] != ZIP:
                return None
            flags, packed, names, extra = (
                *struct.unpack_from("<H", header, 6),
                *struct.unpack_from("<I", header, 18),
                *struct.unpack_from("<HH", header, 26),
            )
            if flags & 0x08 and not packed:  # the sizes follow the data
                return None
            if packed == 0xFFFFFFFF:
                packed = _zip64_length(file.read(names + extra)[names:])
                if packed is None:
                    return place + 30 + names + extra + 1
            place += 30 + names + extra + packed
    return place if place > size else place + 30


def _zip64_length(extra: bytes) -> int | None:
    """The packed length in the extra field of a local header."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1 and len(extra) >= 20:
            return int(struct.unpack_from("<Q", extra, 12)[0])
        extra = extra[4 + length :]
    return None
