"""Steps of a run as graphs: each traced once, for pictures of any size."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from analogies.matching import NearestNeighborField
from analogies.optimizers.result import State as MinimizerState
from analogies.tracing import Traced

ANY_MAP = tf.TensorSpec((None, None, None), tf.float32)
SIZE = tf.TensorSpec((2,), tf.int32)
COUNT = tf.TensorSpec((), tf.int32)
FIELD = NearestNeighborField(
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((None, None), tf.int32),
    tf.TensorSpec((None, None), tf.float32),
)


class Step:
    """A function of tensors as a graph, traced at its first call with structures of a kind.

    Args:
        function: traceable; its arguments are structures of tensors.
        composed: whether it only puts together steps that are traced each. Called eagerly it then
            runs as Python: traced as a whole it would hold copies of those, and take several times
            as long to trace and to optimize. Within another graph it is a graph of its own.
    """

    def __init__(self, function: Callable, composed: bool = False) -> None:
        self._function, self._composed = function, composed
        self._traces: dict[str, Traced] = {}

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns for these; numbers and arrays may stand for tensors."""
        arguments = tuple(tf.nest.map_structure(tf.convert_to_tensor, a) for a in arguments)
        if self._composed and tf.executing_eagerly():
            return self._function(*arguments)
        specs = [of_any_size(argument) for argument in arguments]
        key = repr(specs)  # guides differ in their channels, and masks and starts may be there
        if key not in self._traces:
            self._traces[key] = Traced(self._function, specs)
        return self._traces[key](*arguments)


def of_any_size(tree: Any) -> Any:
    """Specs of the tensors in `tree`, with everything open that depends on the pictures' sizes."""
    if isinstance(tree, MinimizerState):
        fixed = tf.nest.map_structure(tf.TensorSpec.from_tensor, tree)
        vector = tf.TensorSpec((None,), tf.float32)
        rows = tf.TensorSpec((tree.pairs.rows.shape[0], None), tf.float32)
        return fixed._replace(
            x=tf.TensorSpec((None, None, 3), tf.float32),
            gradient=vector,
            direction=vector,
            best_gradient=vector,
            pairs=fixed.pairs._replace(rows=rows),
        )
    if isinstance(tree, NearestNeighborField):
        return FIELD
    if tf.is_tensor(tree):
        maps = tree.shape.rank == 3
        return tf.TensorSpec((None, None, tree.shape[-1]) if maps else tree.shape, tree.dtype)
    if isinstance(tree, dict):
        return {name: of_any_size(value) for name, value in tree.items()}
    return type(tree)(*(of_any_size(value) for value in tree))
