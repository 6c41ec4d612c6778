"""Clips read and written through ffmpeg, a frame at a time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np

from analogies import images
from analogies.errors import InputError
from analogies.files import replacing, try_lock
from analogies.images.frames.ffmpeg import running
from analogies.images.pictures import Picture
from analogies.images.sizes import check_size

_H264 = ("-c:v", "libx264", "-preset", "medium", "-crf", "16", "-pix_fmt", "yuv420p")
_VP9 = ("-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1", "-deadline", "good")
# {suffix: (container, picture, sound where the source's does not fit)}
_WRITTEN = {
    ".mp4": ("mp4", (*_H264, "-movflags", "+faststart"), "aac"),
    ".m4v": ("mp4", (*_H264, "-movflags", "+faststart"), "aac"),
    ".mov": ("mov", (*_H264, "-movflags", "+faststart"), "aac"),
    ".mkv": ("matroska", _H264, "aac"),
    ".webm": ("webm", (*_VP9, "-cpu-used", "4"), "libopus"),
}
CLIP_SUFFIXES = (*_WRITTEN, ".avi", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".mts", ".3gp", ".ogv")
# The matrix is told to players, who otherwise guess it from the size; browsers believe it only
# where the rest is told, too. Late ffmpegs take that from the frames, early ones from the options.
_COLORS = (
    "scale=out_color_matrix=bt709:out_range=tv,"
    "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)
_TOLD = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
_ALPHA = re.compile(r"Video: .*\b(yuva\w+|rgba\w*|bgra\w*|argb|abgr|gbrap\w*|ya8|ya16\w*)\b")
_STEADY = 0.01  # by which two rates of a steady clip differ at most
LATE = 4  # frames by which the last one may seem to come too early or too late


@dataclass(frozen=True)
class Sound:
    """The sound of a clip that goes along with frames of it.

    Attributes:
        path: of the clip.
        start, seconds: what of it.
    """

    path: Path
    start: float
    seconds: float


@dataclass(frozen=True)
class Clip:
    """See `Frames`.

    Attributes:
        alpha: whether it may be transparent.
        decoder: that ffmpeg is told to take, or "".
        steady: whether all its frames last equally long.
        stretched: whether its pixels are no squares.
        sound: whether there is any.
    """

    path: Path
    size: tuple[int, int]
    count: int
    rate: Fraction
    alpha: bool
    decoder: str
    steady: bool
    stretched: bool
    sound: bool
    durations: tuple[int, ...] | None = None
    loop: int | None = None
    notes: tuple[str, ...] = ()

    def read(self, numbers: range) -> Iterator[Picture]:
        """See `Frames.read`."""
        if not numbers:
            return
        chosen = f"select=gte(n\\,{numbers.start})*not(mod(n-{numbers.start}\\,{numbers.step}))"
        steps = [] if self.steady else [f"fps={self.rate}"]
        shaped = f"scale={self.size[1]}:{self.size[0]}" if self.stretched else "null"
        pixels = "rgba" if self.alpha else "rgb24"
        decoder = ("-c:v", self.decoder) if self.decoder else ()
        # fmt: off
        arguments = (
            *decoder, "-i", str(self.path), "-map", "0:v:0",
            "-vf", ",".join([*steps, chosen, shaped]),
            "-fps_mode", "passthrough", "-frames:v", str(len(numbers)), "-f", "image2pipe",
            "-c:v", "pam", "-pix_fmt", pixels, "-",
        )
        # fmt: on
        with running(arguments) as ffmpeg:
            assert ffmpeg.stdout is not None
            while True:
                frame = _pam(ffmpeg.stdout)
                if frame is None:
                    return
                yield images.read(frame)

    def name(self, number: int) -> str:
        """See `Frames.name`."""
        return f"{number:06}"


def open_clip(path: Path) -> Clip:
    """A clip, of which the first frame is decoded to see that there is one.

    Raises:
        InputError: there is no ffmpeg, or it finds no picture in the file.
    """
    first = ("-i", str(path), "-map", "0:v:0", "-frames:v", "1", "-pix_fmt", "yuv444p")
    with running((*first, "-strict", "-1", "-f", "yuv4mpegpipe", "-"), "info") as ffmpeg:
        assert ffmpeg.stdout is not None
        head = ffmpeg.stdout.readline(200).decode(errors="replace")
        ffmpeg.process.kill()
        ffmpeg.process.wait()
        said = ffmpeg.said()
    found = re.match(r"YUV4MPEG2 W(\d+) H(\d+) F(\d+):(\d+)(?:.* A(\d+):(\d+))?", head)
    if found is None:
        raise InputError(f"no picture is found in this clip: {_why(said)}. Received: {str(path)!r}")
    width, height, over, under, wide, high = (int(x or 0) for x in found.groups())
    if wide and high:  # pixels that are no squares
        width = max(1, round(width * wide / high))
    check_size(width, height, repr(str(path)))
    rate = Fraction(over, max(under, 1))
    of_input = said.split("Output #0")[0]
    decoder = _decoder(of_input)
    steady = _steady(of_input)
    count, seconds = _count(path, None if steady else rate)
    if steady and seconds and abs(seconds - count / rate) > LATE / rate + _STEADY * seconds:
        steady = False  # whatever it says of itself
        count, _ = _count(path, rate)
    notes: tuple[str, ...] = ()
    if not steady:
        notes = (f"has frames of different lengths; {float(rate):.5g} a second are made of them",)
    alpha = bool(_ALPHA.search(of_input)) or bool(decoder)
    sound = bool(re.search(r"Stream #.*Audio:", of_input))
    size = (height, width)
    return Clip(path, size, count, rate, alpha, decoder, steady, wide != high, sound, notes=notes)


def _decoder(said: str) -> str:
    """ffmpeg's own decoders of VP8 and VP9 leave transparency out."""
    if re.search(r"alpha_mode\s*: 1", said, re.IGNORECASE):
        return "libvpx-vp9" if "Video: vp9" in said else "libvpx"
    return ""


