"""`--match-mode layer` against the formulas of image-analogies, written out in NumPy."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from generated import convolutions, write_image_analogies
from PIL import Image

from analogies.features import FeatureModel
from analogies.options.table import Options
from analogies.synthesis.loop import synthesize
from analogies.synthesis.network_methods import layer_steps

LAYERS = ("block2_conv1", "block3_conv1")
WEIGHTS = {
    "analogy_w": 1.5,
    "mrf_w": 0.5,
    "b_content_w": 0.25,
    "nstyle_w": 2.0,
    "tv_w": 0.75,
    **{f"{name}_layers": LAYERS for name in ("analogy", "mrf", "content")},
    "nstyle_layers": ("block1_conv1", "block2_conv1"),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file of VGG16 as image-analogies reads it, with generated numbers."""
    path = tmp_path_factory.mktemp("weights") / "vgg16_weights.h5"
    write_image_analogies(path, convolutions("vgg16", 5))
    return str(path)


@pytest.fixture(scope="module")
def pictures():
    """A, A', B and B' in odd sizes."""
    random = np.random.default_rng(0)
    sizes = [(41, 30), (41, 30), (29, 38), (29, 38)]
    return [random.uniform(0, 255, (*size, 3)).astype(np.float32) for size in sizes]


def features(weights, *images):
    """float64 maps of each image, {layer: (h, w, c)}."""
    model = FeatureModel("vgg16", ("block1_conv1", *LAYERS), weights)
    found = [model(tf.constant(image)[tf.newaxis]) for image in images]
    return [{name: v[0].numpy().astype(float) for name, v in maps.items()} for maps in found]


def corners(cells, k, step):
    rows, cols = (sorted({*range(0, side - k + 1, step), side - k}) for side in cells.shape[:2])
    return list(itertools.product(rows, cols))


def patches(cells, k, step):
    """`(n, k, k, c)`"""
    return np.stack([cells[i : i + k, j : j + k] for i, j in corners(cells, k, step)])


def matched(query, reference, values, k, step):
    """For each patch of the query the patch of `values` where the reference looks most like it."""
    wanted, found = (patches(x, k, step) for x in (query, reference))
    wanted, found = (x.reshape(len(x), -1) for x in (wanted, found))
    scores = wanted @ (found / np.linalg.norm(found, axis=1, keepdims=True)).T
    return patches(values, k, step)[scores.argmax(axis=1)]


def voted_distance(x, found, k, step):
    """Squared distance of a map to the mean of the patches that lie on each of its cells."""
    total, count = np.zeros_like(x), np.zeros((*x.shape[:2], 1))
    for (i, j), patch in zip(corners(x, k, step), found, strict=True):
        total[i : i + k, j : j + k] += patch
        count[i : i + k, j : j + k] += 1
    seen = count[..., 0] > 0
    return ((x - total / np.maximum(count, 1))[seen] ** 2).sum()


def patch_distance(x, found, k, step):
    """The same with each patch by itself, over k^2."""
    return ((patches(x, k, step) - found) ** 2).sum() / k**2


def gram_distance(x, y, pixels):
    gram_x, gram_y = (np.einsum("hwi,hwj->ij", z, z) for z in (x, y))
    return ((gram_x - gram_y) ** 2).sum() / (4 * 3**2 * pixels**2)


def variation(image):
    total = 0.0
    for i, j in itertools.product(range(image.shape[0] - 1), range(image.shape[1] - 1)):
        down, right = image[i + 1, j] - image[i, j], image[i, j + 1] - image[i, j]
        total += ((down**2 + right**2) ** 1.25).sum()
    return total


