"""From a laboratory's raw table to the clean rows and the rejected ones, with reasons."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from adaptrode.cells import mostly_decimal_commas, numbers, why_no_number
from adaptrode.equations import Relation, TableDescription, derivation, parse_relation
from adaptrode.errors import InputError
from adaptrode.reading import RawTable

logger = logging.getLogger("adaptrode")

# Below this no split leaves enough rows to train on, to stop by and to test with.
MINIMUM_ROWS = 8

_SLIPS = (1000.0, 0.001, 10_000.0, 0.0001, 10.0, 0.1)
_NAMELESS = ["", "nan", "n/a", "#n/a", "null"]  # but "Na" may be a campaign of sodium cells


@dataclass(frozen=True)
class Cleaned:
    """The two halves of a raw table.

    Parameters
    ----------
    rows
        ``row`` (int64), identifier and group (text), features and properties (float64),
        in the order of the raw table.
    rejected
        ``row, column, value, reason``, one line per rejected row; the column is called
        what the file calls it.
    """

    rows: pd.DataFrame
    rejected: pd.DataFrame


def clean(
    raw: RawTable, description: TableDescription, minimum_rows: int = MINIMUM_ROWS
) -> Cleaned:
    """Validate a raw table and apply the equations.

    Every row of ``raw`` ends in exactly one of the two results. A row is rejected when
    it repeats an earlier row in every cell, when a needed cell is empty or not one
    finite number, when a measured or derived value lies outside its range, when a
    property is zero (its percentage error would be undefined), when a relation does
    not hold, or when its group is not named.

    Raises
    ------
    InputError
        When a column is missing or doubled, an equation or relation names something
        unknown, or fewer than ``minimum_rows`` rows remain.
    """
    read, steps = derivation(description, lambda name: raw.has(description.header(name)))
    derived = [step.name for step in steps]
    known = [*read, *derived]
    relations = _relations(raw, description, known)
    read += dict.fromkeys(n for r in relations for n in r.columns if n not in known)
    cells = pd.DataFrame({name: raw.text(description.header(name)) for name in read})
    decimal_comma = mostly_decimal_commas((cells[name] for name in read), raw.delimiter)
    table = pd.DataFrame({name: numbers(cells[name], decimal_comma) for name in read})
    texts = (description.identifier, description.group)
    labels = [name for name in dict.fromkeys(texts) if name is not None and name not in read]
    for name in labels:
        cells[name] = table[name] = raw.text(description.header(name))

    reasons = _Reasons(description)
    for row, first in raw.duplicates().items():
        reasons.add(row, "", "", f"exact duplicate of row {first}")
    early = [relation for relation in relations if set(relation.columns) <= set(read)]
    group = description.group if description.group in labels else None
    spans = _spans(table, read, description)
    for row, name, value in _failures(table, read, early, description, group):
        if name in labels:
            reasons.add(row, name, value, "the group is not named")
        elif name not in read:
            reasons.add_relation(row, name, relations, cells)
        elif np.isnan(value):
            text = _cell(cells, row, name)
            reasons.add(row, name, text, why_no_number(text, decimal_comma))
        else:
            why = _why_not(value, name, spans[name], description)
            reasons.add(row, name, _cell(cells, row, name), why)

    good = table.drop(index=reasons.rows())
    for step in steps:
        good[step.name] = step.values(good, description.constants)
    late = [relation for relation in relations if relation not in early]
    spans = _spans(good, derived, description)
    arguments = {step.name: [n for n in step.arguments if n in good] for step in steps}
    for row, name, value in _failures(good, derived, late, description):
        if name in derived:
            why = _why_not(value, name, spans[name], description)
            origin = ", ".join(f"{n} = {_cell(good, row, n):g}" for n in arguments[name])
            reasons.add(row, name, f"{value:.6g}", f"{why}; derived from {origin}")
        else:
            reasons.add_relation(row, name, relations, good)

    rejected = reasons.table()
    kept = good.drop(index=good.index.intersection(reasons.rows()))
    if len(kept) < minimum_rows:
        raise _too_few(raw, rejected, len(kept), minimum_rows)
    for name in description.columns:
        if kept[name].min() == kept[name].max():
            logger.warning(
                "warning: %s: column '%s' is %g in every row: nothing can be learnt from it",
                *(raw.path, description.header(name), kept[name].iloc[0]),
            )
    kept = kept[[*labels, *description.columns]].reset_index(names="row")
    return Cleaned(kept.astype({"row": "int64"}), rejected)


def _relations(
    raw: RawTable, description: TableDescription, known: Sequence[str]
) -> list[Relation]:
    """The relations whose columns are known or can be read."""
    found = []
    for relation in (parse_relation(text, description) for text in description.relations):
        others = [description.header(name) for name in relation.columns if name not in known]
        if all(map(raw.has, others)):
            found.append(relation)
        else:
            # A file that gives its properties directly need not have the measurements.
            logger.info("%s: '%s' is not checked: no such columns", raw.path, relation.text)
    return found


class _Reasons:
    """Why rows are rejected, in the order in which it was found."""

    def __init__(self, description: TableDescription) -> None:
        self._description = description
        self._found: dict[int, list[tuple[str, str, str]]] = {}

    def add(self, row: Any, name: str, value: str, reason: str) -> None:
        place = (self._description.header(name), value, reason)
        self._found.setdefault(int(row), []).append(place)

    def add_relation(
        self, row: Any, text: str, relations: Iterable[Relation], table: pd.DataFrame
    ) -> None:
        columns = next(r for r in relations if r.text == text).columns
        values = {self._description.header(name): _cell(table, row, name) for name in columns}
        if any(column in values for column, _, _ in self._found.get(int(row), ())):
            return  # the value itself was refused, which says more
        listed = ", ".join(
            f"{header} = {value if isinstance(value, str) else f'{value:.6g}'}"
            for header, value in values.items()
        )
        self.add(row, columns[0], str(_cell(table, row, columns[0])), f"not {text} ({listed})")

    def rows(self) -> list[int]:
        return list(self._found)

    def table(self) -> pd.DataFrame:
        """The rejected table: the first reason's place, and all reasons."""
        lines = []
        for row, ((column, value, reason), *others) in sorted(self._found.items()):
            also = [f"also {c} '{v}': {r}" for c, v, r in others]
            lines.append((row, column, value, "; ".join([reason, *also])))
        made = pd.DataFrame(lines, columns=["row", "column", "value", "reason"])
        return made.astype({"row": "int64", "column": "str", "value": "str", "reason": "str"})


