"""Stacked training is Keras' training, and no network notices the others."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from adaptrode import training
from adaptrode.training import Problem, Trained, train

SIZES = (3, 4, 4, 1)
BATCH = 8


def make_problem(
    members: int = 4,
    training_rows: Sequence[int] = (21,),
    validation_rows: int = 5,
    learning_rate: float = 0.01,
    epochs: int = 250,
    sizes: Sequence[int] = SIZES,
) -> Problem:
    """Members take the datasets in turn; dataset i has ``training_rows[i]`` rows."""
    rng = np.random.default_rng(7)
    rows = max(training_rows) + validation_rows
    inputs = rng.normal(size=(len(training_rows), rows, sizes[0]))
    targets = 2.0 + np.sin(inputs[..., 0]) + 0.1 * inputs[..., 1]
    layers = list(itertools.pairwise(sizes))
    dataset = np.arange(members) % len(training_rows)

    def batch_order(member: int) -> Any:
        own = np.arange(training_rows[dataset[member]])
        generator = np.random.default_rng([3, member])
        return generator.permuted(np.broadcast_to(own, (epochs, len(own))), axis=1)

    return Problem(
        kernels=tuple(
            np.stack(
                [np.random.default_rng([m, a, b]).normal(size=(a, b)) for m in range(members)]
            ).astype(np.float32)
            * np.float32(0.7)
            for a, b in layers
        ),
        biases=tuple(np.full((members, b), 0.1, np.float32) for _, b in layers),
        inputs=inputs,
        targets=targets,
        training_rows=[np.arange(count) for count in training_rows],
        validation_rows=[np.arange(rows - validation_rows, rows) for _ in training_rows],
        dataset_of_member=dataset,
        learning_rate=np.full(members, learning_rate),
        batch_order=batch_order,
    )


def pick(problem: Problem, members: Sequence[int]) -> Problem:
    """The same networks among others, or in another order."""
    index = np.array(members)
    return dataclasses.replace(
        problem,
        kernels=tuple(kernel[index] for kernel in problem.kernels),
        biases=tuple(bias[index] for bias in problem.biases),
        dataset_of_member=problem.dataset_of_member[index],
        learning_rate=problem.learning_rate[index],
        batch_order=lambda member: problem.batch_order(index[member]),
    )


def arrays(trained: Trained) -> list[Any]:
    return [*trained.kernels, *trained.biases, trained.loss, trained.validation_loss]


def assert_same_bits(one: Trained, other: Trained, members: Any = slice(None)) -> None:
    for first, second in zip(arrays(one), arrays(other), strict=True):
        assert first[members].tobytes() == second.tobytes()


def keras_network(
    problem: Problem, member: int, loss: str, dtype: str, trainable: Sequence[bool] | None = None
) -> Any:
    training.tensorflow()
    import keras

    layers = [
        keras.layers.Dense(
            kernel.shape[2],
            activation="relu" if index < len(problem.kernels) - 1 else None,
            dtype=dtype,
            trainable=trainable is None or trainable[index],
        )
        for index, kernel in enumerate(problem.kernels)
    ]
    model = keras.Sequential([keras.Input((problem.inputs.shape[2],), dtype=dtype), *layers])
    pairs = zip(problem.kernels, problem.biases, strict=True)
    model.set_weights([array[member] for pair in pairs for array in pair])
    losses = {
        "mape": keras.losses.MeanAbsolutePercentageError,
        "mae": keras.losses.MeanAbsoluteError,
        "mse": keras.losses.MeanSquaredError,
    }
    model.compile(
        optimizer=keras.optimizers.Adam(problem.learning_rate[member]),
        loss=losses[loss](dtype=dtype),
    )
    return model


def rows_of(problem: Problem, member: int, dtype: str) -> tuple[Any, Any, Any, Any]:
    dataset = problem.dataset_of_member[member]
    inputs, targets = problem.inputs[dataset].astype(dtype), problem.targets[dataset].astype(dtype)
    held = problem.validation_rows[dataset]
    return inputs, targets, inputs[held], targets[held]


def assert_weights_close(model: Any, trained: Trained, member: int, tolerance: float) -> None:
    pairs = zip(trained.kernels, trained.biases, strict=True)
    expected = [layer.get_weights() for layer in model.layers]
    for (kernel, bias), weights in zip(pairs, expected, strict=True):
        np.testing.assert_allclose(kernel[member], weights[0], rtol=0, atol=tolerance)
        np.testing.assert_allclose(bias[member], weights[1], rtol=0, atol=tolerance)


def test_float32_follows_keras_fit_with_its_history() -> None:
    problem, epochs, member = make_problem(), 40, 2
    ours = train(problem, epochs=epochs, batch_size=BATCH, loss="mape")
    model = keras_network(problem, member, "mape", "float32")
    inputs, targets, held_inputs, held_targets = rows_of(problem, member, "float32")
    batches = [
        (inputs[rows], targets[rows])
        for order in problem.batch_order(member)[:epochs]
        for rows in np.split(order, range(BATCH, len(order), BATCH))
    ]
    tf = training.tensorflow()
    stream = tf.data.Dataset.from_generator(
        lambda: iter(batches),
        output_signature=(
            tf.TensorSpec((None, SIZES[0]), tf.float32),
            tf.TensorSpec((None,), tf.float32),
        ),
    )
    history = model.fit(
        stream,
        steps_per_epoch=len(batches) // epochs,
        shuffle=False,
        validation_data=(held_inputs, held_targets),
        epochs=epochs,
        verbose=0,
    ).history
    np.testing.assert_allclose(ours.loss[member], history["loss"], rtol=5e-6)
    np.testing.assert_allclose(ours.validation_loss[member], history["val_loss"], rtol=5e-6)
    assert_weights_close(model, ours, member, 5e-6)


@pytest.mark.parametrize(
    ("loss", "epochs", "trainable"),
    [
        ("mape", 250, (True, True, True)),
        ("mae", 30, (True, True, True)),
        ("mse", 30, (True, True, True)),
        ("mape", 30, (False, False, True)),
        ("mape", 30, (True, False, True)),
    ],
)
def test_float64_is_keras_over_a_whole_training(
    loss: str, epochs: int, trainable: Sequence[bool]
) -> None:
    problem, member = make_problem(), 1
    ours = train(
        problem, epochs=epochs, batch_size=BATCH, loss=loss, trainable=trainable, dtype="float64"
    )
    model = keras_network(problem, member, loss, "float64", trainable)
    inputs, targets, _, _ = rows_of(problem, member, "float64")
    for order in problem.batch_order(member)[:epochs]:
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            model.train_on_batch(inputs[batch], targets[batch])
    assert_weights_close(model, ours, member, 1e-10)
    for layer, on in enumerate(trainable):
        moved = ours.kernels[layer] != problem.kernels[layer].astype(np.float64)
        assert moved.any() == on


def test_a_network_is_the_same_to_the_last_bit_alone_among_others_and_on_more_threads() -> None:
    members = training.chunk_size(SIZES[1:], BATCH) + 30
    problem = make_problem(members=members, training_rows=(21, 16, 9))
    settings: dict[str, Any] = {"epochs": 4, "batch_size": BATCH, "loss": "mape"}
    together = train(problem, **settings)
    assert_same_bits(together, train(problem, **settings, threads=2))
    chosen = [members - 1, 4, 120]
    assert_same_bits(together, train(pick(problem, chosen), **settings), chosen)


def test_networks_with_fewer_batches_stand_still_while_others_go_on() -> None:
    problem = make_problem(members=6, training_rows=(21, 5, 16))
    settings: dict[str, Any] = {"epochs": 6, "batch_size": BATCH, "loss": "mse"}
    together = train(problem, **settings)
    for dataset in range(3):
        members = [dataset, dataset + 3]
        only = dataclasses.replace(
            pick(problem, members),
            inputs=problem.inputs[[dataset]],
            targets=problem.targets[[dataset]],
            training_rows=[problem.training_rows[dataset]],
            validation_rows=[problem.validation_rows[dataset]],
            dataset_of_member=np.zeros(2, dtype=int),
        )
        assert_same_bits(together, train(only, **settings), members)


def test_splitting_a_long_training_by_epochs_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = make_problem()
    settings: dict[str, Any] = {"epochs": 7, "batch_size": BATCH, "loss": "mape"}
    whole = train(problem, **settings)
    of_an_epoch = 24 * training.chunk_size(SIZES[1:], BATCH) * 4
    monkeypatch.setattr(training, "_ORDER_BYTES", 3 * of_an_epoch)
    assert_same_bits(whole, train(problem, **settings))


def test_losses_are_means_over_the_rows_they_are_said_to_cover() -> None:
    """With a learning rate of 0 the weights stay, and both losses can be worked out."""
    problem = make_problem(learning_rate=0.0)
    trained = train(problem, epochs=3, batch_size=BATCH, loss="mape", dtype="float64")
    for member in range(4):
        inputs, targets, held_inputs, held_targets = rows_of(problem, member, "float64")

        def error(inputs: Any, targets: Any, member: int = member) -> float:
            values = inputs
            for layer, (kernel, bias) in enumerate(
                zip(problem.kernels, problem.biases, strict=True)
            ):
                values = values @ kernel[member].astype(float) + bias[member].astype(float)
                values = np.maximum(values, 0) if layer < len(SIZES) - 2 else values
            return float(100 * np.mean(np.abs((targets - values[:, 0]) / targets)))

        fitted = problem.training_rows[0]
        np.testing.assert_allclose(trained.loss[member], error(inputs[fitted], targets[fitted]))
        np.testing.assert_allclose(
            trained.validation_loss[member], error(held_inputs, held_targets)
        )


def test_without_validation_rows_only_their_loss_is_missing() -> None:
    problem = make_problem(validation_rows=0)
    trained = train(problem, epochs=2, batch_size=BATCH, loss="mape")
    assert np.isfinite(trained.loss).all()
    assert np.isnan(trained.validation_loss).all()


def test_impossible_problems_are_refused() -> None:
    problem = make_problem()
    with pytest.raises(ValueError, match="loss must be one of"):
        train(problem, epochs=1, batch_size=BATCH, loss="mpae")
    with pytest.raises(ValueError, match="finite"):
        dataclasses.replace(problem, targets=problem.targets * np.nan)
    with pytest.raises(ValueError, match="without training rows"):
        dataclasses.replace(problem, training_rows=[np.array([], dtype=int)])
