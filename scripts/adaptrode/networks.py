"""Trained networks of one shape, many at a time, evaluated with NumPy alone."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from adaptrode.errors import InputError
from adaptrode.files import atomic

MEMBER_COLUMNS = ("scheme", "size", "recipe", "repeat", "restart", "loss", "validation_loss")
_FIELDS = ("input_shift", "input_scale", "output_scale")


@dataclass(frozen=True)
class NetworkStack:
    """Fully connected networks of one shape, stacked on a leading axis.

    Every hidden layer is rectified, the output is linear and single.

    Parameters
    ----------
    kernels, biases
        Per layer [members, fan_in, fan_out] and [members, fan_out].
    input_shift, input_scale
        [members, inputs]; the first layer sees ``(inputs - shift) / scale``.
    output_scale
        [members]; the prediction is the last layer times this.
    members
        One row a member: scheme, size, recipe, repeat, restart, loss and
        validation_loss at the end of training.
    """

    kernels: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    input_shift: NDArray[np.float64]
    input_scale: NDArray[np.float64]
    output_scale: NDArray[np.float64]
    members: pd.DataFrame

    def __len__(self) -> int:
        return len(self.members)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Units per layer, from the inputs to the output, e.g. (6, 4, 4, 4, 4, 1)."""
        return (self.kernels[0].shape[1], *(kernel.shape[2] for kernel in self.kernels))

    @property
    def parameter_count(self) -> int:
        """Number of weights and biases of one member."""
        return sum(array[0].size for array in (*self.kernels, *self.biases))

    @property
    def constant_inputs(self) -> NDArray[np.bool_]:
        """[members, inputs], which inputs did not vary where they were standardised."""
        return np.equal(self.input_scale, 1.0)

    def predict(self, inputs: ArrayLike) -> NDArray[np.float64]:
        """What every member answers, in the unit of the property.

        Computed in float64 from the stored weights.

        Parameters
        ----------
        inputs
            In raw units: [rows, inputs] for all members alike, or
            [members, rows, inputs].

        Returns
        -------
        [members, rows]
        """
        values = np.asarray(inputs, dtype=np.float64)
        values = (values - self.input_shift[:, None]) / self.input_scale[:, None]
        last = len(self.kernels) - 1
        for layer, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            values = values @ kernel.astype(np.float64) + bias[:, None].astype(np.float64)
            if layer < last:
                values = np.maximum(values, 0.0)
        return np.asarray(values[..., 0] * self.output_scale[:, None])

    def take(self, positions: ArrayLike) -> NetworkStack:
        """The members at these positions, in this order."""
        index = np.asarray(positions, dtype=np.intp)
        return NetworkStack(
            kernels=tuple(kernel[index] for kernel in self.kernels),
            biases=tuple(bias[index] for bias in self.biases),
            input_shift=self.input_shift[index],
            input_scale=self.input_scale[index],
            output_scale=self.output_scale[index],
            members=self.members.iloc[index].reset_index(drop=True),
        )

    def select(self, **where: object) -> NetworkStack:
        """The members with these values, e.g. ``select(scheme="row", repeat=0)``.

        Raises
        ------
        KeyError
            When no member has them.
        """
        return self.take(_positions(self.members, where))

    def matching(self, members: pd.DataFrame, columns: tuple[str, ...]) -> NetworkStack:
        """For each row of ``members`` the one member that agrees with it in ``columns``.

        Raises
        ------
        KeyError
            When a row has no such member.
        """
        keys = list(self.members[list(columns)].itertuples(index=False, name=None))
        position = {key: index for index, key in enumerate(keys)}
        if len(position) < len(keys):
            raise ValueError(f"members are not told apart by {columns}")
        wanted = members[list(columns)].itertuples(index=False, name=None)
        return self.take([position[key] for key in wanted])


@dataclass(frozen=True)
class AdaptedStack:
    """Frozen source networks followed by adapters, aligned member by member.

    An adapter's only input is its source network's prediction in the property's unit.
    """

    source: NetworkStack
    adapter: NetworkStack

    def __post_init__(self) -> None:
        if len(self.source) != len(self.adapter):
            raise ValueError(f"{len(self.source)} source networks, {len(self.adapter)} adapters")

    def __len__(self) -> int:
        return len(self.adapter)

    @property
    def members(self) -> pd.DataFrame:
        """The adapters' members."""
        return self.adapter.members

    def predict(self, inputs: ArrayLike) -> NDArray[np.float64]:
        """[members, rows] in the property's unit, as `NetworkStack.predict`."""
        return self.adapter.predict(self.source.predict(inputs)[..., None])

    def take(self, positions: ArrayLike) -> AdaptedStack:
        """The members at these positions, in this order."""
        return AdaptedStack(self.source.take(positions), self.adapter.take(positions))

    def select(self, **where: object) -> AdaptedStack:
        """The members whose adapter has these values, as `NetworkStack.select`."""
        return self.take(_positions(self.members, where))


def _positions(members: pd.DataFrame, where: Mapping[str, object]) -> NDArray[np.intp]:
    chosen = np.ones(len(members), dtype=bool)
    for column, value in where.items():
        chosen &= (members[column] == value).to_numpy(dtype=bool)
    if not chosen.any():
        raise KeyError(f"no network with {dict(where)}")
    return np.flatnonzero(chosen)


def save_stacks(stacks: Mapping[str, NetworkStack], path: str | Path) -> None:
    """Write stacks to one ``.npz`` file whose bytes follow from the content alone."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for name, stack in stacks.items():
        for layer, (kernel, bias) in enumerate(zip(stack.kernels, stack.biases, strict=True)):
            arrays[f"{name}/kernel_{layer}"] = kernel
            arrays[f"{name}/bias_{layer}"] = bias
        for field in _FIELDS:
            arrays[f"{name}/{field}"] = getattr(stack, field)
        for column in stack.members.columns:
            values = stack.members[column]
            text = not pd.api.types.is_numeric_dtype(values)
            arrays[f"{name}/members/{column}"] = values.to_numpy(dtype=np.str_ if text else None)
    with atomic(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def load_stacks(path: str | Path) -> dict[str, NetworkStack]:
    """Read what `save_stacks` wrote.

    Raises
    ------
    InputError
        When the file is missing or not such a file.
    """
    mend = "delete it and run `snakemake` again"
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise InputError(
            "the file does not exist", file=path, mend="run `snakemake` to make it"
        ) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise InputError("no networks can be read from it", file=path, mend=mend) from error
    try:
        names = dict.fromkeys(name.split("/")[0] for name in arrays)
        return {name: _stack(name, arrays) for name in names}
    except KeyError as error:
        raise InputError(
            "the networks are incomplete", file=path, found=f"no {error}", mend=mend
        ) from error


def _stack(name: str, arrays: Mapping[str, NDArray[np.generic]]) -> NetworkStack:
    layers = sum(key.startswith(f"{name}/kernel_") for key in arrays)
    prefix = f"{name}/members/"
    members = {
        key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)
    }
    return NetworkStack(
        kernels=tuple(_floats(arrays[f"{name}/kernel_{layer}"]) for layer in range(layers)),
        biases=tuple(_floats(arrays[f"{name}/bias_{layer}"]) for layer in range(layers)),
        input_shift=arrays[f"{name}/input_shift"].astype(np.float64),
        input_scale=arrays[f"{name}/input_scale"].astype(np.float64),
        output_scale=arrays[f"{name}/output_scale"].astype(np.float64),
        members=pd.DataFrame(members),
    )


def _floats(array: NDArray[np.generic]) -> NDArray[np.float32]:
    return array.astype(np.float32)
