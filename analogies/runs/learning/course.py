"""What a network is trained on, by which recipe, and how far it is between two steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from analogies import images
from analogies.runs.learning.progress import Learned, Listener
from analogies.runs.telling import tell

if TYPE_CHECKING:
    from analogies.runs.learning.lesson import Lesson
    from analogies.runs.learning.teacher import Maker
    from analogies.synthesis.student.crops import Example, Split
    from analogies.synthesis.student.judging import Judge
    from analogies.synthesis.student.labels import Textures
    from analogies.synthesis.student.training import Trainer

BATCH, CROP = 4, 128  # crops of a step, and their side in px
MIXTURES = 6  # pictures that are drawn where a style has no examples
STEPS = 600  # and more where there is more to see, where every B has one B'
PIXELS_PER_STEP = 25
# {recipe of pictures: the one where textures are there from the beginning}
STARTED = {"many": "labels", "style": "tones", "loss": "loss of tones"}
STEPS_OF_TEXTURES = 400  # at most


@dataclass
class Course:
    """A learning run between two steps."""

    trainer: "Trainer"
    judge: "Judge"
    recipe: str
    call: Any
    shown: "Sequence[Example]" = ()  # what it is trained on
    best: dict[str, np.ndarray] = field(default_factory=dict)
    best_share: float = float("inf")
    curve: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0  # of learning, those before a stop among them


def examples_of(
    lesson: "Lesson", heard: Sequence[Listener], maker: "Maker | None" = None
) -> "list[Example]":
    """All that is learned from: A and A', what the teacher made, or B's alone for a loss.

    Args:
        lesson: with its pictures.
        heard: are told of what the teacher has made.
        maker: of the teacher's pictures; None: this process, one after the other.
    """
    from analogies.runs.learning import teacher
    from analogies.synthesis.student import drawn
    from analogies.synthesis.student.crops import Example

    def told(done: int, total: int) -> None:
        for listener in heard:
            listener(Learned("teaching", done, total))

    maker, minutes = maker or teacher.in_turn, lesson.learning.minutes
    seconds = None if lesson.learning.learn_steps else minutes * 60 * teacher.SHARE
    pairs = lesson.pairs
    same = all(np.array_equal(a, a_prime) for a, a_prime in pairs)
    if lesson.has_loss:
        b = [images.read(path).pixels for path in lesson.examples]
        b = b or [*(drawn.scene(256, 256, n) for n in range(MIXTURES)), pairs[0].a]
        return [Example(x, x) for x in map(images.to_uint8, b)]
    found = [] if same else [Example(*map(images.to_uint8, pair)) for pair in pairs]
    if lesson.examples:
        return [*found, *teacher.taught(lesson, seconds, told, maker)]
    if same:
        tell(["there are no --examples: the network learns from drawn pictures; photographs of "
              "what it is for would do better"])  # fmt: skip
    if same or _recipe(lesson) == "many":
        found += teacher.drawn_examples(lesson, MIXTURES, same, seconds, told, maker)
    return found


def begun(
    lesson: "Lesson", examples: "list[Example]", textures: "Textures | None" = None
) -> Course:
    """The network, untrained, and what it will be trained on.

    Args:
        lesson: with its pictures.
        examples: of `examples_of`.
        textures: of labels, where a network may start from them.
    """
    from analogies.features.vgg import FeatureModel
    from analogies.synthesis.student import network, rule, using
    from analogies.synthesis.student.crops import TURNS, Crops, split
    from analogies.synthesis.student.judging import Judge
    from analogies.synthesis.student.training import RECIPES, Trainer

    name = _recipe(lesson)
    if textures is not None:
        name = STARTED[name]
    recipe, seed, start, turns = RECIPES[name], lesson.options.seed, None, TURNS[:1]
    pairs = [(x.before.astype(np.float32), x.after.astype(np.float32)) for x in examples]
    if name == "one":
        start, turns = rule.weights_of(pairs, pairs[-1][0]), rule.turns_of(pairs)
    parts: Split = split(examples)
    model = network.build(lesson.learning.net_size, recipe.noise, start, seed, textures)
    features = None
    if recipe.layers:
        weights, options = lesson.options.vgg_weights, lesson.options
        features = FeatureModel(options.features, recipe.layers, weights, options.pool_mode)
    count, twice = min(BATCH, recipe.crops), recipe.steady > 0
    crops = Crops(parts.shown, count, CROP, turns, seed, twice)
    style = lesson.pictures["a_prime"].pixels if recipe.gram else None
    trainer = Trainer(model, recipe, crops, _most_steps(lesson, name, parts), seed, style, features)
    return Course(trainer, Judge(parts, trainer), name, using.compiled(model), parts.shown)


def textures_for(
    lesson: "Lesson", examples: "list[Example]", heard: Sequence[Listener]
) -> "Textures | None":
    """Textures of the labels of A, where a B has many B' and A is a map of labels, or of a style.

    Args:
        lesson: with its pictures.
        examples: of `examples_of`.
        heard: are told of what has been made.
    """
    from analogies.runs.learning import textures

    def told(done: int, total: int) -> None:
        for listener in heard:
            listener(Learned("textures", done, total))

    recipe = _recipe(lesson)
    if recipe == "many":
        return textures.of_labels(lesson, told)
    if recipe not in STARTED:
        return None
    return textures.of_tones(lesson, [x.before for x in examples], told)


def _recipe(lesson: "Lesson") -> str:
    """Which of the recipes suits the pictures."""
    from analogies.synthesis.likeness import EXPLAINED, explained_detail

    pairs = lesson.pairs
    if lesson.has_loss:
        return "loss"
    if all(np.array_equal(a, a_prime) for a, a_prime in pairs):
        return "style"
    if lesson.options.transfer != "auto":
        return "one" if lesson.options.transfer == "residual" else "many"
    return "one" if explained_detail(pairs) >= EXPLAINED else "many"


def _most_steps(lesson: "Lesson", recipe: str, parts: "Split") -> int:
    """How many steps are worth while: where A is small and says all, soon nothing is left."""
    if lesson.learning.learn_steps:
        return lesson.learning.learn_steps
    if recipe in STARTED.values():
        return STEPS_OF_TEXTURES
    if recipe != "one":
        return 10**6
    area = sum(x.before.shape[0] * x.before.shape[1] for x in parts.shown)
    return STEPS + area // PIXELS_PER_STEP
