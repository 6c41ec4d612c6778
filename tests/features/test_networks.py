import itertools
import subprocess
import sys

import pytest

from analogies.errors import InputError
from analogies.features.networks import canonical_layer, check_layers, layer_info, layer_table


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("block3_conv1", "block3_conv1"),
        ("conv3_1", "block3_conv1"),
        ("relu4_2", "block4_conv2"),
        (" ReLU5_1 ", "block5_conv1"),
    ],
)
def test_the_three_ways_of_naming_a_layer(given, name):
    assert canonical_layer(given) == name


@pytest.mark.parametrize("given", ["", "block3_pool", "conv3", "conv0_1", "3_1", "conv3_1 conv4_1"])
def test_other_names_are_refused(given):
    with pytest.raises(InputError, match="Received"):
        canonical_layer(given)


def test_a_layer_the_network_lacks_names_those_it_has():
    with pytest.raises(InputError, match=r"vgg16 has no layer block3_conv4.*block3_conv3"):
        check_layers("vgg16", ["conv3_4"])
    with pytest.raises(InputError, match="slim, vgg16, vgg19"):
        check_layers("vgg11", ["conv3_1"])


@pytest.mark.parametrize(("network", "count"), [("vgg16", 13), ("vgg19", 16), ("slim", 13)])
def test_the_tables_count_what_the_paper_counts(network, count):
    table = layer_table(network)
    assert len(table) == count
    assert [row.stride for row in table] == sorted(row.stride for row in table)
    assert table[0].inputs == 3
    for before, row in itertools.pairwise(table):
        assert row.inputs == before.channels


@pytest.mark.parametrize(("layer", "field"), [("conv1_1", 3), ("conv2_1", 10), ("conv3_1", 24)])
def test_receptive_fields(layer, field):
    assert layer_info("vgg19", layer).receptive_field == field


def test_tables_and_weight_files_load_no_framework():
    code = (
        "import sys, analogies.features, analogies.features.networks, analogies.features.weights;"
        "print([m for m in ('tensorflow', 'keras', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
