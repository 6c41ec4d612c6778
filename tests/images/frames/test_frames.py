"""Frames of folders and animations, read and written."""

import numpy as np
import pytest
from PIL import Image

from analogies.errors import InputError
from analogies.images.frames.animation import write_animation
from analogies.images.frames.numbers import selected
from analogies.images.frames.source import is_moving, open_frames


def picture(value, size=(20, 24)):
    return np.full((*size, 3), value, np.uint8)


def folder(path, values, name="f{}.png"):
    path.mkdir()
    for number, value in enumerate(values):
        Image.fromarray(picture(value)).save(path / name.format(number))
    return path


def values(frames, numbers):
    return [round(float(x.pixels.mean())) for x in frames.read(numbers)]


def test_spans_and_steps():
    assert list(selected(10)) == list(range(10))
    assert list(selected(10, "3:7", 2)) == [3, 5, 7]
    assert list(selected(10, ":2")) == [0, 1, 2]
    assert list(selected(10, "8:100")) == [8, 9]


@pytest.mark.parametrize("span", ["3", "a:b", "7:3", "10:", "-1:3", "1:2:3"])
def test_a_span_that_is_none_is_told(span):
    with pytest.raises(InputError, match="Received"):
        selected(10, span)


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    frames = open_frames(folder(tmp_path / "x", range(0, 120, 10)))
    assert (frames.count, frames.size, frames.rate) == (12, (20, 24), None)
    assert values(frames, range(1, 12, 5)) == [10, 60, 110]
    assert frames.name(10) == "f10"


def test_a_folder_of_several_sizes_or_of_nothing_is_told(tmp_path):
    path = folder(tmp_path / "x", [1, 2])
    Image.fromarray(picture(3, (20, 25))).save(path / "f2.png")
    with pytest.raises(InputError, match="one size"):
        list(open_frames(path).read(range(3)))
    Image.fromarray(picture(3)).save(path / "f2.bmp")
    with pytest.raises(InputError, match="2 files are called 'f2'"):
        open_frames(path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures"):
        open_frames(tmp_path / "empty")


@pytest.mark.parametrize("suffix", [".gif", ".apng", ".webp"])
def test_an_animation_comes_back_with_its_lengths(tmp_path, suffix):
    path, lengths = tmp_path / f"x{suffix}", [80, 200, 120]
    write_animation(path, map(picture, (10, 100, 240)), lengths)
    frames = open_frames(path)
    assert frames.durations == tuple(lengths)
    assert values(frames, range(3)) == pytest.approx([10, 100, 240], abs=2)
    assert values(frames, range(2, 3)) == pytest.approx([240], abs=2)


def test_one_picture_is_one_frame(tmp_path):
    Image.fromarray(picture(7)).save(tmp_path / "x.png")
    assert open_frames(tmp_path / "x.png").count == 1
    assert not is_moving(tmp_path / "x.png")


def test_nothing_half_written_is_left(tmp_path):
    def broken():
        yield picture(1)
        raise OSError("the disk")

    with pytest.raises(InputError, match="the disk"):
        write_animation(tmp_path / "x.webp", broken(), [40, 40])
    assert list(tmp_path.iterdir()) == []
