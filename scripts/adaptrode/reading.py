"""Reading a laboratory's CSV as text, whatever program exported it.

Accepted: UTF-8 with or without byte-order mark, UTF-16 with one; comma, semicolon or
tab between the cells; decimal points or decimal commas; any line ends; blank lines; a
``sep=;`` line.
What makes the whole file unreadable is an `InputError`; what concerns one cell is
left in the table as text, for the cleaning to judge.
"""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from adaptrode.cells import is_number
from adaptrode.decoding import EXPORT_AS_CSV, utf8
from adaptrode.errors import InputError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}

MOST_NAMES = 30  # of a header, in a message
PREAMBLE = 50  # lines in which a header below other lines is looked for


@dataclass(frozen=True)
class RawTable:
    """The cells of a CSV file as text, stripped of surrounding white space.

    Parameters
    ----------
    path
        The file.
    headers
        The header's cells in the file's order, doubled and empty ones included.
    cells
        One text column per header, named by its position; the index, ``row``, is the
        row's number in a spreadsheet. Wholly blank rows are left out.
    delimiter
        What separates the cells.
    """

    path: Path
    headers: tuple[str, ...]
    cells: pd.DataFrame
    delimiter: str

    def has(self, header: str) -> bool:
        """Whether the file has a column of this name."""
        return _key(header) in map(_key, self.headers)

    def text(self, header: str) -> pd.Series[str]:
        """One column's cells.

        Raises
        ------
        InputError
            When the file has no column of this name, or several.
        """
        places = [i for i, name in enumerate(self.headers) if _key(name) == _key(header)]
        if len(places) == 1:
            return self.cells[places[0]].rename(header)
        if places:
            raise InputError(
                "the column stands in the file more than once",
                file=self.path,
                column=header,
                found=f"{len(places)} columns of this name",
                allowed="one",
                mend="delete or rename all but one",
            )
        close = _closest(header, self.headers)
        raise InputError(
            "the column is missing",
            file=self.path,
            column=header,
            found=_listed(self.headers),
            mend=f"is it '{close}'? Rename it, or name it under `columns` in the config"
            if close
            else "add it, or say under `columns` in the config what it is called in this file",
        )

    def duplicates(self) -> pd.Series[int]:
        """The first row with the same cells, for each row that repeats an earlier one."""
        # Rows with equal hashes are only suspects; whole rows are compared below.
        hashes = pd.util.hash_pandas_object(self.cells, index=False)
        rows = self.cells.index.to_series()
        first = rows.groupby(hashes).transform("first")
        again = rows[first < rows]
        same = np.ones(len(again), dtype=bool)
        for name in self.cells:
            cells = self.cells[name]
            same &= cells.loc[again].to_numpy() == cells.loc[first[again]].to_numpy()
        found: pd.Series[int] = first[again[same]]
        return found


def read_raw(path: str | Path, expected: Collection[str] = ()) -> RawTable:
    """Read a CSV file as text.

    Parameters
    ----------
    path
        The file.
    expected
        Names of columns that ought to be there; they decide which delimiter is meant
        where the header's names contain another one.

    Raises
    ------
    InputError
        When the file is missing, empty, too large, no text, without a header in its
        first row or without rows, when no delimiter fits, or when a row has more or
        fewer cells than the header.
    """
    path = Path(path)
    data = _separator_line(utf8(path))
    delimiter, headers = _header(path, data, expected)
    table, counted = _records(path, data, delimiter, len(headers))
    filled = _any_filled(table)
    first = int(np.flatnonzero(filled)[0])  # the header, blank lines before it or not
    filled[first] = False
    cells = table.filter(pa.array(filled)).to_pandas()
    cells.columns = pd.RangeIndex(len(headers))
    cells.index = pd.Index(counted[filled], name="row")
    if cells.empty:
        raise InputError(
            "the file has a header but no rows",
            file=path,
            found="0 rows",
            allowed="one row for each sample",
            mend="export the table with its rows",
        )
    return RawTable(path, tuple(headers), cells, delimiter)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(repr(name[:100]) for name in names[:MOST_NAMES]) + more


def _key(header: str) -> str:
    """A header as it is compared: µ (micro) and μ (mu) are one letter, spaces fold."""
    return " ".join(unicodedata.normalize("NFKC", header).split())


def _closest(header: str, headers: Sequence[str]) -> str | None:
    simple = {re.sub(r"[\W_]+", "", _key(name)).lower(): name for name in headers if name}
    wanted = re.sub(r"[\W_]+", "", _key(header)).lower()
    found = difflib.get_close_matches(wanted, simple, n=1, cutoff=0.6)
    return simple[found[0]] if found else None


