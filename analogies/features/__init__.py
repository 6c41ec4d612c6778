"""Feature maps of pictures: VGG16, VGG19 and the embedded slim network.

Nothing here imports TensorFlow or Keras until `FeatureModel` is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.features.vgg import FeatureModel

__all__ = ["FeatureModel"]


def __getattr__(name: str) -> Any:
    if name == "FeatureModel":
        from analogies.features.vgg import FeatureModel

        return FeatureModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
