"""A study proposed from the columns of raw tables: what each column may be for.

A proposal is a guess to begin with. It never claims more than the files show: ranges are
those of the data, widened, and what is unclear is said in words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from adaptrode.categories import Category, variables
from adaptrode.cells import missing
from adaptrode.cleaning import MINIMUM_ROWS, clean
from adaptrode.columns import Column, common_columns
from adaptrode.equations import TableDescription
from adaptrode.errors import InputError
from adaptrode.headers import simple
from adaptrode.reading import RawTable

MOST_FEATURES = 30
MOST_LEVELS = 8
FEWEST_GROUPS = 3  # in every file: with fewer, little is left once one is held out
NEARLY = 0.95  # of the cells differ: names of rows, some given twice by mistake
LOST = 0.25  # of a file's rows, at most, for the sake of a feature
FAR = 30.0  # times the median: perhaps a cell in another unit
TOO_ALIKE = 0.98  # rank correlation of a feature with a property
A_FORMULA = 0.99  # share of a property's variance that a product of powers explains

_GROUPS = {"batch", "campaign", "lot", "slurry", "charge", "run", "group", "series", "roll", "coil"}
_NAMES = {"id", "no", "nr", "number", "index", "sample", "specimen", "disc", "name", "key"}


@dataclass
class Proposal:
    """What a study's settings may be.

    Parameters
    ----------
    features, properties
        Records as in the settings; a remark on each by its name is in `remarks`.
    group, identifier
        The column, and whether that is clear enough to be set.
    columns
        For each domain the header of every name that its file spells differently.
    left_out
        Why a column is in no list, by what the file calls it.
    rows
        For each domain the accepted rows and all rows.
    positive
        Whether all values of all properties are above zero.
    still
        Labels of the features that vary in a target and never in the source.
    """

    features: list[dict[str, Any]] = field(default_factory=list)
    properties: list[dict[str, Any]] = field(default_factory=list)
    group: tuple[str, bool] | None = None
    identifier: tuple[str, bool] | None = None
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    positive: bool = True
    still: list[str] = field(default_factory=list)


def propose(tables: Mapping[str, RawTable], properties: Sequence[str] = ()) -> Proposal:
    """Propose a study of the columns that all tables have.

    Parameters
    ----------
    tables
        The raw table of each domain, the source's first.
    properties
        What is to be predicted: headers, or names as `headers.understood` makes them;
        without any, the last column of numbers that vary.

    Raises
    ------
    InputError
        When a property is not in all files or no column of numbers, when no feature is
        left, or when too few rows could be used.
    """
    made = Proposal()
    source = next(iter(tables.values()))
    columns, made.left_out = common_columns(tables)
    chosen = _properties(tables, columns, properties)
    for column in chosen:
        made.positive &= bool((column.all_values > 0).all())
        made.properties.append(_described(column, made))
    others = [column for column in columns if column not in chosen]
    others = _texts(others, made)
    features = [column for column in others if _varies(column, made)]
    _affordable(features, tables, made)
    for column in features[MOST_FEATURES:]:
        made.left_out[column.header] = f"more than {MOST_FEATURES} features"
    for column in features[:MOST_FEATURES]:
        made.features.append(_feature(column, made))
        _warn(column, chosen, made)
    for column in chosen:
        if _follows(column, [c for c in features[:MOST_FEATURES] if c.numeric]):
            made.remarks[column.name] += (
                "; nearly follows from the features by a formula: take out those it is computed "
                "from, or that are measured only after it"
            )
    if not made.features:
        raise InputError(
            "no column is left that could be a feature",
            file=source.path,
            found="; ".join(f"'{name}': {why}" for name, why in made.left_out.items())
            or "no column beside the property",
            allowed="at least one column that all files have and that varies",
            mend="call the columns alike in all files, or correct --property",
        )
    used = {record["name"] for record in (*made.features, *made.properties)}
    used |= {entry[0] for entry in (made.group, made.identifier) if entry and entry[1]}
    for domain in tables:
        made.columns[domain] = {
            column.name: column.headers[domain]
            for column in columns
            if column.name in used and column.headers[domain] != column.name
        }
        made.rows[domain] = _accepted(tables[domain], made, domain), len(tables[domain].cells)
    return made


def _properties(
    tables: Mapping[str, RawTable], columns: Sequence[Column], asked: Sequence[str]
) -> list[Column]:
    source = next(iter(tables.values()))
    if not asked:
        fit = [c for c in columns if c.numeric and all(v.nunique() > 1 for v in c.values.values())]
        if not fit:
            raise InputError(
                "no column of numbers could be the property",
                file=source.path,
                found=", ".join(column.header for column in columns),
                allowed="a column of numbers that all files have and that varies in each",
                mend="name one with --property, or complete the tables",
            )
        return fit[-1:]
    chosen: list[Column] = []
    for name in dict.fromkeys(asked):
        known = [c for c in columns if name in (c.name, *c.headers.values())]
        known = known or [c for c in columns if simple(name) in (c.name, simple(c.label))]
        if not known:
            for table in tables.values():
                table.text(name)  # says which file lacks it, and what is near
            raise InputError(
                "the property is not in all files",
                column=name,
                allowed=", ".join(column.header for column in columns),
                mend="call it alike in all files",
            )
        (column, *_) = known
        for domain, values in column.values.items():
            if not column.numeric or values.nunique() < 2:
                raise InputError(
                    "the property is no column of numbers that vary",
                    file=tables[domain].path,
                    column=column.headers[domain],
                    found=", ".join(map(repr, column.words[domain].unique()[:5])),
                    mend="name another one with --property",
                )
        if column not in chosen:
            chosen.append(column)
    return chosen


def _texts(columns: Sequence[Column], made: Proposal) -> list[Column]:
    """Find the columns that name rows and groups of rows; return the others."""
    groups: list[tuple[Column, bool]] = []
    names: list[tuple[Column, bool]] = []
    others: list[Column] = []
    for column in columns:
        told = set(simple(column.label).split("_"))
        whole = column.numeric and bool((column.all_values % 1 == 0).all())
        filled = all(not missing(cells).any() for cells in column.words.values())
        unique = filled and all(cells.is_unique for cells in column.words.values())
        counting = whole and unique and all((v.diff().dropna() == 1).all() for v in _each(column))
        repeated = filled and all(
            FEWEST_GROUPS <= cells.nunique() <= len(cells) / 2 for cells in column.words.values()
        )
        differing = all(c.nunique() >= NEARLY * len(c) for c in column.words.values())
        if counting or (differing and (not column.numeric or (whole and told & _NAMES))):
            names.append((column, unique))
        elif repeated and told & _GROUPS and (whole or not column.numeric):
            groups.append((column, True))
        elif repeated and not column.numeric and not _few_levels(column):
            groups.append((column, False))
        else:
            others.append(column)
    if names:
        made.identifier = names[0][0].name, len(names) == 1 and names[0][1]
    if groups:
        groups.sort(key=lambda entry: not entry[1])
        sure = [column for column, told in groups if told]
        made.group = groups[0][0].name, len(sure) == 1 or len(groups) == 1
    for column, _ in names[1:]:
        made.left_out[column.header] = "names or counts the rows"
    for column, _ in groups[1:]:
        made.left_out[column.header] = "might be the group too"
    return others


def _each(column: Column) -> list[pd.Series[float]]:
    return list(column.values.values())


def _few_levels(column: Column) -> bool:
    levels = column.all_words.nunique()
    return 2 <= levels <= MOST_LEVELS and len(column.all_words) >= 2 * levels


def _varies(column: Column, made: Proposal) -> bool:
    """Whether something can be learnt from a column; if not, say why."""
    header = column.header
    cells = [series[~missing(series)] for series in column.words.values()]
    if all(series.empty for series in cells):
        why = "empty"
    elif any(series.empty for series in cells):
        why = "empty in one of the files"
    elif column.all_words.nunique() == 1 or (column.numeric and column.all_values.nunique() == 1):
        why = f"{column.all_words.iloc[0]} in every row"
    elif all(series.nunique() == 1 for series in cells):
        why = "the same in every row of each file, so that it only tells the files apart"
    elif not column.numeric and not _few_levels(column):
        why = "text with many different values"
    elif not column.numeric:
        try:
            Category(column.name, column.label, levels=_levels(column)).check()
            return True
        except InputError as error:
            why = f"{error.problem}: {error.found}"
    else:
        return True
    made.left_out[header] = why
    return False


def _levels(column: Column) -> tuple[str, ...]:
    return tuple(sorted(column.all_words.unique()))


def _affordable(features: list[Column], tables: Mapping[str, RawTable], made: Proposal) -> None:
    """Take features away, the emptiest first, until rows enough are complete."""
    while features:
        worst: list[tuple[int, Column]] = []
        for domain, table in tables.items():
            gaps = pd.DataFrame({c.name: _gaps(c, domain) for c in features})
            complete = int((~gaps.any(axis=1)).sum())
            if complete < max(MINIMUM_ROWS, (1 - LOST) * len(table.cells)):
                counts = [int(gaps[c.name].sum()) for c in features]
                worst.append((max(counts), features[counts.index(max(counts))]))
        most, column = max(worst, key=lambda entry: entry[0], default=(0, features[0]))
        if not most:
            return
        features.remove(column)
        why = f"no usable value in {most} rows of a file, which would be lost"
        made.left_out[column.header] = why


def _gaps(column: Column, domain: str) -> pd.Series[bool]:
    return column.values[domain].isna() if column.numeric else missing(column.words[domain])


def _feature(column: Column, made: Proposal) -> dict[str, Any]:
    if column.numeric:
        return _described(column, made)
    made.remarks[column.name] = "a row with any other word is rejected"
    return {"name": column.name, "label": column.label, "levels": list(_levels(column))}


def _described(column: Column, made: Proposal) -> dict[str, Any]:
    values = column.all_values
    least, most = float(values.min()), float(values.max())
    margin = 0.5 * (most - least)
    low = 0.0 if least >= 0 and margin >= least else _outward(least - margin, math.floor)
    high = _outward(most + margin, math.ceil)
    if "%" in column.unit and least >= 0 and most <= 100:
        high = min(high, 100.0)
    made.remarks[column.name] = f"{least:.4g} to {most:.4g} in the files"
    middle = abs(float(values.median()))
    far = values[(values.abs() > FAR * middle) | (values.abs() < middle / FAR)]
    if middle and 0 < len(far) <= max(1, 0.02 * len(values)):
        made.remarks[column.name] += f"; is {far.iloc[0]:g} possible? The median is {middle:g}"
    unit = {"unit": column.unit} if column.unit else {}
    return {"name": column.name, "label": column.label, **unit, "low": low, "high": high}


def _outward(value: float, way: Any) -> float:
    """Two figures, rounded away from the data."""
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return float(f"{way(value / step) * step:.6g}")


def _warn(column: Column, properties: Sequence[Column], made: Proposal) -> None:
    if column.numeric and next(iter(column.values.values())).nunique() == 1:
        made.remarks[column.name] += "; the same in every row of the source"
        made.still.append(column.label)
    first, *others = ((values.min(), values.max()) for values in column.values.values())
    if any(first[1] < low or high < first[0] for low, high in others):
        made.remarks[column.name] += "; source and target do not overlap: one quantity, one unit?"
    for target in properties if column.numeric else ():
        alike = max(
            abs(values.corr(target.values[domain], method="spearman"))
            if min(values.nunique(), target.values[domain].nunique()) > 2
            else 0.0
            for domain, values in column.values.items()
        )
        if alike > TOO_ALIKE:
            made.remarks[column.name] += f"; nearly tells '{target.name}': computed from it?"


def _follows(target: Column, features: Sequence[Column]) -> bool:
    """Whether a product of powers of the features gives the property in every file."""
    shares = []
    for domain, values in target.values.items():
        known = pd.DataFrame({c.name: c.values[domain] for c in features})
        known = known.loc[:, known.nunique() > 1].assign(target=values).dropna()
        known = known[known.columns[(known > 0).all()]]
        if "target" not in known or len(known) < 2 * known.shape[1] + 4:
            continue
        logs = np.log(known)
        centred = (logs - logs.mean()).to_numpy()
        inputs, output = centred[:, :-1], centred[:, -1]
        rest = output - inputs @ np.linalg.lstsq(inputs, output, rcond=None)[0]
        freedom = (len(known) - 1) / (len(known) - known.shape[1])
        shares.append(1.0 - freedom * float(rest @ rest) / float(output @ output))
    return bool(shares) and min(shares) > A_FORMULA


def _accepted(table: RawTable, made: Proposal, domain: str) -> int:
    """How many rows the cleaning accepts by the proposed settings."""
    group, identifier = (
        entry[0] if entry and entry[1] else None for entry in (made.group, made.identifier)
    )
    description = TableDescription(
        features=variables(made.features),
        properties=variables(made.properties),
        headers=made.columns[domain],
        group=group,
        identifier=identifier,
    )
    return len(clean(table, description).rows)
