"""Exports whose pictures are put together from pixels, against the program."""

import io

import numpy as np
import pytest
from PIL import Image
from test_analogy_export import functions, png

from analogies.apps.serving import analogy_export as export
from analogies.options.table import Options
from analogies.synthesis.decision import decide
from analogies.synthesis.references import References
from benchmarks.appearance import coherence
from benchmarks.planted import FAMILIES

pytestmark = pytest.mark.slow  # the levels themselves: tests/synthesis/served

NAMES = ("A", "Ap", "B")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The folder of an export without a network."""
    options = {"preset": "pixels", "speed": "fast"}
    return export.export(tmp_path_factory.mktemp("pixels"), options=options)


@pytest.fixture(scope="module")
def signatures(served):
    return loaded(served)


def loaded(folder):
    import tensorflow as tf

    return tf.saved_model.load(str(folder)).signatures


def inputs(a, a_prime, b, seed=0):
    import tensorflow as tf

    files = {"a_bytes": png(a), "a_prime_bytes": png(a_prime), "b_bytes": png(b)}
    return {name: tf.constant(file) for name, file in files.items()} | {"seed": tf.constant(seed)}


def answer(signatures, *pictures, **more):
    """B' as an array, and the loss."""
    made = signatures["serving_default"](**inputs(*pictures, **more))
    image = Image.open(io.BytesIO(made["b_prime_bytes"].numpy()))
    return np.asarray(image), float(made["loss"])


def program(options, *pictures):
    """B' of the program, its loss, and what it decided."""
    from analogies.synthesis.loop import synthesize

    options = Options.parse(options)
    a, a_prime, b = (x.astype(np.float32) for x in pictures)
    *_, last = synthesize(a, a_prime, b, options)
    return last.image(), last.loss, decide(options, References([(a, a_prime)], b))


def planted(family, height=56, width=60):
    case = FAMILIES[family](0, height, width)
    return [case[name] for name in NAMES]


def test_pixels_come_without_a_network_in_one_search(served):
    library, operations = functions(served)
    assert not operations & {"Conv2D", "VarHandleOp", "PyFunc", "XlaLaunch"}
    searches = [f for f in library if "searched_and_voted" in f.signature.name]
    assert len(searches) == 1


def test_pictures_are_as_good_as_those_of_the_program(signatures):
    a, a_prime, b = planted("texture_by_numbers")
    strange = 255 - np.kron(b[::4, ::4], np.ones((4, 4, 1), np.uint8))
    for pictures, kind in [
        ((a, a_prime, b), "alike"),
        ((a_prime, a_prime, a), "style"),
        ((a_prime, a, strange), "unlike"),
    ]:
        image, loss = answer(signatures, *pictures)
        wanted, its_loss, decision = program({"preset": "pixels", "speed": "fast"}, *pictures)
        assert decision.kind.name == kind
        assert image.shape == wanted.shape
        assert loss == pytest.approx(its_loss, rel=0.05)


def test_the_same_request_gets_the_same_bytes(signatures):
    pictures = planted("texture_by_numbers", 33, 41)
    first, again, other = (
        answer(signatures, *pictures, seed=seed)[0].tobytes() for seed in (0, 0, 1)
    )
    assert first == again != other


@pytest.mark.parametrize(("a_size", "b_size"), [((12, 41), (90, 33)), ((70, 65), (16, 32))])
def test_any_sizes(signatures, a_size, b_size):
    random = np.random.default_rng(0)
    a, b = (random.integers(0, 255, (*size, 3), np.uint8) for size in (a_size, b_size))
    for a_prime in (a, 255 - a):
        assert answer(signatures, a, a_prime, b)[0].shape == (*b_size, 3)


def test_an_a_without_a_whole_patch_is_told(signatures):
    import tensorflow as tf

    a, b = np.zeros((4, 9, 3), np.uint8), np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(tf.errors.InvalidArgumentError, match="A must be high and wide enough"):
        answer(signatures, a, a, b)


def test_the_first_pass_is_that_of_pixels(signatures):
    pictures = planted("texture_by_numbers", 56, 60)
    found = {
        name: value.numpy() for name, value in signatures["first_pass"](**inputs(*pictures)).items()
    }
    sizes = found["sizes"].tolist()
    assert sizes == [[28, 30], [56, 60]]
    assert found["rows"].shape == found["cols"].shape == (28, 30)
    height, width, channels = found["features"].shape
    assert (height, width, channels) == (28, 30, 7)  # A', B in A's terms, and heights
    assert 2 <= found["rows"].min() <= found["rows"].max() < height - 2
    np.testing.assert_array_equal(found["b"], pictures[2])


# What is to be made, the options, and whether a network and pixels make it.
SHIPPED = {
    "landscape": (("landscape-a", "landscape-a-prime", "landscape-b"), {"coarse_side": 96}),
    "recolor": (("recolor-a", "recolor-a-prime", "recolor-b"), {}),
    "style": (("style-painting", "style-painting", "style-content"), {"preset": "style"}),
    "texture": (("texture",) * 3, {"preset": "texture", "coarse_side": 80}),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_examples_are_as_good_as_those_of_the_program(name, tmp_path):
    from pathlib import Path

    folder = Path(__file__).resolve().parents[3] / "examples"
    files, options = SHIPPED[name]
    pictures = []
    for file in files:
        picture = Image.open(folder / f"{file}.png").convert("RGB")
        size = round(picture.width * 160 / picture.height), 160
        pictures.append(np.asarray(picture.resize(size, Image.Resampling.LANCZOS)))
    made = loaded(export.export(tmp_path, options=options))
    image, loss = answer(made, *pictures)
    wanted, its_loss, decision = program(options, *pictures)
    if decision.pixels:
        assert loss == pytest.approx(its_loss, rel=0.05)
    of_both = [coherence(x, pictures[1].astype(np.float32)) for x in (image, wanted)]
    assert of_both[0] == pytest.approx(of_both[1], rel=0.1)
