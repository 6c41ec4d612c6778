"""Weight files with generated numbers, written without the code under test."""

import h5py
import numpy as np

from analogies.features.networks import layer_table


def convolutions(network, count, seed=0):
    """The first `count` layers: name -> (kernel, bias), He-scaled."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for row in layer_table(network)[:count]:
        scale = np.sqrt(2 / (9 * row.inputs))
        kernel = rng.normal(0, scale, (3, 3, row.inputs, row.channels))
        arrays[row.name] = (
            kernel.astype("float32"),
            rng.normal(0, 1, row.channels).astype("float32"),
        )
    return arrays


def write_npz(path, arrays, **others):
    flat = {f"{name}/kernel": kernel for name, (kernel, _) in arrays.items()}
    flat |= {f"{name}/bias": bias for name, (_, bias) in arrays.items()}
    np.savez(path, **flat, **others)


def write_keras_h5(path, arrays):
    """As keras-team released it: named layers, pooling layers without weights, `W_1:0`."""
    with h5py.File(path, "w") as file:
        names = ["input_1", *arrays, "block1_pool"]
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = file.create_group(name)
            weights = [f"{name}_W_1:0", f"{name}_b_1:0"] if name in arrays else []
            group.attrs["weight_names"] = [weight.encode() for weight in weights]
            for weight, array in zip(weights, arrays.get(name, ()), strict=True):
                group[weight] = array


def write_weights_h5(path, arrays):
    """As Keras 3 writes `.weights.h5`: layers by class and number, here up to conv2d_12."""
    with h5py.File(path, "w") as file:
        file.create_group("layers/input_layer/vars")
        for index, pair in enumerate(arrays.values()):
            group = file.create_group(f"layers/conv2d{f'_{index}' if index else ''}/vars")
            group["0"], group["1"] = pair


def write_image_analogies(path, arrays):
    """ZeroPadding, Convolution, ... in order; kernels (out, in, 3, 3), turned by 180 degrees."""
    with h5py.File(path, "w") as file:
        layers = []
        for kernel, bias in arrays.values():
            layers += [(), (np.rot90(kernel.transpose(3, 2, 0, 1), 2, axes=(2, 3)), bias)]
        layers += [(), (np.zeros((10, 4), "float32"), np.zeros(4, "float32"))]
        file.attrs["nb_layers"] = len(layers)
        for index, params in enumerate(layers):
            group = file.create_group(f"layer_{index}")
            group.attrs["nb_params"] = len(params)
            for number, array in enumerate(params):
                group[f"param_{number}"] = array


WRITERS = {
    "npz": write_npz,
    "keras-h5": write_keras_h5,
    "keras-weights-h5": write_weights_h5,
    "image-analogies": write_image_analogies,
}
SUFFIXES = {"npz": ".npz", "keras-weights-h5": ".weights.h5"}


def write(folder, layout, arrays):
    path = folder / f"file{SUFFIXES.get(layout, '.h5')}"
    WRITERS[layout](path, arrays)
    return path
