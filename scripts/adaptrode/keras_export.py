"""Single networks as ``.keras`` files that plain Keras loads: raw features in, property out."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from adaptrode.files import atomic
from adaptrode.networks import AdaptedStack, NetworkStack
from adaptrode.training import tensorflow

# Zip's earliest date, so that equal models are equal files.
_DATE = (1980, 1, 1, 0, 0, 0)


def keras_model(network: NetworkStack | AdaptedStack, name: str) -> Any:
    """A functional Keras model of a stack that holds one network.

    Features enter in raw units and the property leaves in its own; the scales are
    `Rescaling` layers, which hold no weights. Of an adapted network the source's layers
    are frozen, so that ``trainable_weights`` are the adapter's.

    Raises
    ------
    AssertionError
        When the model's weights are not the stack's, bit by bit.
    """
    tensorflow()
    import keras

    if len(network) != 1:
        raise ValueError(f"a model is made of one network, not of {len(network)}")
    # Layer names that Keras makes up follow a counter of the process.
    keras.utils.clear_session()
    parts = (
        {"source": network.source, "adapter": network.adapter}
        if isinstance(network, AdaptedStack)
        else {"network": network}
    )
    first = next(iter(parts.values()))
    inputs = keras.Input((first.layer_sizes[0],), name="features")
    values = inputs
    for part, stack in parts.items():
        values = _layers(keras, part, stack, values)
    model = keras.Model(inputs, values, name=name)
    for part, stack in parts.items():
        for layer in range(len(stack.kernels)):
            dense = model.get_layer(f"{part}_dense_{layer + 1}")
            dense.set_weights([stack.kernels[layer][0], stack.biases[layer][0]])
            dense.trainable = part != "source"
    for part, stack in parts.items():
        _assert_same_weights(model, part, stack)
    return model


def save_keras(model: Any, path: str | Path) -> None:
    """Save a Keras model so that equal models give equal bytes.

    Keras writes the time of saving and object addresses into the file; both are replaced.
    """
    with tempfile.TemporaryDirectory() as folder, atomic(path) as temporary:
        saved = Path(folder) / "model.keras"
        model.save(saved)
        with zipfile.ZipFile(saved) as old, zipfile.ZipFile(temporary, "w") as new:
            for name in sorted(old.namelist()):
                content = old.read(name)
                if name == "metadata.json":
                    metadata = json.loads(content) | {"date_saved": "1980-01-01@00:00:00"}
                    content = json.dumps(metadata).encode()
                elif name == "config.json":
                    config = json.loads(content)
                    _renumber(config, {})
                    content = json.dumps(config).encode()
                new.writestr(zipfile.ZipInfo(name, _DATE), content)


def parameter_counts(network: NetworkStack | AdaptedStack) -> dict[str, int]:
    """Trainable and frozen weights and biases of one member."""
    if isinstance(network, AdaptedStack):
        return {
            "trainable": network.adapter.parameter_count,
            "frozen": network.source.parameter_count,
        }
    return {"trainable": network.parameter_count, "frozen": 0}


def _layers(keras: Any, part: str, stack: NetworkStack, values: Any) -> Any:
    layers = keras.layers
    # Two layers, because x * (1 / scale) - shift / scale cancels where the shift is large.
    shift, scale = stack.input_shift[0], stack.input_scale[0]
    values = layers.Rescaling(1.0, (-shift).tolist(), name=f"{part}_shift")(values)
    values = layers.Rescaling((1.0 / scale).tolist(), name=f"{part}_scale")(values)
    last = len(stack.kernels)
    for layer, kernel in enumerate(stack.kernels, start=1):
        values = layers.Dense(
            kernel.shape[2],
            activation="relu" if layer < last else "linear",
            name=f"{part}_dense_{layer}",
        )(values)
    return layers.Rescaling(float(stack.output_scale[0]), name=f"{part}_unit")(values)


def _assert_same_weights(model: Any, part: str, stack: NetworkStack) -> None:
    for layer in range(len(stack.kernels)):
        held = model.get_layer(f"{part}_dense_{layer + 1}").get_weights()
        for found, expected in zip(held, (stack.kernels[layer], stack.biases[layer]), strict=True):
            if np.asarray(found).tobytes() != expected[0].tobytes():
                raise AssertionError(f"{part}, layer {layer + 1}: weights have changed")


def _renumber(value: Any, seen: dict[int, int]) -> None:
    """Replace the addresses by which Keras tells shared objects apart by 1, 2, …"""
    if isinstance(value, dict):
        if "shared_object_id" in value:
            address = value["shared_object_id"]
            value["shared_object_id"] = seen.setdefault(address, len(seen) + 1)
        for item in value.values():
            _renumber(item, seen)
    elif isinstance(value, list):
        for item in value:
            _renumber(item, seen)
