"""The use it is made for: a float32 picture whose features are held to targets."""

import numpy as np
import pytest
from PIL import Image

SIZE = 80


@pytest.fixture(scope="module")
def objective(shared_folder):
    from analogies.features import FeatureModel
    from benchmarks.optimizer_pictures import LAYERS, analogy_objective

    def load(name):
        with Image.open(shared_folder / "images" / "examples" / name) as image:
            return np.asarray(image.convert("RGB").resize((SIZE, SIZE)), np.float32)

    weights = shared_folder / "models" / "vgg19_slim16x.npz"
    model = FeatureModel("slim", layers=LAYERS, weights=weights)
    return analogy_objective(load("arch-A.jpg"), load("arch-Ap.jpg"), load("arch-B.jpg"), model)


def test_loss_is_below_scipys_after_20_50_and_100_evaluations(objective):
    """SciPy in float64 with m = 4, run through or restarted every 20 evaluations."""
    from benchmarks.optimizer_pictures import run_ours, run_scipy

    def scaled(x):
        loss, gradient = objective(x)
        return 1e3 * loss, 1e3 * gradient  # SciPy's tests are not made for a loss of order 1

    x0 = np.random.default_rng(0).uniform(0, 255, (SIZE, SIZE, 3)).astype(np.float32)
    ours = run_ours(scaled, x0, memory=10)
    through = run_scipy(scaled, x0, memory=4)
    restarted = run_scipy(scaled, x0, memory=4, restart=20)
    assert (np.array(ours.losses) <= through.losses).all()
    assert (np.array(ours.losses) <= restarted.losses).all()
