"""Files that are no weights that can be read: each named by what it is, with what to do."""

import builtins
import gzip
import io
import pickle
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import generated
import h5py
import numpy as np
import pytest
from running import running
from scipy.io import savemat

from analogies.errors import InputError
from analogies.features import signatures, weights


def _zip(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_pkl", ".pkl"), content)
    return stream.getvalue()


def _mat():
    stream = io.BytesIO()
    savemat(stream, {"layers": np.zeros(3)})
    return stream.getvalue()


def _tar():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("vgg/weights.h5"), io.BytesIO())
    return stream.getvalue()


def _safetensors():
    header = b'{"features.0.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return struct.pack("<Q", len(header)) + header + b"\0" * 4


class _Bomb:
    """Leaves a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


# PyTorch before 1.6 began with its magic number, pickled; Torch7 with the type and the index of an
# object and its version, in binary or in ASCII; a NetParameter with its name, then a layer.
_OLD_TORCH = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + pickle.dumps(1001, protocol=2)
_T7 = struct.pack("<iii3si", 4, 1, 3, b"V 1", 17) + b"nn.Sequential" + b"\0" * 40
_CAFFE = b"\x0a\x13VGG_ILSVRC_19_layer" + b"\x12\x05\x0a\x03abc" + b"\0" * 50
_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 80134624\n"

FOREIGN = {
    "zip.pth": (_zip(archive__data_pkl=b"\x80\x02N.", archive__version=b"3"), "a PyTorch file"),
    "old.pt": (_OLD_TORCH, "a PyTorch file"),
    "state.pkl": (pickle.dumps({"a": 1}, protocol=4), "a Python pickle"),
    "w.safetensors": (_safetensors(), "a safetensors file"),
    "w.t7": (_T7, "a Torch7 .t7 file"),
    "ascii.t7": (b"4\n1\n3\nV 1\n13\nnn.Sequential\n", "a Torch7 .t7 file"),
    "w.caffemodel": (_CAFFE, "a Caffe model"),
    "w.mat": (_mat(), "a MATLAB .mat file"),
    "w.onnx": (b"\x08\x07\x12\x07pytorch\x1a\x052.1.0" + b"\0" * 40, "an ONNX model"),
    "w.tflite": (b"\x1c\0\0\0TFL3" + b"\0" * 40, "a TFLite model"),
    "w.pb": (b"\xfe\0\1\2" * 40, "a TensorFlow graph"),
    "page.h5": (b"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>", "a web page"),
    "pointer.h5": (_POINTER, "a Git LFS pointer to one of 80134624 bytes; run git lfs pull"),
    "answer.h5": (b'{"error": "not found"}', "a text in JSON"),
    "note.h5": (b"These are not the weights you are looking for.", "it is a text"),
    "w.h5.gz": (gzip.compress(b"\x89HDF" * 100), "packed by gzip; unpack it"),
    "w.tar": (_tar(), "a tar archive; unpack it"),
    "other.zip": (_zip(readme=b"hello"), "a zip archive without weights; unpack it"),
    "none.zip": (_zip(), "an empty zip archive"),
    "w.npy": (b"\x93NUMPY\x01\0" + b"\0" * 20, "a single array"),
    "cat.png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "a PNG picture"),
    "empty.h5": (b"", "it is empty"),
    "empty.npz": (b"", "it is empty"),
}


def refused(path, network=None):
    """The message, which is one line, of both ways to read."""
    with pytest.raises(InputError) as caught:
        weights.load(path, network)
    with pytest.raises(InputError) as inspected:
        weights.inspect(path, network)
    text = str(caught.value)
    assert text == str(inspected.value)
    assert "\n" not in text
    assert "Traceback" not in text
    assert text.endswith(f"Received: {str(path)!r}")
    return text


@pytest.mark.parametrize("name", FOREIGN)
def test_other_kinds_are_named(tmp_path, name):
    content, words = FOREIGN[name]
    path = tmp_path / name
    path.write_bytes(content)
    text = refused(path)
    assert words in text
    assert any(verb in text for verb in ("save", "fetch", "unpack", "pull", "give"))


@pytest.mark.parametrize("name", [n for n in FOREIGN if n not in ("w.pb", "page.h5")])
def test_the_name_does_not_matter(tmp_path, name):
    content, words = FOREIGN[name]
    for other in ("weights.h5", "weights.npz", "weights.keras"):
        (tmp_path / other).write_bytes(content)
        assert words in refused(tmp_path / other)


def test_no_pickle_is_opened(tmp_path):
    sign = tmp_path / "sign"
    bomb = pickle.dumps(_Bomb(sign))
    arrays = {"block1_conv1/bias": np.zeros(64), "block1_conv1/kernel": np.array([_Bomb(sign)])}
    np.savez(tmp_path / "w.npz", **arrays)
    (tmp_path / "w.pkl").write_bytes(bomb)
    (tmp_path / "w.pt").write_bytes(_zip(archive__data_pkl=bomb))
    for name in ("w.npz", "w.pkl", "w.pt"):
        with pytest.raises(InputError):
            weights.load(tmp_path / name)
    assert not sign.exists()
    pickle.loads(bomb)  # it would have been seen
    assert sign.exists()


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("share", [0.002, 0.5, 0.999])
def test_half_a_download_in_hdf5(tmp_path, share, libver):
    whole, cut = tmp_path / "whole.h5", tmp_path / "cut.h5"
    with h5py.File(whole, "w", libver=libver) as file:
        file["table"] = np.arange(10000)
    content = whole.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    text = refused(cut)
    assert f"cut off: {cut.stat().st_size} of {len(content)} bytes; fetch it again" in text


def test_the_first_bytes_of_a_download_in_hdf5(tmp_path):
    content = weights.embedded_path().read_bytes()
    for length in (8, 20, 47, 48, 60):
        (tmp_path / "cut.h5").write_bytes(content[:length])
        assert "it is cut off" in refused(tmp_path / "cut.h5")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_half_a_download_of_an_archive(tmp_path, save):
    arrays = generated.convolutions("vgg16", 2)
    flat = {f"{n}/{k}": a for n, p in arrays.items() for k, a in zip(("kernel", "bias"), p)}  # noqa: B905
    save(tmp_path / "whole.npz", **flat)
    content = (tmp_path / "whole.npz").read_bytes()
    cut = tmp_path / "cut.npz"
    for length in (20, 200, len(content) // 2, len(content) - 5):
        cut.write_bytes(content[:length])
        assert "cut off" in refused(cut)
        assert str(length) in refused(cut)


def test_a_download_in_half_of_the_program_s_own_file(tmp_path):
    content = weights.embedded_path().read_bytes()
    cut = tmp_path / "slim.weights.h5"
    cut.write_bytes(content[:100_000])
    assert f"cut off: 100000 of {len(content)} bytes" in refused(cut)


def test_whole_files_are_not_taken_for_cut_ones():
    assert signatures.refusal(weights.embedded_path()) is None


def test_no_permission_is_said_in_one_line(tmp_path, monkeypatch):
    path = generated.write(tmp_path, "keras-h5", generated.convolutions("vgg16", 1))
    usual = builtins.open

    def forbidding(file, *args, **kwargs):
        if file == path:
            raise PermissionError(13, "Permission denied", str(path))
        return usual(file, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", forbidding)
    assert "cannot be opened: Permission denied" in refused(path)


def test_a_folder_and_a_user_who_is_not_there(tmp_path):
    assert "is a folder" in refused(tmp_path)
    text = refused("~nobody-of-this-name/w.h5")
    assert "~nobody-of-this-name stands for no folder here" in text
    assert "no weight file of this name" in refused(tmp_path / "none.h5")
    assert "cannot be opened" in refused("a\0b.h5") or "no weight file" in refused("a\0b.h5")


def test_a_file_that_another_program_has_locked_is_read(tmp_path):
    path = generated.write(tmp_path, "keras-h5", generated.convolutions("vgg16", 1))
    code = (
        "import fcntl, sys; file = open(sys.argv[1], 'r+b'); fcntl.flock(file, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with running(command) as holder:
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(OSError, match="lock"):
            h5py.File(path, "r", locking=True)
        assert weights.load(path).info.layers == ("block1_conv1",)


def test_a_file_that_another_program_writes_is_named(tmp_path):
    """Such as a training that saves its weights; HDF5 itself marks these files."""
    with h5py.File(tmp_path / "w.h5", "w", libver="latest") as file:
        file["losses"] = np.zeros(1000)
        file.flush()
        assert "another program is writing it" in refused(tmp_path / "w.h5")
