"""A method of the registry as a scikit-learn estimator, its domain of validity, its export.

A method learns anew whenever it is asked (tables are small), so that an exported model is
the rows that it learns from, its name and its settings: a folder that `load` turns into
an estimator again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin

from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.files import read_table, write_table, write_text
from adaptrode.networks import AdaptedStack, NetworkStack, load_stacks, save_stacks
from adaptrode.rivals import Array, Groups, Source, Task
from adaptrode.selection import named
from adaptrode.splits import ALL

MODEL, TARGET, SOURCE, NETWORKS = "model.json", "target.parquet", "source.parquet", "networks.npz"


class RegistryRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A method of the registry with scikit-learn's ``fit`` and ``predict``.

    Parameters
    ----------
    method, settings
        Its name in `adaptrode.selection.METHODS` and what differs from its defaults.
    source
        What it may learn of the source; clones share it, with what was made of it.
    seed
        Of its draws.
    grouped
        Whether the last column of ``X`` is the code of the row's group. Predictions are
        then for rows of other groups, whatever the code; it may be left out there.
    log
        Whether ``y`` and what is predicted are logarithms; the method itself is given and
        gives the property as it is.
    ahead
        Rows, as in ``X``, that will be asked for later: what is learnt for the first rows
        asked for then serves them too.
    """

    def __init__(
        self,
        method: str,
        settings: Mapping[str, Any] | None = None,
        source: Source | None = None,
        seed: int = 0,
        grouped: bool = False,
        log: bool = False,
        ahead: Array | None = None,
    ) -> None:
        self.method = method
        self.settings = settings
        self.source = source
        self.seed = seed
        self.grouped = grouped
        self.log = log
        self.ahead = ahead

    def __sklearn_clone__(self) -> RegistryRegressor:
        return type(self)(**self.get_params(deep=False))

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keep the rows, [rows, features] in raw units; raise `InputError` as the method does."""
        inputs, groups = self._apart(X)
        values = np.asarray(y, dtype=np.float64)
        observed = np.exp(values) if self.log else values
        self.task_ = Task(inputs, observed, groups, self.source, self.seed)
        self.ahead_: Array | None = None
        named(self.method).check(self.settings or {})
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Learn from the rows kept and predict, [rows]."""
        rows = np.asarray(X, dtype=np.float64)
        if self.ahead is None:
            return self._predict(rows)
        if self.ahead_ is None:
            both = self._predict(np.vstack([rows, self.ahead]))
            self.ahead_ = both[len(rows) :]
            return both[: len(rows)]
        return self.ahead_ if np.array_equal(rows, self.ahead) else self._predict(rows)

    def _predict(self, rows: Array) -> Array:
        inputs = rows[:, : self.task_.inputs.shape[1]]
        predicted = named(self.method).fit_predict(self.task_, inputs, self.settings)
        # A method may go below zero where logarithms cannot: see `logarithms`.
        return logarithms(predicted, self.task_.observed) if self.log else predicted

    def _apart(self, X: ArrayLike) -> tuple[Array, Groups | None]:
        rows = np.asarray(X, dtype=np.float64)
        return (rows[:, :-1], rows[:, -1]) if self.grouped else (rows, None)


def logarithms(predicted: ArrayLike, observed: Array) -> Array:
    """Logarithms of predictions, which count as a tenth of the least observed at least."""
    return np.asarray(np.log(np.maximum(predicted, observed.min() / 10.0)))


def with_groups(inputs: Array, groups: Groups | None) -> Array:
    """[rows, features] with the groups' codes as a last column, where there are any."""
    if groups is None:
        return inputs
    return np.column_stack([inputs, np.unique(groups, return_inverse=True)[1]])


def source_of(
    clean: pd.DataFrame,
    features: Sequence[str],
    name: str,
    group: str | None = None,
    networks: NetworkStack | None = None,
) -> Source:
    """All rows of a source; its network is the median over ``networks``.

    Parameters
    ----------
    clean
        The source's clean table.
    features, name
        The columns to learn from and the property.
    group
        The column of groups, where whole ones are held out.
    networks
        Trained on the source, in any number.
    """
    known = clean[np.isfinite(clean[name])]
    return Source(
        known[list(features)].to_numpy(np.float64),
        known[name].to_numpy(np.float64),
        None if group is None else known[group].to_numpy(dtype=str),
        None if networks is None else MedianNetwork(networks),
    )


def pretrained(path: str | Path, scheme: str, recipe: str) -> NetworkStack:
    """The source's networks of all repeats of one scheme and recipe, from their file."""
    try:
        return load_stacks(path)["pretrained"].select(scheme=scheme, size=ALL, recipe=recipe)
    except KeyError:
        raise InputError(
            "there are no such networks of the source",
            file=path,
            found=f"scheme {scheme}, recipe {recipe}",
            mend="train them, or leave the networks out",
        ) from None


@dataclass(frozen=True)
class MedianNetwork:
    """Answers the median of what many networks answer."""

    networks: NetworkStack

    def __call__(self, inputs: Array) -> Array:
        """[rows, features] to [rows]."""
        return np.asarray(np.median(self.networks.predict(inputs), axis=0))


