"""A learning run: examples made, a network trained on them, the best one kept as a file."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analogies import images
from analogies.images.scaling import scaled
from analogies.options.kinds import OptionError
from analogies.runs.checkpoints.lock import locked
from analogies.runs.guarding import Guarded
from analogies.runs.learning import keeping, net_file
from analogies.runs.learning.course import Course, begun, examples_of, textures_for
from analogies.runs.learning.lesson import Lesson
from analogies.runs.learning.net_file import Net
from analogies.runs.learning.progress import Curves, Learned, Listener, Sample
from analogies.runs.machine.signals import signals_noted
from analogies.runs.machine.versions import versions
from analogies.runs.telling import loudness, tell

if TYPE_CHECKING:
    from analogies.runs.learning.teacher import Maker
    from analogies.synthesis.student.judging import Score

THUMBNAIL = 96  # px of the longer side
SCORES = 20  # of a run
EVERY = 10  # steps between two records
KEEP_SECONDS = 30.0  # between two checkpoints
POOR = {True: 0.5, False: 0.85}  # share of the held-out loss above which nothing was learned


@dataclass
class Outcome:
    """What a learning run has come to.

    Attributes:
        net: the file.
        about: what is known of the network, see `net_file.describe`.
        ended: what ended it before its time, or None.
        late: numbers of the signals that came when the file was being written.
    """

    net: Path
    about: Mapping[str, Any]
    ended: BaseException | None = None
    late: tuple[int, ...] = ()


def learn(
    lesson: Lesson, listeners: Sequence[Listener] = (), maker: "Maker | None" = None
) -> Outcome:
    """Learn an analogy and write the network.

    Args:
        lesson: checked.
        listeners: called with every record; those that are context managers are entered.
        maker: of the teacher's pictures; None: this process, one after the other.

    Raises:
        InputError: something given cannot be used, another run has the folder of checkpoints.
        KeyboardInterrupt: before there was a network; `Interrupted` where signals are raised.
    """
    options = lesson.options
    with loudness(options), contextlib.ExitStack() as stack:
        folder = Path(options.checkpoint) if options.checkpoint else None
        if folder is not None:
            stack.enter_context(locked(folder))
        tell(filter(None, [lesson.remark]))
        started, ended, course = time.monotonic(), None, None
        with contextlib.ExitStack() as listening:
            kept = _kept(lesson, folder)
            _start(options, stack)
            extras = dict(kept.found) if kept else {}
            heard: list[Any] = [
                listening.enter_context(Guarded(x)) for x in _heard(lesson, listeners, extras)
            ]  # type: ignore[arg-type]
            examples = examples_of(lesson, heard, maker)
            course = begun(lesson, examples, textures_for(lesson, examples, heard))
            _restore(course, kept)
            try:
                _train(lesson, course, heard, started, folder, extras)
            except (Exception, KeyboardInterrupt) as error:
                if not course.curve and not course.best:
                    raise
                ended = error
        with signals_noted() as late:
            _use_best(course, options.seed)
            about = _about(lesson, course, len(examples))
            net_file.write(lesson.net, Net(course.trainer.model, about, _thumbnails(lesson)))
            tell(_verdict(course, about))
            if folder is not None and ended is None:
                (folder / keeping.NAME).unlink(missing_ok=True)
        return Outcome(lesson.net, about, ended, tuple(late))


def _start(options: Any, stack: contextlib.ExitStack) -> None:
    from analogies.runs.machine import device

    machine = device.start(options.device)
    device.settle(machine, options.precision)
    import tensorflow as tf

    stack.enter_context(tf.device(machine.device))


def _heard(lesson: Lesson, listeners: Sequence[Listener], extras: dict[str, Any]) -> Iterator[Any]:
    yield from listeners
    yield Sample(lesson.sample)
    if lesson.options.logdir is not None:
        curves = Curves(lesson.options.logdir, lesson.net.stem, extras.get("logs"))
        extras["logs"] = curves.folder.name
        yield curves


def _kept(lesson: Lesson, folder: Path | None) -> keeping.Kept | None:
    """The checkpoint to go on from.

    Raises:
        InputError: there is one that nobody asked to go on with, or it is of another run.
    """
    kept = keeping.read(folder) if folder is not None else None
    if kept is None:
        return None
    if not lesson.options.resume:
        raise OptionError(
            "checkpoint",
            "holds a learning that was not finished: --resume goes on with it, or give another "
            f"folder. Received: {str(folder)!r}",
        )
    now = _made_from(lesson)
    different = [name for name, value in now.items() if kept.made_from.get(name) != value]
    if different:
        raise OptionError(
            "resume",
            f"needs the same pictures and options; different: {', '.join(different[:4])}. "
            f"Received: {str(folder)!r}",
        )
    return kept


def _made_from(lesson: Lesson) -> dict[str, Any]:
    """What the network depends on, beside the number of steps."""
    inputs = lesson.inputs()
    pictures = {name: value for name, value in inputs.items() if name != "examples"}
    return {
        "pictures": {
            name: [value["sha256"], value["width"], value["height"]]
            for name, value in pictures.items()
        },
        "examples": [x["sha256"] for x in inputs["examples"]],
        "options": lesson.options.fingerprint(),
        "net_size": lesson.learning.net_size,
        "versions": versions(),
    }


def _restore(course: Course, kept: keeping.Kept | None) -> None:
    if kept is None:
        return
    course.trainer.restore(kept.state)
    course.best, course.curve = dict(kept.best), list(kept.found["curve"])
    course.best_share, course.seconds = kept.found["best_share"], kept.found["seconds"]


def _train(
    lesson: Lesson,
    course: Course,
    heard: Sequence[Listener],
    started: float,
    folder: Path | None,
    extras: dict[str, Any],
) -> None:
    """All steps that are left."""
    from analogies.synthesis.student.training import FIRST

    trainer, begun, before = course.trainer, time.monotonic(), course.seconds
    made_from = _made_from(lesson) if folder is not None else {}
    at, saved = [], begun
    while trainer.step < trainer.steps:
        terms = trainer.advance()
        at.append(time.monotonic())
        course.seconds = before + at[-1] - begun
        if trainer.step == FIRST and not lesson.learning.learn_steps:
            spent = at[-1] - started
            each = float(np.median(np.diff(at[2:])))
            left = max(lesson.learning.minutes * 60 - spent, 0) * 0.93
            trainer.steps = int(np.clip(left / each, 3 * FIRST, trainer.steps))
        scored = trainer.step % max(EVERY, trainer.steps // SCORES) == 0 and trainer.step >= FIRST
        if scored or trainer.step == trainer.steps:
            _score(lesson, course, terms, heard, at)
        elif trainer.step % EVERY == 0:
            _tell(course, "step", terms, heard, at)
        if folder is not None and (trainer.step == FIRST or at[-1] - saved > KEEP_SECONDS):
            saved = at[-1]
            keeping.write(folder, _as_kept(course, made_from, extras))


def _as_kept(
    course: Course, made_from: Mapping[str, Any], extras: Mapping[str, Any]
) -> keeping.Kept:
    found = {
        **extras,
        "curve": course.curve,
        "best_share": course.best_share,
        "seconds": course.seconds,
    }
    return keeping.Kept(made_from, course.trainer.state(), course.best, found)


def _score(
    lesson: Lesson,
    course: Course,
    terms: Mapping[str, Any],
    heard: Sequence[Listener],
    at: list[float],
) -> None:
    """Look at what was held out, remember the best network, and show a sample."""
    from analogies.synthesis.student.judging import sample
    from analogies.synthesis.student.network import chance_of

    score: Score | None = course.judge(course.call)
    share = score.share if score else None
    row: dict[str, float] = {"step": course.trainer.step}
    row |= {name: float(value) for name, value in terms.items()}
    if share is not None:
        row["held_out"] = share
    course.curve.append(row)
    if share is None or share <= course.best_share:
        course.best_share = share if share is not None else course.best_share
        course.best = {str(n): v.numpy() for n, v in enumerate(course.trainer.model.variables)}
    picture = sample(course.call, course.judge.shown, chance_of(course.trainer.model))
    _tell(course, "score", terms, heard, at, share, picture)


def _tell(
    course: Course,
    kind: str,
    terms: Mapping[str, Any],
    heard: Sequence[Listener],
    at: list[float],
    share: float | None = None,
    picture: np.ndarray | None = None,
) -> None:
    trainer = course.trainer
    left = None
    if len(at) > EVERY:
        left = (at[-1] - at[-EVERY - 1]) / EVERY * (trainer.steps - trainer.step)
    last = course.curve[-1].get("held_out") if course.curve else None
    record = Learned(
        kind,
        trainer.step,
        trainer.steps,
        left,
        {name: float(value) for name, value in terms.items()},
        share if share is not None else last,
        trainer.rate(trainer.step),
        picture,
    )
    for listener in heard:
        listener(record)


def _use_best(course: Course, seed: int) -> None:
    """Give the network the numbers with which it did best."""
    from analogies.synthesis.student.leveling import level
    from analogies.synthesis.student.network import chance_of

    model = course.trainer.model
    for number, variable in enumerate(model.variables):
        if str(number) in course.best:
            variable.assign(course.best[str(number)])
    if course.trainer.recipe.noise and not chance_of(model).period:
        level(model, course.call, course.shown, seed)


def _about(lesson: Lesson, course: Course, examples: int) -> dict[str, Any]:
    """What is known of the network, for its file; nothing that depends on the clock."""
    options = lesson.options.as_dict()
    options |= {"logdir": None, "checkpoint": None, "resume": False}
    shares = [row["held_out"] for row in course.curve if "held_out" in row]
    best = min(shares, default=None)
    many = course.trainer.recipe.noise
    return {
        "versions": versions(),
        "options": options,
        "recipe": course.recipe,
        "examples": examples,
        "steps": course.trainer.step,
        "inputs": lesson.inputs(),
        "curve": course.curve,
        "held_out": best,
        "learned": None if best is None else best <= POOR[many],
    }


def _verdict(course: Course, about: Mapping[str, Any]) -> list[str]:
    """What a person should know of a network that has learned little."""
    if about["learned"] is not False:
        return []
    share = about["held_out"]
    what = "a single color" if not course.trainer.recipe.gram else "B itself"
    remedy = {
        "one": "B' does not follow from B there; more --examples, or --transfer picture, may help",
        "many": "more --examples, or more --minutes, may help",
        "labels": "more --examples, or more --minutes, may help",
        "tones": "more --examples, or more --minutes, may help",
        "style": "more --examples, or more --minutes, may help",
        "loss": "more --minutes may help",
        "loss of tones": "more --minutes may help",
    }[course.recipe]
    return [
        f"the analogy is not learned: on what was held out the error is {share:.0%} of that of "
        f"{what}; {remedy}"
    ]


def _thumbnails(lesson: Lesson) -> dict[str, bytes]:
    """A and A', small."""
    found = {}
    for name in ("a", "a_prime"):
        pixels = lesson.pictures[name].pixels
        share = min(1.0, THUMBNAIL / max(pixels.shape[:2]))
        size = tuple(max(1, round(side * share)) for side in pixels.shape[:2])
        found[f"{name}.png"] = images.encode(".png", scaled(pixels, size))  # type: ignore[arg-type]
    return found
