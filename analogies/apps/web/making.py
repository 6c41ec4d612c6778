"""A run of the page made, and what is told of it while it goes on."""

import io
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from analogies import images
from analogies.apps.web import by_net
from analogies.apps.web.work import Stopped, Tell, Work, check_size, renamed
from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs import finishing
from analogies.runs import job as jobs
from analogies.runs.monitors.progress import TimeLeft, share_done
from analogies.runs.run import run
from analogies.synthesis.pyramid import result_size

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress

OFTEN = 0.4  # s, between two pictures of a level


class Watcher:
    """Tells of a run, and ends it where that is wanted.

    Args:
        tell: called with what is to be known, see `carry_out`.
        stopped: whether the run is to end.
        finish: makes the picture of a level what is shown.
    """

    title = "the page"

    def __init__(
        self, tell: Tell, stopped: Callable[[], bool], finish: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self._tell, self._stopped, self._finish = tell, stopped, finish
        self._left = TimeLeft()
        self._level, self._shown = -1, 0.0

    def __call__(self, record: "Progress") -> None:
        """Tell of one record; now and then, and once per level at least, with the picture."""
        left, now = self._left(record), time.monotonic()
        height, width = record.size
        told: dict[str, Any] = {
            "level": record.level + 1,
            "levels": record.levels,
            "width": width,
            "height": height,
            "done": share_done(record),
            "loss": None if math.isnan(record.loss) else float(record.loss),
            "left": left,
        }
        if record.kind == "pass" or (record.losses and now - self._shown >= OFTEN):
            told["picture"] = _png(self._finish(record.image()))
            self._shown = now
        self._tell(told)
        if self._stopped():
            raise Stopped


def carry_out(work: Work, tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any]:
    """Make what is asked for; raises nothing that is to be expected.

    Args:
        work: what to make.
        tell: called with level, levels, width, height (px), done (in [0, 1]), loss and left (s),
            and with the bytes of a PNG as picture where there is a new one.
        stopped: whether the run is to end with the picture so far.

    Returns:
        {"picture": bytes of a PNG, or absent where there is none; "error": one line, or "";
        "stopped": whether it ended before its time; "notes": lines; "width", "height": px; "slot":
        net, where the error is one of the network}.
    """
    way = _by_program if work.net is None else by_net.make
    try:
        ended = dict(way(work, tell, stopped))
    except InputError as error:
        ended = {"error": str(error), "stopped": False}
    except Stopped:
        ended = {"error": "", "stopped": True}
    except MemoryError:
        said = "not enough memory; a smaller height needs less"
        ended = {"error": said, "stopped": False}
    except Exception as error:
        ended = {"error": f"{type(error).__name__}: {error}", "stopped": False}
    notes = [renamed(note, work) for note in ended.get("notes", ())]
    return {**ended, "error": renamed(ended["error"], work), "notes": notes}


def _by_program(work: Work, tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any]:
    """Make it as the command does without a network that learned."""
    job = jobs.with_pictures(checked(work))
    pictured = job.pictures["b"].pixels

    def finish(pixels: np.ndarray) -> np.ndarray:
        return finishing.finish(pixels, pictured, job.options)

    outcome = run(job, [Watcher(tell, stopped, finish)])
    height, width = outcome.picture.shape[:2]
    failed = outcome.ended is not None and not isinstance(outcome.ended, Stopped)
    problem = f"ended before its time: {outcome.ended}" if failed else outcome.kept.problem
    if work.out is not None and outcome.kept.path == work.out:
        picture = work.out.read_bytes()
    else:
        picture = images.encode(".png", outcome.picture, outcome.alpha)
    return {
        "picture": picture,
        "error": problem,
        "stopped": isinstance(outcome.ended, Stopped),
        "notes": outcome.notes,
        "width": width,
        "height": height,
    }


def checked(work: Work) -> jobs.Job:
    """The job of a work, of which the headers of the pictures alone are read.

    Raises:
        InputError: something given cannot be used, or the result would be too large for the page.
    """
    a, a_prime, b = (work.sources[name] for name in ("a", "a_prime", "b"))
    job = jobs.check(a, a_prime, b, work.out, Options.parse(work.options))
    b = images.inspect(job.sources["b"])
    check_size(result_size((b.height, b.width), job.options), work.result_pixels)
    return job


def _png(pixels: np.ndarray) -> bytes:
    """A quick PNG of a picture on its way."""
    stream = io.BytesIO()
    Image.fromarray(images.to_uint8(pixels)).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
