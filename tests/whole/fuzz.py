"""Reads mutated files in a process with little memory: pictures and weights; lists, command lines.

    python fuzz.py pictures|weights|lists|commands SEED COUNT FOLDER

Prints, as JSON, how many were read, how many were refused, and what else happened. A file may
take ten seconds.
"""

import contextlib
import io
import json
import os
import resource
import shutil
import signal
import struct
import sys
import traceback
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from analogies.apps import command_line
from analogies.apps.arguments import PROGRAM
from analogies.errors import InputError
from analogies.features import weights
from analogies.images import pictures as images
from analogies.options.table import kinds
from analogies.runs.machine import device

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
        "keyed.png": (image, {"transparency": (0, 1, 2), "exif": exif}),
        "said.png": (image, {"pnginfo": _texts(), "icc_profile": _profile()}),
        "profile.jpg": (image, {"icc_profile": _profile()}),
        "turned.tiff": (image, {"compression": "tiff_lzw", "exif": exif}),
        "float.tiff": (Image.fromarray((smooth[..., 0] / 255).astype(np.float32)), {}),
        "deep.tiff": (Image.fromarray(smooth[..., 0].astype(np.uint16) * 257), {"exif": exif}),
        "alpha.tiff": (image.convert("RGBA"), {"compression": "tiff_adobe_deflate"}),
        "ink.tiff": (image.convert("CMYK"), {}),
        "plain.bmp": (image, {}),
        "plain.ppm": (image, {}),
        "plain.qoi": (image, {}),
        "plain.ico": (image.convert("RGBA"), {"sizes": [(20, 24)]}),
        "plain.sgi": (image, {}),
        "plain.jp2": (image, {}),
        "turned.avif": (image, {"exif": exif}),
    }
    files = {"floats.tiff": _float_colors(smooth)}
    for name, (picture, settings) in made.items():
        stream = io.BytesIO()
        kinds = {"jpg": "JPEG", "jp2": "JPEG2000"}
        suffix = name.split(".")[1]
        picture.save(stream, format=kinds.get(suffix, suffix.upper()), **settings)
        files[name] = stream.getvalue()
    return files


def _texts():
    """Of more than Pillow takes."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("history", "x" * 2**21, zip=True)
    return texts


def _profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _float_colors(smooth):
    """A TIFF of three floats a pixel, which Pillow neither reads nor writes."""
    data = (smooth / 255).astype("<f4").tobytes()
    height, width, _ = smooth.shape
    tags = {256: width, 257: height, 258: 32, 259: 1, 262: 2, 273: 8, 277: 3, 278: height}
    tags |= {279: len(data), 339: 3}
    page = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    head = struct.pack("<2sHI", b"II", 42, 8 + len(data))
    return head + data + struct.pack("<H", len(tags)) + page + bytes(4)


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
    header = images.inspect(path)
    pixels = images.read(path).pixels
    assert pixels.shape == (header.height, header.width, 3)
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() <= pixels.max() <= 255
    if pixels.size < 2**20:  # there is little memory and time for twice a large one
        np.testing.assert_array_equal(images.read(path.read_bytes()).pixels, pixels)


def read_weights(path):
    if zlib.crc32(path.read_bytes()) % 2:  # each starts a process
        weights.inspect(path)
        return
    for pair in weights.load(path).arrays.values():
        assert all(np.isfinite(array).all() for array in pair)


WORDS = """
a.png ap.png b.png out.png out new/out a.pgn A.PNG . .. / ~ ~nobody/a.png - -- --- = --= -1 0 1 2 3
16 17 64 0.5 1e3 1e400 nan inf -inf 99999999999999999999 1_0 0x10 yes no off auto none exact brute
style texture textur best covariance histogram joint layer block3_conv1 conv3_1,conv4_1 conv9_9 ,
cpu gpu gpu:7 list.csv empty.csv no.csv
--output -o -h -s3 -help --gpu --Seed --min_scale %s %(prog)s
{} {a} $HOME *.png %00 http://x/a.png
""".split()  # noqa: SIM905
STRANGE = [
    *(
        "",
        " ",
        "a b",
        "\t",
        "x\ny",
        "é",
        "樹.png",
        "\u2014seed",
        "\udc80.png",
        "\U0001f600",
        "\u202e",
    ),
    *("x" * 300, "x/" * 3000, "\x1b[31m", "'", '"', "\\"),
]
STARTS = [["a.png", "ap.png", "b.png", "out.png"], ["--batch", "list.csv"], []]


def command_lines(seed, count):
    """Random command lines: half of them whole ones with a few words put in or taken out."""
    random = np.random.default_rng(seed)
    options = ["--" + name.replace("_", "-") for name in kinds()]
    options += [option for option in options if option not in ("--logdir", "--checkpoint")]

    def choose(words):
        return words[random.integers(len(words))]

    def word():
        kind = random.integers(10)
        if kind < 4:
            return choose(options)
        if kind == 4:
            return choose(options) + "=" + choose(WORDS + STRANGE)
        if kind == 5:
            return choose(options)[: random.integers(1, 12)]
        return choose(WORDS) if kind < 9 else choose(STRANGE)

    for _ in range(count):
        line = list(STARTS[random.choice(3, p=[0.6, 0.1, 0.3])])
        for _ in range(random.integers(0, 6)):
            place = random.integers(len(line) + 1)
            if line and random.integers(8) == 0:
                del line[min(place, len(line) - 1)]
            else:
                line[place:place] = [word()]
        yield line


def run_command(line):
    """What the command answers and says, up to where it would start TensorFlow."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            code = command_line.main(line)
        except SystemExit as ending:
            code = ending.code
    return code, said.getvalue()


