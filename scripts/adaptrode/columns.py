"""The columns that several raw tables have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from adaptrode.cells import missing, mostly_decimal_commas, numbers
from adaptrode.errors import InputError
from adaptrode.headers import Header, understood
from adaptrode.reading import RawTable

MOSTLY = 0.8  # of the filled cells, for a column of numbers with some defects


@dataclass(frozen=True)
class Column:
    """A column that all files have: what it is called in each, and its cells."""

    name: str
    label: str
    unit: str
    headers: Mapping[str, str]
    words: Mapping[str, pd.Series[str]]
    values: Mapping[str, pd.Series[float]]

    @property
    def header(self) -> str:
        """What the source's file calls it."""
        return next(iter(self.headers.values()))

    @property
    def all_words(self) -> pd.Series[str]:
        """The filled cells of all files."""
        cells = pd.concat(list(self.words.values()), ignore_index=True)
        return cells[~missing(cells)]

    @property
    def all_values(self) -> pd.Series[float]:
        """The numbers of all files."""
        return pd.concat(list(self.values.values()), ignore_index=True).dropna()

    @property
    def numeric(self) -> bool:
        """Whether nearly all filled cells are numbers."""
        return len(self.all_values) >= max(1.0, MOSTLY * len(self.all_words))


def common_columns(tables: Mapping[str, RawTable]) -> tuple[list[Column], dict[str, str]]:
    """The columns that all files have, matched by what their headers say.

    Also why each of the others is left out.

    Raises
    ------
    InputError
        When the files have no column in common.
    """
    left_out: dict[str, str] = {}
    by_name: dict[str, dict[str, Header]] = {}
    for domain, table in tables.items():
        counts = pd.Series([" ".join(text.split()) for text in table.headers]).value_counts()
        for header in understood(table.headers):
            if not header.text:
                continue
            if counts[header.text] > 1:
                left_out[header.text] = f"stands more than once in {table.path.name}"
            else:
                by_name.setdefault(header.name, {})[domain] = header
    found: list[Column] = []
    for name, headers in by_name.items():
        lacking = [table.path.name for domain, table in tables.items() if domain not in headers]
        first = next(iter(headers.values()))
        if lacking:
            left_out[first.text] = f"not in {', '.join(lacking)}"
            continue
        words = {domain: tables[domain].text(header.text) for domain, header in headers.items()}
        found.append(
            Column(
                *(name, first.label, first.unit),
                headers={domain: header.text for domain, header in headers.items()},
                words=words,
                values={},
            )
        )
    if not found:
        raise InputError(
            "the files have no column in common",
            file=next(iter(tables.values())).path,
            found="; ".join(f"{t.path.name}: {', '.join(t.headers[:10])}" for t in tables.values()),
            allowed="the same columns, in any order",
            mend="call the columns alike in all files",
        )
    for domain, table in tables.items():
        comma = mostly_decimal_commas((c.words[domain] for c in found), table.delimiter)
        for column in found:
            assert isinstance(column.values, dict)
            column.values[domain] = numbers(column.words[domain], comma)
    return found, left_out
