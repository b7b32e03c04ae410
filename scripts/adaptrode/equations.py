"""What a table holds, and how its columns follow from one another."""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.physics import EQUATIONS, Array

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True)
class TableDescription:
    """What a raw table holds and what the clean table shall hold.

    Parameters
    ----------
    features, properties
        The clean table's columns, in this order.
    measurements
        Other raw columns, which equations and relations need.
    headers
        What a column is called in the file, where it is not called by its name.
    equations
        Column name to a name in `adaptrode.physics.EQUATIONS`; applied where the file
        does not have the column itself.
    constants
        Arguments of equations that are the same in every row.
    relations
        What must hold in every row, as ``"a > b"`` (or ``<``, ``>=``, ``<=``) between
        columns, constants or numbers.
    group, identifier
        Text columns: rows that belong together, and the name of a row.
    """

    features: Sequence[Variable]
    properties: Sequence[Variable]
    measurements: Sequence[Variable] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    equations: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, float] = field(default_factory=dict)
    relations: Sequence[str] = ()
    group: str | None = None
    identifier: str | None = None

    @property
    def variables(self) -> dict[str, Variable]:
        """Every declared column of numbers by name."""
        return {v.name: v for v in (*self.features, *self.properties, *self.measurements)}

    @property
    def columns(self) -> list[str]:
        """The clean table's columns of numbers."""
        return [v.name for v in (*self.features, *self.properties)]

    def header(self, name: str) -> str:
        """What a column is called in the file."""
        return self.headers.get(name, name)

    def expected_headers(self) -> list[str]:
        """Every name that the file's header may hold."""
        names = [*self.variables, *filter(None, (self.group, self.identifier))]
        return [self.header(name) for name in names]


@dataclass(frozen=True)
class Step:
    """One application of an equation: the column it gives and what it takes."""

    name: str
    equation: Callable[..., Array]
    arguments: tuple[str, ...]

    def values(self, table: pd.DataFrame, constants: Mapping[str, float]) -> Array:
        """The new column; a division by zero gives an infinity, not an error."""
        with np.errstate(all="ignore"):
            found = {n: table[n] if n in table else constants[n] for n in self.arguments}
            return np.asarray(self.equation(**found), dtype=np.float64)


@dataclass(frozen=True)
class Relation:
    """An order between two columns, constants or numbers."""

    text: str
    left: str | float
    symbol: str
    right: str | float

    @property
    def columns(self) -> list[str]:
        """The columns that it compares."""
        return [side for side in (self.left, self.right) if isinstance(side, str)]

    def holds(self, table: pd.DataFrame) -> pd.Series[bool]:
        """Which rows satisfy the relation, or lack a number to tell."""
        left, right = (table[s] if isinstance(s, str) else s for s in (self.left, self.right))
        satisfied: pd.Series[bool] = _OPERATORS[self.symbol](left, right)
        return satisfied | table[self.columns].isna().any(axis=1)


def derivation(
    description: TableDescription, in_file: Callable[[str], bool]
) -> tuple[list[str], list[Step]]:
    """Which columns to read, and which equations to apply in this order.

    A column that the file has itself is read, whatever equation there is for it.

    Parameters
    ----------
    description
        What the clean table shall hold.
    in_file
        Whether the file has a column, by its name in the description.

    Raises
    ------
    InputError
        When an equation is unknown, lacks an argument or depends on itself.
    """
    read: list[str] = []
    steps: list[Step] = []

    def need(name: str, asking: tuple[str, ...]) -> None:
        if name in read or any(step.name == name for step in steps):
            return
        if in_file(name) or name not in description.equations:
            read.append(name)
            return
        if name in asking:
            raise InputError(
                "the equations go round in a circle",
                column=name,
                found=" <- ".join([*asking, name]),
                mend="give one of these columns in the file",
            )
        chosen = description.equations[name]
        if chosen not in EQUATIONS:
            raise InputError(
                "there is no such equation",
                column=name,
                found=chosen,
                allowed=", ".join(EQUATIONS),
                mend="choose one of these under `equations` in the config",
            )
        arguments = tuple(inspect.signature(EQUATIONS[chosen]).parameters)
        for argument in arguments:
            if argument in description.variables:
                need(argument, (*asking, name))
            elif argument not in description.constants:
                raise InputError(
                    f"the equation '{chosen}' lacks '{argument}'",
                    column=name,
                    allowed="a feature, property, measurement or constant",
                    mend=f"declare '{argument}' under `measurements` or `constants`, or give "
                    f"the column '{description.header(name)}' in the file",
                )
        steps.append(Step(name, EQUATIONS[chosen], arguments))

    for name in description.columns:
        need(name, ())
    return read, steps


def parse_relation(text: str, description: TableDescription) -> Relation:
    """Understand ``"a > b"``.

    Raises
    ------
    InputError
        When it is no such relation or names something that the description does not.
    """
    parts = re.fullmatch(r"\s*([^\s<>=]+)\s*(>=|<=|>|<)\s*([^\s<>=]+)\s*", text)
    if parts is None:
        raise InputError(
            "the relation cannot be understood",
            found=repr(text),
            allowed="two columns with >, <, >= or <= between them",
            mend="mend it under `relations` in the config",
        )

    def side(name: str) -> str | float:
        if name in description.variables:
            return name
        try:
            return float(description.constants.get(name, name))
        except ValueError:
            raise InputError(
                "the relation names something unknown",
                found=f"'{name}' in '{text}'",
                allowed=", ".join([*description.variables, *description.constants]),
                mend="mend it under `relations` in the config",
            ) from None

    relation = Relation(text, side(parts[1]), parts[2], side(parts[3]))
    if not relation.columns:
        raise InputError(
            "the relation compares no column",
            found=repr(text),
            mend="delete it under `relations` in the config",
        )
    return relation
