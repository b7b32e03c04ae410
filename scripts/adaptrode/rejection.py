"""Which rows of a raw table are rejected, and why, in words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from numpy.typing import NDArray

from adaptrode.cells import why_no_number
from adaptrode.equations import Relation, TableDescription
from adaptrode.errors import InputError

Mask = NDArray[np.bool_]

# Of a row that is wrong in many cells, the first few reasons are enough to mend it.
MOST_REASONS = 4
# A file with more wrong rows than this is refused as a whole, at its first wrong row.
MOST_ROWS = 100_000

_SLIPS = (1000.0, 0.001, 10_000.0, 0.0001, 10.0, 0.1)
_NAMELESS = ["", "nan", "n/a", "#n/a", "null"]  # but "Na" may be a campaign of sodium cells


class Reasons:
    """Why rows are rejected, in the order in which it was found.

    Each ``add_...`` judges one column, whose series is named as in the description and
    indexed by row. It raises an `InputError` when more rows are wrong than can be listed.
    """

    def __init__(self, description: TableDescription, file: Path, rows: pd.Index[int]) -> None:
        self._description = description
        self._file = file
        self._found: list[pd.DataFrame] = []
        self._refused: dict[str, pd.Index[int]] = {}
        self._counts = pd.Series(0, index=rows, dtype="int16")

    def rows(self) -> pd.Index[int]:
        """All rows rejected so far."""
        return self._counts.index[self._counts > 0]

    def table(self) -> pd.DataFrame:
        """The rejected table: the first reason's place, and the first few reasons."""
        kinds = {"row": "int64", "column": "str", "value": "str", "reason": "str"}
        empty = pd.DataFrame(columns=list(kinds))
        found = pd.concat(self._found or [empty]).sort_values("row", kind="stable")
        turn = found.groupby("row").cumcount()
        made = found[turn == 0].set_index("row")
        for number in range(1, MOST_REASONS):
            more = found[turn == number].set_index("row")
            also = "; also " + more["column"] + " '" + more["value"] + "': " + more["reason"]
            made.loc[more.index, "reason"] += also
        return made.reset_index().astype(kinds)

    def add_copies(self, first: pd.Series[int]) -> None:
        """Refuse rows that are equal to an earlier one."""
        first = first[self._room(first.index)]
        why = [f"exact duplicate of row {row}" for row in first]
        self._add(first.index, "", [""] * len(why), why)

    def add_words(self, words: pd.Series[str], levels: Sequence[str]) -> None:
        """Refuse cells that are not one of the levels."""
        wrong = words[self._room(_failing(words, str, pa.Check.isin(levels)))]
        why = _each_once(lambda word: _why_no_level(word, levels), wrong)
        self._add(wrong.index, str(words.name), list(wrong), why)

    def add_cells(
        self,
        values: pd.Series[float],
        words: pd.Series[str],
        decimal_comma: bool,
        lacks: Mask | None = None,
        nothing: Mask | None = None,
    ) -> None:
        """Refuse cells that are no number or an impossible one.

        Parameters
        ----------
        values, words
            The numbers, and the cells as they are written.
        decimal_comma
            How they are written.
        lacks, nothing
            Where the cell may be missing: rows in which it is, and rows that lack every
            property, which is not excused.
        """
        bad = self._out_of_range(values)
        if lacks is not None and nothing is not None:
            bad = bad.difference(values.index[lacks & ~nothing])
        bad = self._room(bad)
        words, wrong = words[bad], values[bad]
        why = np.full(len(bad), "", dtype=object)
        absent = wrong.isna().to_numpy()
        why[absent] = _each_once(lambda word: why_no_number(word, decimal_comma), words[absent])
        if lacks is not None and len(self._description.properties) > 1:
            why[lacks[values.index.get_indexer(bad)]] += ", and no property remains"
        why[~absent] = self._why_not(wrong[~absent], values)
        self._add(bad, str(values.name), list(words), why)

    def add_derived(self, values: pd.Series[float], origin: pd.DataFrame, lacks: Mask) -> None:
        """Refuse impossible results of an equation, unless the row lacks what it takes."""
        bad = self._room(self._out_of_range(values).difference(values.index[lacks]))
        sources = origin.loc[bad].itertuples(index=False, name=None)
        why = [
            f"{reason}; derived from "
            + ", ".join(f"{n} = {v:g}" for n, v in zip(origin, source, strict=True))
            for reason, source in zip(self._why_not(values[bad], values), sources, strict=True)
        ]
        self._add(bad, str(values.name), [f"{value:.6g}" for value in values[bad]], why)

    def add_nameless(self, groups: pd.Series[str]) -> None:
        """Refuse rows without a group."""
        named = pa.Check(lambda text: ~text.str.lower().isin(_NAMELESS))
        bad = self._room(_failing(groups, str, named))
        why = ["the group is not named"] * len(bad)
        self._add(bad, str(groups.name), list(groups[bad]), why)

    def add_repeated(self, names: pd.Series[str]) -> None:
        """Refuse rows whose identifier names an earlier one."""
        rows = names.index.to_series()
        first = rows.groupby(names).transform("first")
        again = self._room(rows[first < rows].index)
        why = [f"the identifier already names row {row}" for row in first[again]]
        self._add(again, str(names.name), list(names[again]), why)

    def add_relation(
        self, relation: Relation, table: pd.DataFrame, cells: pd.DataFrame | None = None
    ) -> None:
        """Refuse rows that break a relation, showing ``cells`` as written if there are."""
        bad = self._room(_failing(relation.holds(table), bool, pa.Check.eq(True)))
        for name in relation.columns:
            if name in self._refused:
                bad = bad.difference(self._refused[name])  # the value itself is refused
        written = [
            list(cells.loc[bad, name])
            if cells is not None
            else [f"{value:.6g}" for value in table.loc[bad, name]]
            for name in relation.columns
        ]
        headers = [self._description.header(name) for name in relation.columns]
        why = [
            f"not {relation.text} ("
            + ", ".join(f"{h} = {v}" for h, v in zip(headers, values, strict=True))
            + ")"
            for values in zip(*written, strict=True)
        ]
        self._add(bad, relation.columns[0], written[0], why)

    def _room(self, rows: pd.Index[int]) -> pd.Index[int]:
        """Those of the rows that have not yet reasons enough; no more than will do."""
        return rows[(self._counts[rows] < MOST_REASONS).to_numpy()][: MOST_ROWS + 1]

    def _add(
        self, rows: pd.Index[int], name: str, values: Sequence[str], reasons: Sequence[str] | Any
    ) -> None:
        if len(rows):
            place = {"row": rows, "column": self._description.header(name)}
            texts = {"value": np.array(values, object), "reason": np.asarray(reasons, object)}
            self._found.append(pd.DataFrame({**place, **texts}))
            self._refused[name] = self._refused.get(name, rows).union(rows)
            self._counts[rows] += 1
        if len(self.rows()) > MOST_ROWS:
            raise InputError(
                f"more than {MOST_ROWS} rows would be rejected",
                file=self._file,
                row=int(rows[0]),
                column=self._description.header(name) or None,
                found=f"{values[0]!r} ({reasons[0]})",
                allowed=f"a file with at most {MOST_ROWS} wrong rows",
                mend="mend the column in the file, or its description in the config",
            )

    def _out_of_range(self, values: pd.Series[float]) -> pd.Index[int]:
        """Rows whose number is missing, impossible or a property of zero."""
        variable = self._description.variables[str(values.name)]
        bad = _failing(values, float, pa.Check.in_range(variable.low, variable.high))
        if variable in self._description.properties:
            bad = bad.union(values.index[values == 0])
        return bad

    def _why_not(self, wrong: pd.Series[float], values: pd.Series[float]) -> list[str]:
        """Say why numbers of a column were refused, seeing all of its numbers."""
        variable = self._description.variables[str(values.name)]
        unit = f" {variable.unit}" if variable.unit else ""
        outside = f"outside the possible range of {variable.low:g} to {variable.high:g}{unit}"
        zero_is_bad = variable in self._description.properties
        usual = values[values.between(variable.low, variable.high)]
        low = max(variable.low, usual.min() / 2) if len(usual) else variable.low
        high = min(variable.high, usual.max() * 2) if len(usual) else variable.high

        def reason(value: float) -> str:
            if not np.isfinite(value):
                return "not a finite number"
            if value == 0 and zero_is_bad:
                return "a property of zero, whose percentage error is undefined"
            # A slip is suspected only where undoing it gives a value like the other rows'.
            for factor in _SLIPS:
                if value and low <= value * factor <= high:
                    what = f"times {factor:g}" if factor > 1 else f"divided by {1 / factor:g}"
                    return f"{outside}; unit slip? {what} it would be {value * factor:g}"
            return outside

        return [reason(value) for value in wrong.tolist()]


def _failing(values: pd.Series[Any], kind: type, check: pa.Check) -> pd.Index[int]:
    """Rows whose value is missing or fails the check."""
    try:
        pa.SeriesSchema(kind, check).validate(values, lazy=True)
    except pa.errors.SchemaErrors as errors:
        rows: pd.Index[int] = pd.Index(errors.failure_cases["index"].astype("int64").unique())
        return rows.sort_values()
    return values.index[:0]


def _each_once(reason: Callable[[str], str], words: pd.Series[str]) -> list[str]:
    """Reasons for words, thought out once for each word."""
    known = {word: reason(word) for word in words.unique()}
    return [known[word] for word in words]


def _why_no_level(word: str, levels: Sequence[str]) -> str:
    """Say why a word is none of the levels."""
    if not word:
        return "empty cell"
    simple = {level.lower(): level for level in levels}
    close = difflib.get_close_matches(word.lower(), simple, n=1, cutoff=0.75)
    meant = f"; is it '{simple[close[0]]}'?" if close else ""
    return f"not one of the levels {', '.join(levels)}{meant}"
