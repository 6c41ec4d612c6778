import numpy as np
import pytest
from PIL import Image

from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs import job


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, (462, 320)),
        ({"height": 231}, (231, 160)),
        ({"width": 160}, (231, 160)),
        ({"width": 100, "height": 50}, (50, 100)),
        ({"height": 100}, (100, 69)),
    ],
)
def test_the_size_of_the_result(given, size):
    assert job.result_size((462, 320), Options(**given)) == size


def test_a_plan(tmp_path):
    paths = [str(tmp_path / f"{name}.png") for name in ("a", "ap", "b")]
    for path, size in zip(paths, ((20, 30), (20, 30), (40, 32)), strict=True):
        Image.new("RGB", size).save(path)
    planned = job.plan(*paths, str(tmp_path / "out.v2"), Options(height=64, init=paths[2]))
    assert planned.destination.result == tmp_path / "out.v2.png"
    assert planned.destination.record == tmp_path / "out.v2.json"
    assert planned.destination.pass_file(0, 1) == tmp_path / "out.v2_at_iteration_0_1.png"
    assert planned.result_size() == (64, 80)
    assert planned.pictures["init"].size == planned.pictures["b"].size == (32, 40)
    assert planned.pictures["a"].pixels.dtype == np.float32
    with pytest.raises(InputError, match="would overwrite an input"):
        job.plan(*paths, paths[2], Options())


def test_layers_must_be_in_the_weight_file(tmp_path, shared_folder):
    paths = [str(tmp_path / f"{name}.png") for name in ("a", "ap", "b")]
    for path in paths:
        Image.new("RGB", (20, 30)).save(path)
    weights = shared_folder / "models" / "vgg19_normalised_conv1_1_to_conv3_1.npz"
    options = Options(vgg_weights=weights, mrf_w=0, analogy_layers="conv3_1")
    job.plan(*paths, str(tmp_path / "out"), options)
    options = Options(vgg_weights=weights, mrf_w=0, analogy_layers="conv4_1")
    with pytest.raises(InputError, match="block4_conv1 is missing"):
        job.plan(*paths, str(tmp_path / "out"), options)