def _steady(said: str) -> bool:
    """Whether the mean rate is that which the frames' times have."""
    found = re.search(r"([\d.]+k?) fps, ([\d.]+k?) tbr", said)
    if found is None:
        return True
    mean, finest = (float(x.rstrip("k")) * (1000 if x.endswith("k") else 1) for x in found.groups())
    return abs(mean - finest) <= _STEADY * finest


def _count(path: Path, rate: Fraction | None) -> tuple[int, float]:
    """How many frames there are, without decoding them where they are steady, and the seconds that
    they take, but for some frames; 0 where ffmpeg does not say."""
    way = ("-c", "copy") if rate is None else ("-vf", f"fps={rate}", "-fps_mode", "passthrough")
    arguments = ("-i", str(path), "-map", "0:v:0", *way, "-f", "null", "-progress", "-", "-")
    with running(("-nostats", *arguments)) as ffmpeg:
        assert ffmpeg.stdout is not None
        said = ffmpeg.stdout.read().decode(errors="replace")
    numbers = re.findall(r"^frame=\s*(\d+)", said, re.MULTILINE)
    times = re.findall(r"^out_time_us=\s*(\d+)", said, re.MULTILINE)
    count = max(int(numbers[-1]) if numbers else 1, 1)
    return count, int(times[-1]) / 1e6 if times else 0.0


def _why(said: str) -> str:
    if "matches no streams" in said:
        return "it holds none, perhaps sound alone"
    for line in reversed(said.splitlines()):
        if re.search(r"Invalid|Error|moov|matches no streams|not contain", line):
            return re.sub(r"^(\[[^\]]*\]\s*)+", "", line.strip())[:160]
    return "it is none, or is damaged"


