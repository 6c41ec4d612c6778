"""Teachers: feature maps at full VGG width, for training a narrow network and for judging one."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from analogies.errors import InputError
from analogies.features import npz
from analogies.features import weights as weight_files
from analogies.features.networks import NETWORKS, check_layers
from analogies.features.vgg import FeatureModel


class Teacher:
    """Maps of several layers, each from the first source that has it.

    A source is "vgg16" or "vgg19" (Keras' download) or the path of a weight file. A narrow `.npz`
    that comes with 1x1 lifts (`block4_conv1_to_vgg19/kernel` and `/bias`) serves the lifted layers
    only, as relu(lift(map)): the clipped lift is nearer to the genuine activations, which are not
    negative.

    Args:
        sources: in order of preference.
        layers: the layers wanted, by any of their names.

    Raises:
        InputError: when no source has one of the layers.
    """

    def __init__(self, sources: Sequence[str], layers: Sequence[str]):
        self.layers = check_layers("vgg19", layers)
        self._parts: list[tuple[FeatureModel, dict[str, tuple[np.ndarray, np.ndarray]]]] = []
        self.origin: dict[str, str] = {}
        missing = list(self.layers)
        for source in sources:
            lifts, held = _offer(source)
            chosen = [name for name in missing if name in held]
            if not chosen:
                continue
            named = source if source in NETWORKS else None
            model = FeatureModel(named, chosen, None if named else source)
            self._parts.append((model, lifts))
            self.origin |= dict.fromkeys(chosen, Path(source).name)
            missing = [name for name in missing if name not in chosen]
        if missing:
            raise InputError(f"No teacher has {', '.join(missing)}. Received: {list(sources)}")

    @property
    def models(self) -> list[FeatureModel]:
        """The networks inside."""
        return [model for model, _ in self._parts]

    def __call__(self, images) -> dict[str, keras.KerasTensor]:
        """RGB (n, h, w, 3) in [0, 255] to {layer: (n, h', w', c)}, not negative."""
        maps = {}
        for model, lifts in self._parts:
            for name, value in model(images).items():
                if name in lifts:
                    kernel, bias = lifts[name]
                    value = ops.relu(ops.matmul(value, kernel) + bias)
                maps[name] = value
        return maps


def _offer(source: str) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], tuple[str, ...]]:
    """The lifts of a source and the layers it can serve at full width."""
    if source in NETWORKS:
        return {}, check_layers(source, [f"block{b}_conv1" for b in range(1, 6)])
    info = weight_files.inspect(source)
    if info.network != "slim":
        return {}, info.layers
    lifts = npz.load_lifts(source)
    return lifts, tuple(name for name in info.layers if name in lifts)
