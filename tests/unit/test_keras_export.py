"""A ``.keras`` file is the network of the stack, for anyone with plain Keras."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adaptrode.keras_export import keras_model, parameter_counts, save_keras
from adaptrode.networks import AdaptedStack, NetworkStack


def one_network(sizes: Sequence[int], seed: int, shift: float = 0.0) -> NetworkStack:
    rng = np.random.default_rng(seed)
    layers = list(itertools.pairwise(sizes))
    return NetworkStack(
        kernels=tuple(rng.uniform(-1, 1, (1, a, b)).astype(np.float32) for a, b in layers),
        biases=tuple(rng.uniform(0, 0.5, (1, b)).astype(np.float32) for _, b in layers),
        input_shift=shift + rng.normal(size=(1, sizes[0])),
        input_scale=rng.uniform(0.5, 2.0, size=(1, sizes[0])),
        output_scale=np.array([1.7]),
        members=pd.DataFrame({"scheme": ["row"], "repeat": [0]}),
    )


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_plain_keras_loads_the_file_and_predicts_the_same(tmp_path: Path, shift: float) -> None:
    import keras

    stack = one_network((6, 4, 4, 4, 4, 1), seed=1, shift=shift)
    save_keras(keras_model(stack, "density"), tmp_path / "network.keras")
    model = keras.models.load_model(tmp_path / "network.keras")
    rows = (shift + np.random.default_rng(2).normal(size=(50, 6))).astype(np.float32)
    expected = stack.predict(rows)[0]
    assert np.ptp(expected) > 0
    predicted = model.predict(rows, verbose=0)[:, 0]
    np.testing.assert_allclose(predicted, expected, rtol=1e-5, atol=1e-5 * (1 + 1e-2 * shift))


@pytest.mark.parametrize(
    ("source", "adapter", "trainable", "frozen"),
    [
        ((6, 4, 4, 4, 4, 1), (1, 4, 1), 13, 93),
        ((6, 3, 3, 3, 1), (1, 3, 1), 10, 49),
        ((5, 3, 3, 3, 1), (1, 3, 1), 10, 46),
    ],
)
def test_only_the_adapter_is_trainable_and_training_leaves_the_source_alone(
    tmp_path: Path, source: Sequence[int], adapter: Sequence[int], trainable: int, frozen: int
) -> None:
    """Tables 3 and 4; the source is frozen in the file too."""
    import keras

    stack = AdaptedStack(one_network(source, seed=1), one_network(adapter, seed=2))
    assert parameter_counts(stack) == {"trainable": trainable, "frozen": frozen}
    assert parameter_counts(stack.source) == {"trainable": frozen, "frozen": 0}
    save_keras(keras_model(stack, "adapted"), tmp_path / "network.keras")
    model = keras.models.load_model(tmp_path / "network.keras")
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == trainable
    assert sum(int(np.prod(w.shape)) for w in model.non_trainable_weights) == frozen

    rows = np.random.default_rng(3).normal(size=(20, source[0])).astype(np.float32)
    np.testing.assert_allclose(
        model.predict(rows, verbose=0)[:, 0], stack.predict(rows)[0], rtol=1e-5, atol=1e-6
    )
    before = [weight.numpy().tobytes() for weight in model.non_trainable_weights]
    adapters = [weight.numpy().tobytes() for weight in model.trainable_weights]
    model.compile(optimizer="adam", loss="mae")
    model.train_on_batch(rows, np.full(20, 5.0, np.float32))
    assert [weight.numpy().tobytes() for weight in model.non_trainable_weights] == before
    assert [weight.numpy().tobytes() for weight in model.trainable_weights] != adapters


def test_equal_networks_are_equal_files(tmp_path: Path) -> None:
    stack = one_network((6, 3, 1), seed=1)
    save_keras(keras_model(stack, "density"), tmp_path / "a.keras")
    keras_model(one_network((2, 5, 1), seed=1), "another")
    save_keras(keras_model(stack, "density"), tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_a_model_is_made_of_one_network() -> None:
    stack = one_network((6, 3, 1), seed=1).take([0, 0])
    with pytest.raises(ValueError, match="one network, not of 2"):
        keras_model(stack, "density")
