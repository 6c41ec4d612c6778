"""Levels of pixels as exports make them, against the program's: as good, by the same kind."""

import numpy as np
import pytest

from analogies.runs.machine.device import start

start("cpu")

import tensorflow as tf  # noqa: E402

from analogies.options.table import Options  # noqa: E402
from analogies.synthesis.decision import decide  # noqa: E402
from analogies.synthesis.loop import synthesize  # noqa: E402
from analogies.synthesis.references import References  # noqa: E402
from analogies.synthesis.served import levels, maps  # noqa: E402
from analogies.synthesis.served.asked import KINDS  # noqa: E402
from benchmarks.planted import texture_by_numbers  # noqa: E402


def pictures(kind):
    case = texture_by_numbers(0, 56, 60)
    a, a_prime, b = (case[name].astype(np.float32) for name in ("A", "Ap", "B"))
    strange = 255 - np.kron(b[::4, ::4], np.ones((4, 4, 1), np.float32))
    return {"alike": (a, a_prime, b), "style": (a_prime, a_prime, a),
            "unlike": (a_prime, a, strange), "texture": (a_prime,) * 3}[kind]  # fmt: skip


def served(options, kind, a, a_prime, b):
    """What an export makes of pixels alone; without a graph around its loop."""
    number, tensors = tf.constant(KINDS.index(kind)), [tf.constant(x) for x in (a, a_prime, b)]
    work = levels.Work(
        style=tensors[1],
        guides=maps.guides(number, maps.Sources(*tensors), options.analogy_w),
        network=tf.zeros((0, 0, 3)),
        size=tf.constant(b.shape[:2]),
        kind=number,
        share=tf.constant(1.0, tf.float64),
        seed=tf.constant(0),
    )
    return levels.made(options, work, levels.plan(options, work), tf.constant(True))


@pytest.mark.parametrize("name", ["alike", "style", "unlike", "texture"])
def test_pictures_are_as_good_as_those_of_the_program(name):
    given = {"preset": "pixels", "speed": "fast"}
    if name == "texture":
        given = {"preset": "texture", "coarse_side": 0, "speed": "fast"}
    options, (a, a_prime, b) = Options.parse(given), pictures(name)
    *_, last = synthesize(a, a_prime, b, options)
    kind = decide(options, References([(a, a_prime)], b)).kind
    assert kind.name == name
    made = served(options, kind, a, a_prime, b)
    assert made.image.shape == b.shape
    rel = 0.1 if name == "texture" else 0.05  # whose layout nothing holds
    assert float(made.energy) == pytest.approx(float(last.loss), rel=rel)


def test_the_same_seed_makes_the_same_picture():
    options, given = Options(speed="fast"), pictures("alike")
    kind = KINDS[1]
    first, again = (served(options, kind, *given).image.numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)
