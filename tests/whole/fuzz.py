"""Reads mutated files in a process with little memory: pictures and weights.

    python fuzz.py pictures|weights SEED COUNT FOLDER

Prints, as JSON, how many were read, how many were refused, and what else happened. A file may
take ten seconds.
"""

import io
import json
import resource
import signal
import sys
import traceback
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from analogies.errors import InputError
from analogies.features import weights
from analogies.images import pictures as images

MEMORY = 2 * 2**30
SECONDS = 10


class TooSlowError(BaseException):
    pass


def pictures():
    """Small whole pictures of the formats people use, {name: bytes}."""
    smooth = np.linspace(0, 255, 24 * 20 * 3).reshape(24, 20, 3).astype(np.uint8)
    image, gray = Image.fromarray(smooth), Image.fromarray(smooth[..., 0])
    exif = Image.Exif()
    exif[0x0112] = 6
    made = {
        "rgb.png": (image, {}),
        "palette.png": (image.quantize(16), {}),
        "deep.png": (Image.fromarray(smooth[..., 0].astype(np.uint16) * 256), {}),
        "exif.jpg": (image, {"exif": exif}),
        "progressive.jpg": (gray, {"progressive": True}),
        "lossy.webp": (image, {}),
        "lossless.webp": (image.convert("RGBA"), {"lossless": True}),
        "moving.gif": (image, {"save_all": True, "append_images": [gray.convert("RGB")]}),
        "still.gif": (gray, {}),
    }
    files = {}
    for name, (picture, settings) in made.items():
        stream = io.BytesIO()
        kinds = {"jpg": "JPEG"}
        suffix = name.split(".")[1]
        picture.save(stream, format=kinds.get(suffix, suffix.upper()), **settings)
        files[name] = stream.getvalue()
    return files


def weight_files(folder):
    """A first layer of VGG in each layout, {name: bytes}."""
    import h5py

    kernel, bias = np.ones((3, 3, 3, 64), np.float32), np.zeros(64, np.float32)
    np.savez(folder / "w.npz", **{"block1_conv1/kernel": kernel, "block1_conv1/bias": bias})
    with h5py.File(folder / "w.weights.h5", "w") as file:
        group = file.create_group("layers/conv2d/vars")
        group["0"], group["1"] = kernel, bias
    with h5py.File(folder / "keras.h5", "w") as file:
        file.attrs["layer_names"] = [b"block1_conv1"]
        group = file.create_group("block1_conv1")
        group.attrs["weight_names"] = [b"kernel", b"bias"]
        group["kernel"], group["bias"] = kernel, bias
    with h5py.File(folder / "old.h5", "w") as file:
        file.attrs["nb_layers"] = 1
        group = file.create_group("layer_0")
        group.attrs["nb_params"] = 2
        group["param_0"], group["param_1"] = kernel.transpose(3, 2, 0, 1), bias
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", "{}")
        archive.write(folder / "w.weights.h5", "model.weights.h5")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def mutate(content, random, others):
    """One to four changes: bytes, lengths, pieces cut out, doubled, or taken from another file."""
    data = bytearray(content)
    for _ in range(random.integers(1, 5)):
        start, length = random.integers(0, len(data)), random.integers(1, 64)
        start = start if random.integers(2) else start % min(len(data), 400)  # headers
        kind = random.integers(6)
        if kind == 0:
            data[start] = random.integers(256)
        elif kind == 1:
            data[start] ^= 1 << random.integers(8)
        elif kind == 2:
            data[start : start + 4] = random.choice([b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff"])
        elif kind == 3:
            del data[start : start + length]
        elif kind == 4:
            data[start:start] = data[start : start + length]
        else:
            other = others[random.integers(len(others))]
            data[start : start + length] = other[start : start + length]
        if not data:
            return b"\0"
    return bytes(data)


def read_picture(path):
    images.inspect(path)
    pixels = images.read(path).pixels
    assert pixels.ndim == 3
    assert pixels.dtype == np.float32
    assert np.isfinite(pixels).all()


def read_weights(path):
    if zlib.crc32(path.read_bytes()) % 2:  # each starts a process
        weights.inspect(path)
        return
    for pair in weights.load(path).arrays.values():
        assert all(np.isfinite(array).all() for array in pair)


def main(kind, seed, count, folder):
    folder, random, found = Path(folder), np.random.default_rng(int(seed)), Counter()
    whole = pictures() if kind == "pictures" else weight_files(folder)
    read = read_picture if kind == "pictures" else read_weights
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def too_slow(*_):
        raise TooSlowError

    signal.signal(signal.SIGALRM, too_slow)
    problems = []
    for number in range(int(count)):
        name = sorted(whole)[number % len(whole)]
        content = whole[name] if number < len(whole) else None
        path = folder / f"{number}_{name}"
        path.write_bytes(content or mutate(whole[name], random, list(whole.values())))
        signal.alarm(SECONDS if kind == "pictures" else 100)  # weights have a limit of their own
        try:
            read(path)
            found["read"] += 1
        except InputError as error:
            found["refused"] += 1
            if content is not None or "\n" in str(error):  # whole ones are to be read
                problems.append([path.name, repr(error), ""])
        except BaseException as error:
            problems.append([path.name, repr(error), traceback.format_exc()[-1500:]])
            continue  # the file is kept
        finally:
            signal.alarm(0)
        path.unlink()
    print(json.dumps([found, problems]))


main(*sys.argv[1:])