@dataclass(frozen=True)
class Adapters:
    """The adapters of all repeats, and which rows each has not been trained on.

    Parameters
    ----------
    networks
        [networks].
    held_out
        [networks, rows], in the order of the clean table's rows.
    """

    networks: AdaptedStack
    held_out: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        stacks: Mapping[str, NetworkStack],
        clean: pd.DataFrame,
        splits: pd.DataFrame,
        scheme: str,
        recipe: str,
    ) -> Adapters:
        """From a target's networks and splits.

        Raises
        ------
        InputError
            When there are no such adapters.
        """
        try:
            adapted = AdaptedStack(stacks["frozen"], stacks["adapter"])
            adapted = adapted.select(scheme=scheme, size=ALL, recipe=recipe)
        except KeyError:
            raise InputError(
                "there are no such adapters",
                found=f"scheme {scheme}, recipe {recipe}",
                mend="train them, or leave the networks out",
            ) from None
        test = splits[
            (splits["scheme"] == scheme) & (splits["size"] == ALL) & (splits["role"] == "test")
        ]
        rows = test.groupby("repeat")["row"].agg(set)
        repeats = adapted.members["repeat"]
        if not set(repeats) <= set(rows.index):
            raise InputError(
                "networks and splits do not belong together", mend="run `snakemake` again"
            )
        held_out = np.array([clean["row"].isin(rows[repeat]).to_numpy() for repeat in repeats])
        return cls(adapted, held_out)


@dataclass(frozen=True)
class Validity:
    """Between which values of each feature a model has seen rows.

    Parameters
    ----------
    features
        Their names.
    low, high
        [features], the least and the greatest of them.
    """

    features: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of(cls, features: Sequence[str], *tables: ArrayLike) -> Validity:
        """Of all the rows of these tables, each [rows, features]."""
        rows = np.vstack([np.asarray(table, dtype=np.float64) for table in tables])
        return cls(tuple(features), rows.min(axis=0), rows.max(axis=0))

    def outside(self, inputs: ArrayLike) -> list[str]:
        """For each row the names of the features that lie outside, with commas between."""
        rows = np.asarray(inputs, dtype=np.float64)
        beyond = (rows < self.low) | (rows > self.high)
        names = np.array(self.features, dtype=object)
        return [", ".join(names[row]) for row in beyond]

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Each feature's least and greatest value."""
        pairs = zip(self.low.tolist(), self.high.tolist(), strict=True)
        return dict(zip(self.features, pairs, strict=True))


def save(
    folder: str | Path,
    regressor: RegistryRegressor,
    features: Sequence[str],
    target: Variable,
) -> None:
    """Write what a fitted regressor learns from into a folder, for `load`."""
    folder = Path(folder)
    task = regressor.task_
    source = task.source
    about = {
        "method": regressor.method,
        # The defaults too: a later version may have others.
        "settings": {**named(regressor.method).defaults, **(regressor.settings or {})},
        "seed": regressor.seed,
        "features": list(features),
        "property": target.name,
        "unit": target.unit,
        "grouped": regressor.grouped,
    }
    write_table(_table(task.inputs, task.observed, task.groups, features, target), folder / TARGET)
    if source is not None:
        made = _table(source.inputs, source.observed, source.groups, features, target)
        write_table(made, folder / SOURCE)
        if isinstance(source.predict, MedianNetwork):
            save_stacks({"source": source.predict.networks}, folder / NETWORKS)
    # Last: a folder without it is none.
    write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", folder / MODEL)


def load(folder: str | Path) -> RegistryRegressor:
    """A fitted regressor from a folder; features in raw units, in the order of its record.

    Raises
    ------
    InputError
        When the folder holds no model.
    """
    folder = Path(folder)
    try:
        about = json.loads((folder / MODEL).read_text("utf-8"))
    except (OSError, ValueError):
        raise InputError(
            "no model can be read from this folder",
            file=folder,
            allowed=f"a folder that export_model.py wrote, with {MODEL}",
        ) from None
    features, name = about["features"], about["property"]
    group = "group" if about["grouped"] else None
    target = read_table(folder / TARGET)
    source = None
    if (folder / SOURCE).exists():
        networks = folder / NETWORKS
        stack = load_stacks(networks)["source"] if networks.exists() else None
        table = read_table(folder / SOURCE)
        named_group = group if "group" in table else None
        source = source_of(table, features, name, named_group, stack)
    regressor = RegistryRegressor(
        about["method"], about["settings"], source, about["seed"], about["grouped"]
    )
    inputs = target[features].to_numpy(np.float64)
    groups = None if group is None else target[group].to_numpy(dtype=str)
    return regressor.fit(with_groups(inputs, groups), target[name].to_numpy(np.float64))


def _table(
    inputs: Array, observed: Array, groups: Groups | None, features: Sequence[str], target: Variable
) -> pd.DataFrame:
    table = pd.DataFrame(inputs, columns=list(features)).assign(**{target.name: observed})
    return table if groups is None else table.assign(group=groups.astype(str))