def _separator_line(data: bytes) -> bytes:
    """Drop Excel's ``sep=;`` line, which no spreadsheet shows or counts."""
    return re.sub(rb"\A\"?sep=.\"?(\r\n|\r|\n)", b"", data, flags=re.IGNORECASE)


def _header(path: Path, data: bytes, expected: Collection[str]) -> tuple[str, list[str]]:
    """The delimiter that finds most expected columns, then most columns, and the header."""
    wanted = {_key(name) for name in expected}
    best: tuple[tuple[int, int], str, list[str]] | None = None
    below: tuple[int, int, str] | None = None
    for delimiter in DELIMITERS:
        stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
        try:
            records = enumerate(csv.reader(stream, delimiter=delimiter), 1)
            _, record = next(r for r in records if any(map(_key, r[1])))
        except (csv.Error, StopIteration):
            continue
        names = [name.strip() for name in record]
        score = (len(wanted & set(map(_key, names))), len(names))
        if best is None or score > best[0]:
            best = (score, delimiter, names)
        with contextlib.suppress(csv.Error):
            for number, record in islice(records, PREAMBLE):
                found = len(wanted & set(map(_key, record)))
                if found > (below[0] if below else 0):
                    below = found, number, delimiter.join(record)
    if best is not None and best[0][0] == 0 and below is not None:
        raise InputError(
            "the header is not in the first row",
            file=path,
            row=below[1],
            found=f"{below[2][:200]!r} below {best[2][0][:100]!r}",
            allowed="nothing above the header",
            mend=f"delete the rows above row {below[1]}",
        )
    if best is None or len(best[2]) == 1:
        raise InputError(
            "only one column was found",
            file=path,
            row=1,
            found=repr(best[2][0][:100]) if best else "an unreadable header",
            allowed="comma, semicolon or tab between the cells",
            mend=EXPORT_AS_CSV,
        )
    names = best[2]
    if all(is_number(name) for name in names if name):
        raise InputError(
            "the file has no header",
            file=path,
            row=1,
            found=", ".join(names),
            allowed="the columns' names in the first row",
            mend="put a row of names above the numbers",
        )
    if wanted and best[0][0] == 0:
        raise InputError(
            "the header names none of the columns that are looked for",
            file=path,
            found=_listed(names),
            allowed=_listed(list(expected)),
            mend="put the columns' names in the first row, or say under `columns` in the "
            "config what they are called in this file",
        )
    return best[1], names


def _records(
    path: Path, data: bytes, delimiter: str, width: int
) -> tuple[pa.Table, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Every record of ``width`` stripped cells, and the records' numbers from 1."""
    ragged: list[tuple[int, int, str]] = []
    blank: list[int] = []

    def judge(row: pacsv.InvalidRow) -> str:
        if not row.text.strip(f'{delimiter}" \t\r\n'):
            blank.append(row.number)
            return "skip"
        ragged.append((row.number, row.actual_columns, row.text))
        return "error"

    names = [str(i) for i in range(width)]
    try:
        table = pacsv.read_csv(
            io.BytesIO(data),
            # One block, since a quoted cell must not straddle two, and one thread,
            # since only then are the rows numbered.
            read_options=pacsv.ReadOptions(
                use_threads=False, column_names=names, block_size=min(len(data) + 1, 2**30)
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=judge,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        if not ragged:
            raise InputError(
                "the file is not well-formed CSV",
                file=path,
                found=str(error).splitlines()[0],
                mend=EXPORT_AS_CSV,
            ) from None
        number, cells, text = ragged[0]
        _refuse_open_quote(path, number, text)
        raise InputError(
            f"the row has {cells} cell{'s' if cells > 1 else ''} where the header has {width}",
            file=path,
            row=number,
            found=repr(text[:200]),
            allowed=f"{width} cells, with a {DELIMITERS[delimiter]} between them",
            mend="is there a decimal comma or a text with a separator in it that is not in "
            "quotation marks? Complete the row or export the table again"
            if cells > width
            else "complete the row or export the table again",
        ) from None
    last = "".join(column[-1].as_py() for column in table.columns)
    if data.count(b'"') % 2:
        _refuse_open_quote(path, table.num_rows + len(blank), '"' + last)
    stripped = [pc.utf8_trim_whitespace(column) for column in table.columns]
    counted = np.arange(1, table.num_rows + len(blank) + 1)
    return pa.table(stripped, names=names), np.setdiff1d(counted, blank)


def _refuse_open_quote(path: Path, number: int, text: str) -> None:
    if text.count('"') % 2 and "\n" in text:
        raise InputError(
            "a quotation mark is opened and never closed",
            file=path,
            row=number,
            found=repr(text.lstrip('"')[:100]),
            mend="delete it or close it",
        )


def _any_filled(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    filled = np.zeros(table.num_rows, dtype=bool)
    for column in table.columns:
        filled |= pc.not_equal(column, "").to_numpy()
    return filled