def _cell(table: pd.DataFrame, row: Any, name: str) -> Any:
    return table.loc[row, name]


def _failures(
    table: pd.DataFrame,
    names: Sequence[str],
    relations: Sequence[Relation],
    description: TableDescription,
    group: str | None = None,
) -> list[tuple[Any, str, Any]]:
    """(row, column or relation, value) of everything that pandera finds, in row order."""
    properties = {v.name for v in description.properties}
    columns = {}
    for name in names:
        variable = description.variables[name]
        checks = [pa.Check.in_range(variable.low, variable.high)]
        if name in properties:
            checks.append(pa.Check.ne(0.0))
        columns[name] = pa.Column(float, checks, nullable=False)
    if group is not None:
        columns[group] = pa.Column(str, pa.Check(lambda text: ~text.str.lower().isin(_NAMELESS)))
    for relation in relations:
        columns[relation.text] = pa.Column(bool, pa.Check.eq(True))
    table = table.assign(**{relation.text: relation.holds(table) for relation in relations})
    try:
        pa.DataFrameSchema(columns).validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.drop_duplicates(["index", "column"])
        order = {name: i for i, name in enumerate(columns)}
        cases = cases.assign(order=cases["column"].map(order)).sort_values(["index", "order"])
        return list(zip(cases["index"], cases["column"], cases["failure_case"], strict=True))
    return []


def _spans(
    table: pd.DataFrame, names: Sequence[str], description: TableDescription
) -> dict[str, tuple[float, float]]:
    """Per column, between which values a row like the others would lie."""
    spans = {}
    for name in names:
        low, high = description.variables[name].low, description.variables[name].high
        usual = table[name][table[name].between(low, high)]
        if len(usual):
            low, high = max(low, usual.min() / 2), min(high, usual.max() * 2)
        spans[name] = (low, high)
    return spans


def _why_not(
    value: float, name: str, span: tuple[float, float], description: TableDescription
) -> str:
    """Say why a number was refused."""
    if not np.isfinite(value):
        return "not a finite number"
    if value == 0 and name in {v.name for v in description.properties}:
        return "a property of zero, whose percentage error is undefined"
    variable = description.variables[name]
    unit = f" {variable.unit}" if variable.unit else ""
    reason = f"outside the possible range of {variable.low:g} to {variable.high:g}{unit}"
    # A slip is suspected only where undoing it gives a value like the other rows'.
    for factor in _SLIPS:
        if value and span[0] <= value * factor <= span[1]:
            what = f"times {factor:g}" if factor > 1 else f"divided by {1 / factor:g}"
            return f"{reason}; unit slip? {what} it would be {value * factor:g}"
    return reason


def _too_few(raw: RawTable, rejected: pd.DataFrame, kept: int, minimum: int) -> InputError:
    place = rejected["column"].where(rejected["column"] != "", "row")
    usual = (
        (place + ": " + rejected["reason"].str.split("; | \\(", regex=True).str[0])
        .value_counts()
        .head(3)
    )
    reasons = ", ".join(f"'{reason}' in {count}" for reason, count in usual.items())
    return InputError(
        "too few rows are left after cleaning",
        file=raw.path,
        found=f"{kept} of {len(raw.cells)} rows" + (f"; rejected for {reasons}" if reasons else ""),
        allowed=f"at least {minimum} rows",
        mend="mend the raw rows, widen the ranges in the config, or measure more samples",
    )
