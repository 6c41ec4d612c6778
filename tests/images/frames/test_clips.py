"""Clips read and written through ffmpeg; without imageio-ffmpeg or ffmpeg nothing is tried."""

import subprocess
from fractions import Fraction

import numpy as np
import pytest

from analogies.errors import InputError
from analogies.images.frames import ffmpeg
from analogies.images.frames.clip import Sound, open_clip, write_clip

try:
    PROGRAM = ffmpeg.executable()
except InputError:
    PROGRAM = None
needs_ffmpeg = pytest.mark.skipif(PROGRAM is None, reason="the extra [video] is not installed")
RATE = Fraction(30000, 1001)


def ramp(number, size=(34, 48)):
    """A frame that tells its number."""
    return np.full((*size, 3), 20 + 20 * number, np.uint8)


def generated(path, *arguments):
    sound = ("-f", "lavfi", "-i", "sine=d=0.4")
    picture = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=30000/1001:d=0.4")
    command = [PROGRAM, "-y", "-loglevel", "error", *picture, *sound, *arguments, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def test_without_ffmpeg_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'analogies\[video\]'"):
        open_clip(tmp_path / "x.mp4")


@needs_ffmpeg
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_clip_comes_back_with_its_rate_and_length(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    write_clip(path, map(ramp, range(6)), RATE)
    clip = open_clip(path)
    assert (clip.size, clip.count, clip.rate, clip.sound) == ((34, 48), 6, RATE, False)
    means = [float(x.pixels.mean()) for x in clip.read(range(1, 6, 2))]
    assert means == pytest.approx([40, 80, 120], abs=4)


@needs_ffmpeg
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv"])
def test_players_are_told_all_of_the_colors(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    write_clip(path, map(ramp, range(2)), RATE)
    words = [PROGRAM, "-hide_banner", "-i", str(path)]
    said = subprocess.run(words, capture_output=True, text=True, timeout=60).stderr
    # Where matrix, primaries and transfer are not one and the same they are told apart by slashes.
    assert "yuv420p(tv, bt709" in said
    assert "unknown" not in said


@needs_ffmpeg
def test_sound_goes_along(tmp_path):
    source = generated(tmp_path / "s.mp4", "-pix_fmt", "yuv420p")
    clip = open_clip(source)
    assert clip.sound
    write_clip(tmp_path / "x.mp4", map(ramp, range(12)), RATE, Sound(source, 0.0, 0.4))
    write_clip(tmp_path / "y.mov", map(ramp, range(6)), RATE, Sound(source, 0.1, 0.2))
    assert open_clip(tmp_path / "x.mp4").sound
    assert open_clip(tmp_path / "y.mov").sound
    assert sorted(x.name for x in tmp_path.iterdir()) == ["s.mp4", "x.mp4", "y.mov"]


@needs_ffmpeg
def test_a_clip_that_only_says_that_it_is_steady_keeps_its_length(tmp_path):
    path = tmp_path / "x.mkv"
    slower = r"setpts=if(gt(N\,5)\,PTS*3\,PTS)"
    words = ["-y", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=0.4"]
    words += ["-vf", slower, "-fps_mode", "vfr", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run([PROGRAM, *words], check=True, timeout=60)
    clip = open_clip(path)
    assert clip.rate == 25
    assert "different lengths" in clip.notes[0]
    assert 27 <= clip.count <= 30  # the tenth begins after 27 steps
    assert len(list(clip.read(range(clip.count)))) == clip.count


@needs_ffmpeg
def test_sound_alone_is_told(tmp_path):
    path = tmp_path / "x.mp4"
    words = [PROGRAM, "-loglevel", "error", "-f", "lavfi", "-i", "sine=d=0.4", str(path)]
    subprocess.run(words, check=True, timeout=60)
    with pytest.raises(InputError, match="it holds none, perhaps sound alone"):
        open_clip(path)


@needs_ffmpeg
def test_odd_sides_are_made_even(tmp_path):
    write_clip(tmp_path / "x.mp4", (ramp(i, (33, 47)) for i in range(2)), RATE)
    assert open_clip(tmp_path / "x.mp4").size == (34, 48)


@needs_ffmpeg
def test_turned_ten_bit_and_damaged_clips(tmp_path):
    source = generated(tmp_path / "s.mp4", "-pix_fmt", "yuv420p")
    turned = tmp_path / "turned.mp4"
    copy = [PROGRAM, "-loglevel", "error", "-display_rotation", "90", "-i", source, "-c", "copy"]
    subprocess.run([*map(str, copy), str(turned)], check=True, timeout=60)
    assert open_clip(turned).size == (64, 48)
    assert next(open_clip(turned).read(range(1))).size == (64, 48)
    deep = generated(tmp_path / "d.mkv", "-an", "-pix_fmt", "yuv420p10le")
    assert next(open_clip(deep).read(range(1))).pixels.max() <= 255
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(source.read_bytes()[:2000])
    with pytest.raises(InputError, match="no picture is found in this clip"):
        open_clip(cut)


@needs_ffmpeg
def test_transparency_is_kept_by_webm(tmp_path):
    frame = np.dstack([ramp(3), np.full((34, 48), 255, np.uint8)])
    frame[:, :24, 3] = 0
    write_clip(tmp_path / "x.webm", [frame, frame], RATE)
    alpha = next(open_clip(tmp_path / "x.webm").read(range(1))).alpha
    assert alpha is not None
    assert alpha[:, :20].max() < 10
    assert alpha[:, 28:].min() > 245
