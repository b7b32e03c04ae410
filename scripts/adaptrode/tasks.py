"""What there is to train: a domain's rows, their splits, and how networks are trained."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from adaptrode import files
from adaptrode.errors import InputError
from adaptrode.measured import measured
from adaptrode.networks import NetworkStack
from adaptrode.splits import ALL

logger = logging.getLogger("adaptrode")

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

# Whose rows a source network's features are scaled on where it predicts a target: the
# source's, the target's own, or those of the source and all targets, in training as well.
SCALINGS = ("source", "domain", "pooled")


@dataclass(frozen=True)
class Recipe:
    """What the paper leaves unstated about training.

    Parameters
    ----------
    restarts
        First weights tried per split; the network with the lowest final training plus
        validation loss is kept.
    property_scale
        ``none``, or ``median``: networks learn the property over its median.
    output_bias
        ``zero``, or ``median``: where the last layer's bias starts.
    adapter_input
        ``raw``, or ``standardised``: how adapters see the frozen network's prediction.
    """

    name: str
    learning_rate: float
    restarts: int
    property_scale: str
    output_bias: str
    adapter_input: str

    @classmethod
    def many(cls, records: Sequence[Mapping[str, Any]]) -> list[Recipe]:
        """Recipes from JSON records such as a script's option holds; the headline first."""
        return [cls(**record) for record in records]


@dataclass(frozen=True)
class Schedule:
    """Settings that all networks of a study share; ``seed`` is the pipeline's.

    ``taken`` is filled while networks are trained: method to CPU seconds per network that
    was kept, with its restarts and its share of the compilation.
    """

    epochs: int
    batch_size: int
    loss: str
    seed: int
    threads: int = 1
    taken: dict[str, float] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Split:
    """Positions in a table of a split's rows.

    ``training`` are the rows that weights are fitted to, ``known`` these and the
    validation rows. Scales and medians come from ``known``, as in the paper, where the
    validation rows are taken out of the training set by ``fit``. Rows that a smaller size
    leaves out are in none of the three.
    """

    scheme: str
    size: str
    repeat: int
    training: Rows
    validation: Rows
    test: Rows

    @property
    def known(self) -> Rows:
        """Training and validation rows, in the table's order."""
        return np.sort(np.concatenate([self.training, self.validation]))


@dataclass(frozen=True)
class Task:
    """One domain's rows of one property, and how they are split.

    Parameters
    ----------
    study, property, domain
        Names; the random draws depend on them.
    inputs, observed
        [rows, features] and [rows], in raw units.
    splits
        In the order of the splits table.
    """

    study: str
    property: str
    domain: str
    inputs: Array
    observed: Array
    splits: list[Split]

    def whole(self, like: Split) -> Split:
        """The split of all rows with the scheme and repeat of a split of another domain.

        Raises
        ------
        InputError
            When there is none.
        """
        for split in self.splits:
            if (split.scheme, split.size, split.repeat) == (like.scheme, ALL, like.repeat):
                return split
        raise InputError(
            f"'{self.domain}' lacks a split that another domain of the study has",
            found=f"scheme {like.scheme}, repeat {like.repeat}",
            mend="delete the splits tables and run `snakemake` again",
        )


def task(
    study: str,
    property_name: str,
    domain: str,
    table: pd.DataFrame,
    splits: pd.DataFrame,
    features: Sequence[str],
) -> Task:
    """Bring a domain's clean table and its splits table together.

    Rows that lack the property are left out.

    Raises
    ------
    InputError
        When a column is missing, a split names a row that the table has not, or a split
        has no training or no test rows with the property.
    """
    for column in ("row", *features, property_name):
        if column not in table.columns:
            raise InputError(
                f"the clean table of '{domain}' lacks a column",
                column=column,
                allowed=", ".join(map(str, table.columns)),
                mend="name the same features and properties in the config as in the raw table",
            )
    unknown = sorted(set(splits["row"]) - set(table["row"]))
    if unknown:
        raise InputError(
            f"the splits of '{domain}' name rows that its clean table has not",
            column="row",
            found=unknown[:5],
            mend="delete the splits table and run `snakemake` again",
        )
    table, splits = measured(table, splits, property_name, domain)
    position = pd.Series(np.arange(len(table)), index=table["row"].to_numpy())
    made = []
    keys: Any
    for keys, rows in splits.groupby(["scheme", "size", "repeat"], sort=False):
        scheme, size, repeat = keys
        of_role = {
            role: position[rows.loc[rows["role"] == role, "row"]].to_numpy(dtype=np.intp)
            for role in ("train", "validation", "test")
        }
        if not len(of_role["train"]):
            raise InputError(
                f"the split {scheme}/{size}/{repeat} of '{domain}' has no training row",
                mend="lower `test_fraction` or `validation_fraction` in the config",
            )
        made.append(Split(str(scheme), str(size), int(repeat), *of_role.values()))
    return Task(
        study,
        property_name,
        domain,
        table[list(features)].to_numpy(dtype=np.float64),
        table[property_name].to_numpy(dtype=np.float64),
        made,
    )


def read(
    study: str,
    property_name: str,
    clean: Path,
    splits: Path,
    features: Sequence[str],
    domain: str | None = None,
) -> Task:
    """As `task`, from its files; a domain without a name is called as its clean table."""
    tables = files.read_table(clean), files.read_table(splits)
    return task(study, property_name, domain or clean.stem, *tables, features)


def standardisation(values: Array) -> tuple[Array, Array]:
    """Mean and population standard deviation per column, 1 for a constant column.

    A scale of exactly 1 marks a constant column: see `NetworkStack.constant_inputs`.
    """
    constant = (values == values[0]).all(axis=0)
    shift = np.where(constant, values[0], values.mean(axis=0))
    deviation = values.std(axis=0)
    varying = np.where(deviation == 1.0, np.nextafter(1.0, 2.0), deviation)
    return shift, np.where(constant | (deviation == 0.0), 1.0, varying)


def warn_of_constant_features(
    pretrained: NetworkStack, target: Task, features: Sequence[str]
) -> list[str]:
    """Log features that the source never varies and the target does; return their names.

    The first-layer weights of such a feature never train, yet act on the target.
    """
    named = []
    for index, feature in enumerate(features):
        still = pretrained.constant_inputs[:, index]
        if still.any() and np.ptp(target.inputs[:, index]) > 0:
            named.append(feature)
            logger.warning(
                "%s does not vary in the training rows of %d of the %d source networks but does "
                "in %s: their weights of it are untrained",
                feature,
                still.sum(),
                len(still),
                target.domain,
            )
    return named