def formulas(weights, pictures, k, step, distance):
    """The weighted terms, each weight shared among its layers."""
    a, a_prime, b, b_prime = features(weights, *pictures)
    terms = dict.fromkeys(("analogy", "mrf", "content", "style"), 0.0)
    for name in LAYERS:
        found = matched(b[name], a[name], a_prime[name], k, step)
        terms["analogy"] += WEIGHTS["analogy_w"] / 2 * distance(b_prime[name], found, k, step)
        found = matched(b_prime[name], a_prime[name], a_prime[name], k, step)
        terms["mrf"] += WEIGHTS["mrf_w"] / 2 * distance(b_prime[name], found, k, step)
        terms["content"] += WEIGHTS["b_content_w"] / 2 * ((b_prime[name] - b[name]) ** 2).sum()
    height, width = pictures[-1].shape[:2]
    for name in WEIGHTS["nstyle_layers"]:
        style = gram_distance(b_prime[name], a_prime[name], height * width)
        terms["style"] += WEIGHTS["nstyle_w"] / 2 * style
    return {**terms, "smoothness": WEIGHTS["tv_w"] * variation(pictures[-1].astype(float))}


@pytest.mark.parametrize(
    ("k", "step", "full"), [(1, 1, False), (3, 1, False), (3, 2, False), (3, 1, True)]
)
def test_losses_are_those_of_the_formulas(weights, pictures, k, step, full):
    options = Options(
        match_mode="layer",
        model="exact",
        patch_size=k,
        patch_stride=step,
        use_full_analogy=full,
        vgg_weights=weights,
        **WEIGHTS,
    )
    steps = layer_steps(options)
    sizes = (tf.constant(picture.shape[:2]) for picture in (pictures[0], pictures[2]))
    scene = steps.set_scene(*pictures[:3], *sizes)
    image = tf.constant(pictures[-1])
    targets = steps.aim(steps.match_layers(image, scene), scene)
    found = {n: float(v) for n, v in steps.objective.terms(image, targets).items()}
    distance = patch_distance if full else voted_distance
    expected = formulas(weights, pictures, k, step, distance)
    assert found == pytest.approx(expected, rel=1e-4)
    loss, gradient = steps.objective.loss_and_gradient(image, targets)
    assert float(loss) == pytest.approx(sum(expected.values()), rel=1e-4)
    assert np.isfinite(gradient.numpy()).all()
    assert np.abs(gradient.numpy()).mean() > 0


def test_loss_after_100_evaluations_is_no_higher_than_scipys(shared_folder):
    """With image-analogies' settings: m = 4, float64, begun anew every 20 evaluations."""
    from benchmarks.optimizer_pictures import run_ours, run_scipy

    def load(name):
        with Image.open(shared_folder / "images" / "examples" / name) as image:
            return np.asarray(image.convert("RGB").resize((48, 64)), np.float32)

    options = Options.parse({"preset": "image-analogies", "model": "exact"})
    steps = layer_steps(options)
    pictures = [load(f"arch-{name}.jpg") for name in ("A", "Ap", "B")]
    start = np.random.default_rng(0).uniform(0, 255, pictures[0].shape).astype(np.float32)
    size = tf.constant(start.shape[:2])
    scene = steps.set_scene(*pictures, size, size)
    targets = steps.aim(steps.match_layers(start, scene), scene)

    def objective(image):
        return steps.objective.loss_and_gradient(image, targets)

    ours = run_ours(objective, start, memory=10)
    assert ours.losses[-1] < ours.losses[0]
    for restart in (20, None):
        theirs = run_scipy(objective, start, memory=4, restart=restart)
        assert ours.losses[-1] <= theirs.losses[-1]


def test_a_run_goes_on_from_what_it_carried():
    """PatchMatch starts from the matches of the pass before, and jitter is that of the pass."""
    random = np.random.default_rng(0)
    pictures = [random.uniform(0, 255, (40, 36, 3)).astype(np.float32) for _ in range(3)]
    options = Options(
        match_mode="layer",
        model="patchmatch",
        jitter=2.0,
        scales=2,
        min_scale=0.6,
        iters=2,
        evaluations=2,
        patch_size=1,
        analogy_layers=LAYERS[:1],
        mrf_layers=LAYERS[:1],
    )
    records = list(synthesize(*pictures, options))
    passes = [record for record in records if record.kind == "pass"]
    assert len(passes) == 4
    for record in (passes[0], passes[1]):
        *_, last = synthesize(*pictures, options, carried=record.carried)
        assert last.image().tobytes() == records[-1].image().tobytes()
