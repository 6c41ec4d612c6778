import io
import math

import numpy as np
import pytest
from fake_synthesis import records
from PIL import Image

from analogies.errors import InputError
from analogies.runs.monitors import PassLog, ProgressBar, SavedIterations, TensorBoard


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_pass_log_keeps_rows_and_the_last_record():
    log = PassLog()
    for record in records(levels=2, iterations=2):
        log(record)
    assert [(row["level"], row["iteration"]) for row in log.rows] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    assert [row["evaluations"] for row in log.rows] == [10, 20, 30, 40]
    assert log.rows[0]["terms"] == {"analogy": 0.75, "mrf": 0.25}
    assert log.rows[0]["height"] == 20
    assert log.last.kind == "done"
    assert log.phases == {"matching": 1.5}


def test_the_bar_shows_where_the_run_is(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    stream = Terminal()
    with ProgressBar(stream) as bar:
        for number, record in enumerate(records()):
            record.loss = record.loss if number else math.nan
            bar(record)
            bar._bar.refresh()
    text = stream.getvalue()
    assert "level 1/2 pass 1/2" in text
    assert "level 2/2 pass 2/2 30x40" in text
    assert "100%" in text
    assert "loss 0.025" in text
    assert " s left" in text
    assert "loss nan" not in text


def test_the_bar_is_silent_elsewhere():
    stream = io.StringIO()
    with ProgressBar(stream) as bar:
        for record in records():
            bar(record)
    assert stream.getvalue() == ""


def test_pictures_of_passes(tmp_path):
    def finish(pixels):
        return np.repeat(pixels, 2, axis=0)

    saved = SavedIterations(
        lambda level, iteration: tmp_path / f"{level}_{iteration}.png",
        finish,
        lambda size: np.full(size, 9.0),
    )
    for record in records(levels=2, iterations=1):
        saved(record)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0_0.png", "1_0.png"]
    picture = Image.open(tmp_path / "0_0.png")
    assert picture.size == (16, 40)
    assert picture.getchannel("A").getextrema() == (9, 9)


def test_a_logdir_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="logdir"):
        TensorBoard(tmp_path / "file" / "logs")