def _pam(stream: IO[bytes]) -> np.ndarray | None:
    """The next picture of a stream of PAM, uint8 `(h, w, 3 or 4)`; None where it ends."""
    if not stream.readline().startswith(b"P7"):
        return None
    sizes: dict[bytes, int] = {}
    while True:
        word, _, value = stream.readline().strip().partition(b" ")
        if word == b"ENDHDR":
            break
        if not word:
            return None
        if value.isdigit():
            sizes[word] = int(value)
    shape = sizes[b"HEIGHT"], sizes[b"WIDTH"], sizes[b"DEPTH"]
    data = stream.read(shape[0] * shape[1] * shape[2])
    if len(data) < shape[0] * shape[1] * shape[2]:
        return None
    return np.frombuffer(data, np.uint8).reshape(shape)


def is_written(suffix: str) -> bool:
    """Whether clips are written with this suffix."""
    return suffix.lower() in _WRITTEN


def write_clip(
    path: Path, frames: Iterable[np.ndarray], rate: Fraction, sound: Sound | None = None
) -> None:
    """Write a clip; the file appears whole or not at all.

    Args:
        path: its suffix is the container.
        frames: uint8 `(h, w, 3)`, or `(h, w, 4)`, which .webm keeps; the last row and column are
            doubled where a side is odd.
        rate: frames a second.
        sound: copied where the container takes it, else encoded anew.

    Raises:
        InputError: ffmpeg cannot; what it says.
    """
    with replacing(path) as temporary:
        if sound is None:
            return _encode(path, temporary, frames, rate, ())
        picture = temporary.with_name(temporary.name + "v")  # the frames are there once
        try:
            with open(picture, "xb") as held:
                try_lock(held.fileno())
                _encode(path, picture, frames, rate, ())
                _mux(path, temporary, picture, sound)
        finally:
            picture.unlink(missing_ok=True)


def _encode(
    path: Path, to: Path, frames: Iterable[np.ndarray], rate: Fraction, more: tuple[str, ...]
) -> None:
    container, settings, _ = _WRITTEN[path.suffix.lower()]
    iterator = iter(frames)
    first = next(iterator)
    height, width = (side + side % 2 for side in first.shape[:2])
    alpha = first.shape[2] == 4
    out = settings
    if container == "webm":
        out = (*settings, "-pix_fmt", "yuva420p" if alpha else "yuv420p", "-auto-alt-ref", "0")
    # fmt: off
    arguments = (
        "-y", "-f", "rawvideo", "-pix_fmt", "rgba" if alpha else "rgb24",
        "-s", f"{width}x{height}", "-r", str(rate), "-i", "-",
        "-vf", _COLORS, *out, *_TOLD, *more, "-f", container, str(to),
    )
    # fmt: on
    with running(arguments) as ffmpeg:
        assert ffmpeg.stdin is not None
        try:
            for frame in _chained(first, iterator):
                padded = np.pad(
                    frame,
                    ((0, height - frame.shape[0]), (0, width - frame.shape[1]), (0, 0)),
                    "edge",
                )
                ffmpeg.stdin.write(np.ascontiguousarray(padded).tobytes())
            ffmpeg.stdin.close()
        except BrokenPipeError:
            pass
        if ffmpeg.process.wait() != 0:
            raise InputError(f"cannot be written: {ffmpeg.complaint()}. Received: {str(path)!r}")


def _chained(first: np.ndarray, others: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others


def _mux(path: Path, to: Path, picture: Path, sound: Sound) -> None:
    """Put sound beside a picture."""
    container, _, codec = _WRITTEN[path.suffix.lower()]
    complaint = ""
    whole = sound.start == 0
    for way in ("copy", codec) if whole else (codec,):
        # fmt: off
        arguments = (
            "-y", "-i", str(picture), "-ss", f"{sound.start:.6f}", "-i", str(sound.path),
            "-map", "0:v:0", "-map", "1:a?", "-c:v", "copy", "-c:a", way,
            "-t", f"{sound.seconds:.6f}", "-map_metadata", "-1",
            *(("-movflags", "+faststart") if container in ("mp4", "mov") else ()),
            "-f", container, str(to),
        )
        # fmt: on
        with running(arguments) as ffmpeg:
            if ffmpeg.process.wait() == 0:
                return
            complaint = ffmpeg.complaint()
    raise InputError(f"the sound cannot be written: {complaint}. Received: {str(path)!r}")
