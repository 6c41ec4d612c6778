import argparse

import numpy as np
import pytest

from analogies.errors import InputError
from benchmarks import hlo


def call(text, inputs, outputs):
    """Run a StableHLO module through XLA as a client does that knows nothing of its origin."""
    from tensorflow.compiler.tf2xla.python import xla

    results = xla.call_module(
        inputs,
        version=9,
        module=text,
        Tout=[array.dtype for array in outputs],
        Sout=[array.shape for array in outputs],
        platforms=["CPU"],
    )
    return [np.asarray(result) for result in results]


@pytest.mark.slow
def test_a_pass_and_a_match_run_from_their_files(tmp_path):
    arguments = argparse.Namespace(out=str(tmp_path), size=32, evaluations=3, network="slim")
    hlo.run(arguments)
    for name in ("pass", "match"):
        text = (tmp_path / f"{name}.mlir").read_text()
        assert "mhlo" not in text
        assert "loc(" not in text
        with np.load(tmp_path / f"{name}.npz") as file:
            inputs = [file[key] for key in sorted(file) if key.startswith("in_")]
            outputs = [file[key] for key in sorted(file) if key.startswith("out_")]
        found = call(text, inputs, outputs)
        for ours, wanted in zip(found, outputs, strict=True):
            np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=0.05)
        if name == "pass":
            assert np.ptp(outputs[0]) > 50
            assert outputs[1] > 0


def test_the_lowered_match_is_that_of_the_program(tmp_path):
    import tensorflow as tf

    from analogies.matching import match

    random = np.random.default_rng(1)
    query, reference = (tf.constant(random.normal(size=(7, 8, 5)), tf.float32) for _ in range(2))
    program = hlo.lower(lambda q, r: match(q, r, 3), query, reference)
    rows, cols, scores = call(program.text, program.inputs, program.outputs)
    plain = match(query, reference, 3)
    np.testing.assert_array_equal(rows, plain.rows)
    np.testing.assert_array_equal(cols, plain.cols)
    np.testing.assert_allclose(scores, plain.scores, rtol=1e-5)


def test_a_size_without_patches():
    with pytest.raises(InputError, match="--size"):
        hlo.run(argparse.Namespace(out="x", size=8, evaluations=3, network="slim"))