def lists():
    """Lists of analogies as people save them."""
    lines = [
        "a,a_prime,b,out,scales,--seed,preserve_color,match_color,preset,init",
        "a.png,ap.png,b.png,1.png,1,,yes,histogram,,noise",
        'a.png,ap.png,b.png,"in a, folder/2.png",,3,no,,texture,b.png',
        "# a remark",
        ",,,,,",
        "a.png,ap.png,no.png,3.png,99,-1,maybe,,,",
        "a.png,,b.png,4.png,,,,,style,",
    ]
    comma = "\r\n".join(lines)
    semicolon, tab = comma.replace(",", ";"), comma.replace(",", "\t")
    return {
        "comma": comma.encode(),
        "semicolon": ("\ufeff" + semicolon).encode(),
        "tab": tab.encode("utf-16"),
        "named": ("sep=;\r\n" + semicolon).encode(),
        "old": comma.replace("1.png", "\xe4.png").encode("cp1252"),
    }


def stay_before_tensorflow(folder):
    """Work in a folder with pictures and lists, and have every run end where it would compute."""
    os.chdir(folder)
    for name in ("a", "ap", "b"):
        Image.new("RGB", (20, 16), "red").save(f"{name}.png")
    Path("list.csv").write_text("a,a_prime,b,out\na.png,ap.png,b.png,listed.png\n")
    Path("empty.csv").write_text("")

    def start(name):
        raise InputError("reached")

    device.start = start


def clear(folder, kept):
    """Remove what a run left in a folder."""
    for path in Path(folder).iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def batches(seed, count, folder):
    """Run mutated lists in a folder: [what was found, problems]."""
    stay_before_tensorflow(folder)
    random, found, problems = np.random.default_rng(int(seed)), Counter(), []
    whole, kept = lists(), os.listdir(folder)
    for number in range(int(count)):
        name = sorted(whole)[number % len(whole)]
        content = whole[name]
        if number >= len(whole):
            content = mutate(content, random, list(whole.values()))
        Path("list.csv").write_bytes(content)
        clear(folder, kept)
        try:
            code, said = run_command(["--batch", "list.csv"])
        except BaseException as error:
            problems.append([repr(content), repr(error), traceback.format_exc()[-1500:]])
            continue
        found["read" if "reached" in said else "refused"] += 1
        told = all(line.startswith(PROGRAM) for line in said.splitlines() if "error" in line)
        if code not in (0, 2) or "Traceback" in said or not told:
            problems.append([repr(content), code, said[-1500:]])
    return found, problems


def commands(seed, count, folder):
    """Run random command lines in a folder: [what was found, problems]."""
    stay_before_tensorflow(folder)
    found, problems, kept = Counter(), [], os.listdir(folder)
    for line in command_lines(int(seed), int(count)):
        clear(folder, kept)
        try:
            code, said = run_command(line)
        except BaseException as error:
            problems.append([line, repr(error), traceback.format_exc()[-1500:]])
            continue
        reached = code == 2 and "reached" in said
        found["read" if reached or code == 0 else "refused"] += 1
        last = said.rstrip("\n").rpartition("\n")[2]
        told = code == 0 or reached or "--batch" in line or last.startswith(f"{PROGRAM}: error: ")
        if code not in (0, 2) or "Traceback" in said or not (told or said.startswith("usage:")):
            problems.append([line, code, said[-1500:]])
    return found, problems


def main(kind, seed, count, folder):
    if kind in ("commands", "lists"):
        run = commands if kind == "commands" else batches
        print(json.dumps(run(seed, count, folder)))
        return
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
