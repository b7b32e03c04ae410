"""Many networks trained at once, each as Keras' ``fit`` would train it alone.

The members of a `Problem` share their shape and nothing else. Their weights are
stacked with the members on the last axis, so that every operation of the one compiled
loop runs along members; no operation mixes them. A member's result is therefore
the same to the last bit whichever other members are trained beside it and however many
threads are used.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from adaptrode import progress

Array = NDArray[np.floating[Any]]
Rows = NDArray[np.integer[Any]]
Loss = Literal["mape", "mae", "mse"]
LOSSES: tuple[str, ...] = ("mape", "mae", "mse")

# XLA vectorises a layer along members only where its activations, units times rows of a
# batch times members, are at least so many numbers (measured, TensorFlow 2.21: 3 times slower
# and slower to compile just below it; with many more the activations leave the cache).
_VECTORISED = 32768
# Batch orders handed to one call, in bytes; longer trainings are split by epochs.
_ORDER_BYTES = 64_000_000

# Keras' defaults for Adam and its guard against division by zero.
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7


@dataclass(frozen=True)
class Problem:
    """Networks of one shape, each with its own rows, first weights and batches.

    Parameters
    ----------
    kernels, biases
        First weights per layer, [members, fan_in, fan_out] and [members, fan_out].
    inputs, targets
        [datasets, rows, inputs] and [datasets, rows], scaled as the networks see them.
    training_rows, validation_rows
        Per dataset the positions of its rows in ``inputs``; no validation rows are allowed.
    dataset_of_member
        [members], which dataset each network is trained on.
    learning_rate
        [members].
    batch_order
        Gives for a member its training rows in the order of every epoch,
        [epochs, training rows]; batches are consecutive pieces of it.
    """

    kernels: tuple[Array, ...]
    biases: tuple[Array, ...]
    inputs: Array
    targets: Array
    training_rows: Sequence[Rows]
    validation_rows: Sequence[Rows]
    dataset_of_member: Rows
    learning_rate: Array
    batch_order: Callable[[int], Rows]

    def __post_init__(self) -> None:
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.targets).all()):
            raise ValueError("inputs and targets must be finite")
        if any(len(rows) == 0 for rows in self.training_rows):
            raise ValueError("a dataset without training rows")

    def __len__(self) -> int:
        return len(self.dataset_of_member)


@dataclass(frozen=True)
class Trained:
    """What training gives: weights as in `Problem`, losses [members, epochs].

    ``loss`` is what Keras' ``fit`` reports, the mean over an epoch's rows while the
    weights change; ``validation_loss`` follows at the end of the epoch and is NaN without
    validation rows.
    """

    kernels: tuple[Array, ...]
    biases: tuple[Array, ...]
    loss: Array
    validation_loss: Array


def train(
    problem: Problem,
    *,
    epochs: int,
    batch_size: int,
    loss: str,
    trainable: Sequence[bool] | None = None,
    threads: int = 1,
    dtype: Literal["float32", "float64"] = "float32",
) -> Trained:
    """Train every network of a problem by Adam as Keras 3 computes it.

    A last batch that is not full is averaged over its own rows. Networks with fewer
    batches than others stand still, weights and moments alike, while these go on.

    Parameters
    ----------
    loss
        mape (in %), mae or mse.
    trainable
        Per layer whether it is trained; all are by default.
    threads
        Processor cores used; it does not change the result.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", 2015, in the form of
    ``keras.optimizers.Adam`` (Keras 3).
    """
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {LOSSES}, not {loss!r}")
    layers = len(problem.kernels)
    trained_layers = tuple(trainable) if trainable is not None else (True,) * layers
    run = _compiled(loss, trained_layers, batch_size)
    rows = np.array([len(rows) for rows in problem.training_rows])[problem.dataset_of_member]
    # Members with equally many batches side by side: fewer of them stand still.
    order = np.argsort(rows, kind="stable")
    size = chunk_size([bias.shape[1] for bias in problem.biases], batch_size)
    chunks = [order[start : start + size] for start in range(0, len(order), size)]
    steps = math.ceil(int(rows.max()) / batch_size)
    train_chunk = functools.partial(
        _train_chunk,
        run,
        problem,
        size=size,
        epochs=epochs,
        batch_size=batch_size,
        steps=steps,
        dtype=dtype,
    )
    with ThreadPoolExecutor(threads) as pool:
        work = pool.map(train_chunk, chunks)
        results = list(progress.steps(work, len(chunks), f"training {len(order)} networks"))
    back = np.argsort(order, kind="stable")
    weights = [
        np.concatenate([parts[index] for parts, _, _ in results])[back]
        for index in range(2 * layers)
    ]
    return Trained(
        kernels=tuple(weights[0::2]),
        biases=tuple(weights[1::2]),
        loss=np.concatenate([losses for _, losses, _ in results])[back],
        validation_loss=np.concatenate([losses for _, _, losses in results])[back],
    )


def chunk_size(layers: Sequence[int], batch_size: int) -> int:
    """How many networks with these layers one call of the compiled loop trains.

    It depends on nothing else, so that a network's result does not either.
    """
    narrowest = min(layers[:-1], default=1)
    return 32 * math.ceil(_VECTORISED / (32 * batch_size * narrowest))


def tensorflow() -> Any:
    """TensorFlow, imported at first use and held to the calling thread.

    Threads are made by `train` around it: work that XLA splits by itself depends in its
    rounding on the number of threads.
    """
    if "tensorflow_ready" not in _state:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        # Not used by XLA; on, it greets every job on standard error.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
        import tensorflow as tf

        # It warns of traces that new shapes need.
        tf.get_logger().setLevel("ERROR")
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(os.cpu_count() or 1)
        tf.config.set_visible_devices([], "GPU")
        _state["tensorflow_ready"] = tf
    return _state["tensorflow_ready"]


_state: dict[str, Any] = {}


def _train_chunk(
    run: Callable[..., Any],
    problem: Problem,
    members: Rows,
    *,
    size: int,
    epochs: int,
    batch_size: int,
    steps: int,
    dtype: str,
) -> tuple[list[Array], Array, Array]:
    """Train up to ``size`` members; the rest of the chunk is filled with empty ones."""
    dataset = problem.dataset_of_member[members]
    length = steps * batch_size
    # [inputs + 1, rows, members]; the targets are the last "input".
    both = np.concatenate([problem.inputs[dataset], problem.targets[dataset][..., None]], axis=2)
    data = _members_last(both.transpose(2, 1, 0), size, dtype)
    weights = [
        _members_last(np.moveaxis(array[members], 0, -1), size, dtype)
        for pair in zip(problem.kernels, problem.biases, strict=True)
        for array in pair
    ]
    validation = np.full(
        (max(1, *(len(rows) for rows in problem.validation_rows)), size), -1, np.int32
    )
    for column, index in enumerate(dataset):
        rows = problem.validation_rows[index]
        validation[: len(rows), column] = rows
    # Keras holds the learning rate in float32 whatever the weights' type.
    rate = _members_last(problem.learning_rate[members].astype(np.float32), size, dtype)
    own_steps = math.ceil(max(len(problem.training_rows[index]) for index in dataset) / batch_size)

    calls = math.ceil(epochs * length * size * 4 / _ORDER_BYTES)
    span = math.ceil(epochs / calls)
    # Weights, Adam's two moments, and the number of batches done.
    moments = [[np.zeros_like(weight) for weight in weights] for _ in range(2)]
    state: Any = (weights, *moments, np.zeros(size, dtype))
    losses, validation_losses = [], []
    for start in range(0, epochs, span):
        order = np.full((size, span, length), -1, np.int32)
        for row, (member, index) in enumerate(zip(members, dataset, strict=True)):
            piece = problem.batch_order(int(member))[start : min(start + span, epochs)]
            order[row, : len(piece), : len(problem.training_rows[index])] = piece
        state, loss, validation_loss = run(
            data, order, np.int32(own_steps), validation, rate, state
        )
        losses.append(loss.numpy())
        validation_losses.append(validation_loss.numpy())
    count = len(members)
    return (
        [np.moveaxis(weight.numpy()[..., :count], -1, 0) for weight in state[0]],
        np.concatenate(losses)[:epochs, :count].T,
        np.concatenate(validation_losses)[:epochs, :count].T,
    )


def _members_last(array: Array, size: int, dtype: str) -> Array:
    full = np.zeros((*array.shape[:-1], size), dtype)
    full[..., : array.shape[-1]] = array
    return full


@functools.cache
def _compiled(loss: str, trainable: tuple[bool, ...], batch_size: int) -> Callable[..., Any]:
    """The training loop as one XLA program; all arrays have the members last."""
    tf = tensorflow()
    trained = [
        index for index, on in enumerate(trainable) for index in (2 * index, 2 * index + 1) if on
    ]

    def predict(weights: list[Any], inputs: Any) -> Any:
        values = inputs
        for layer in range(0, len(weights), 2):
            # A product and a sum, not a matrix product: XLA vectorises it along members.
            values = tf.reduce_sum(values[:, None] * weights[layer][:, :, None], axis=0)
            values += weights[layer + 1][:, None]
            if layer < len(weights) - 2:
                values = tf.nn.relu(values)
        return values[0]

    def error_of(predicted: Any, observed: Any) -> Any:
        if loss == "mse":
            return tf.square(predicted - observed)
        if loss == "mae":
            return tf.abs(observed - predicted)
        return 100.0 * tf.abs((observed - predicted) / tf.maximum(tf.abs(observed), _EPSILON))

    def gather(data: Any, rows: Any) -> tuple[Any, Any, Any, Any]:
        """Inputs, targets, which rows count, and how many of them."""
        members = data.shape[2]
        flat = tf.reshape(data, (data.shape[0], -1))
        index = tf.maximum(rows, 0) * members + tf.range(members)
        chosen = tf.gather(flat, index, axis=1)
        counts = tf.cast(rows >= 0, data.dtype)
        return chosen[:-1], chosen[-1], counts, tf.reduce_sum(counts, axis=0)

    def step(data: Any, rows: Any, rate: Any, state: Any) -> Any:
        """One batch of every member: the state after it, summed errors, their number."""
        weights, momentum, velocity, done = (
            list(state[0]),
            list(state[1]),
            list(state[2]),
            state[3],
        )
        inputs, observed, counts, count = gather(data, rows)
        with tf.GradientTape() as tape:
            tape.watch(weights)
            total = tf.reduce_sum(counts * error_of(predict(weights, inputs), observed), axis=0)
            mean = total / tf.maximum(count, 1.0)
        gradients = tape.gradient(mean, weights)
        active = count > 0
        done += tf.cast(active, done.dtype)
        # Keras rounds the betas of the bias correction to float32.
        power_1 = tf.pow(tf.cast(np.float32(_BETA_1), done.dtype), done)
        power_2 = tf.pow(tf.cast(np.float32(_BETA_2), done.dtype), done)
        alpha = rate * tf.sqrt(1.0 - power_2) / (1.0 - power_1)
        for index in trained:
            gradient = gradients[index]
            m = momentum[index] + (gradient - momentum[index]) * (1.0 - _BETA_1)
            v = velocity[index] + (tf.square(gradient) - velocity[index]) * (1.0 - _BETA_2)
            w = weights[index] - m * alpha / (tf.sqrt(v) + _EPSILON)
            momentum[index] = tf.where(active, m, momentum[index])
            velocity[index] = tf.where(active, v, velocity[index])
            weights[index] = tf.where(active, w, weights[index])
        return (weights, momentum, velocity, done), total, count

    def run(data: Any, order: Any, steps: Any, validation: Any, rate: Any, state: Any) -> Any:
        """All epochs of ``order`` [members, epochs, rows]: the state and the losses after it."""
        epochs, members = order.shape[1], order.shape[0]
        held_inputs, held_targets, held_counts, held_count = gather(data, validation)
        nothing = tf.zeros(members, data.dtype)
        empty = tf.zeros((epochs, members), data.dtype)

        def epoch(number: Any, state: Any, losses: Any, held_losses: Any) -> Any:
            rows = tf.transpose(order[:, number])

            def batch(at: Any, state: Any, total: Any, count: Any) -> Any:
                chosen = tf.slice(rows, (at * batch_size, 0), (batch_size, members))
                state, batch_total, batch_count = step(data, chosen, rate, state)
                return at + 1, state, total + batch_total, count + batch_count

            _, state, total, count = tf.while_loop(
                lambda at, *_: at < steps, batch, (tf.constant(0), state, nothing, nothing)
            )
            held = held_counts * error_of(predict(state[0], held_inputs), held_targets)
            held_loss = tf.reduce_sum(held, axis=0) / held_count
            at = tf.reshape(number, (1, 1))
            losses = tf.tensor_scatter_nd_update(losses, at, (total / count)[None])
            held_losses = tf.tensor_scatter_nd_update(held_losses, at, held_loss[None])
            return number + 1, state, losses, held_losses

        return tf.while_loop(
            lambda number, *_: number < epochs, epoch, (tf.constant(0), state, empty, empty)
        )[1:]

    return tf.function(run, jit_compile=True, autograph=False)  # type: ignore[no-any-return]
