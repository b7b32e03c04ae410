"""What a user may do wrong, and the one message or the named row that must come of it.

Tables go through the scripts as a user runs them: an exit status, what is said, and
what lies in the folder afterwards. Settings go through `Settings`, as the rules do.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from settings import Settings, load_defaults

import clean
import split
from adaptrode import cli, files
from adaptrode.errors import InputError

COLUMNS = ["sample", "batch", "binder", "gap_um", "solid_pct", "disc_um", "foil_um", "density"]
COLUMNS += ["strength"]
FEATURES: list[dict[str, Any]] = [
    {"name": "gap_um", "label": "Gap", "unit": "µm", "low": 10, "high": 1000},
    {"name": "solid_pct", "label": "Solid", "unit": "%", "low": 5, "high": 90},
    {"name": "binder", "label": "Binder", "levels": ["CMC", "PVDF"]},
]
PROPERTIES = [
    {"name": "density", "label": "Density", "unit": "g/cm³", "low": 0, "high": 10},
    {"name": "strength", "label": "Strength", "unit": "N/m", "low": 0, "high": 500},
]
MEASUREMENTS = [
    {"name": "disc_um", "label": "Disc", "unit": "µm", "low": 5, "high": 1000},
    {"name": "foil_um", "label": "Foil", "unit": "µm", "low": 5, "high": 100},
]
CSV_ALLOWED = "allowed: UTF-8 text with comma, semicolon or tab between the cells"
EXPORT = "to mend: export the table again as 'CSV UTF-8'"


def rows_of(count: int = 12) -> list[list[str]]:
    """Rows that nothing is wrong with."""
    return [
        [
            *(f"S{i}", f"B{i // 4}", ["CMC", "PVDF"][i % 2]),
            *(f"{60.5 + i}", f"{40.25 + i}", f"{80.5 + i}", "16.5"),
            *(f"{1.25 + i / 8}", f"{30.5 + i}"),
        ]
        for i in range(count)
    ]


def text_of(rows: list[list[str]], separator: str = ",", header: list[str] | None = None) -> str:
    return "".join(separator.join(row) + "\n" for row in [header or COLUMNS, *rows])


GOOD = text_of(rows_of())


def with_cell(column: str, value: str, row: int = 7) -> str:
    """The good table with one cell changed; ``row`` as a spreadsheet numbers it."""
    rows = rows_of()
    rows[row - 2][COLUMNS.index(column)] = f'"{value}"' if "," in value else value
    return text_of(rows)


def with_column(column: str, value: str) -> str:
    rows = rows_of()
    for row in rows:
        row[COLUMNS.index(column)] = value
    return text_of(rows)


def renamed(old: str, new: str) -> str:
    return text_of(rows_of(), header=[new if name == old else name for name in COLUMNS])


def options(folder: Path, **changes: Any) -> list[str]:
    """The command line of scripts/clean.py."""
    given: dict[str, Any] = {
        "raw": str(folder / "raw.csv"),
        "features": FEATURES,
        "properties": PROPERTIES,
        "measurements": MEASUREMENTS,
        "relations": ["disc_um > foil_um"],
        "group": "batch",
        "identifier": "sample",
        "clean": str(folder / "clean.parquet"),
        "rejected": str(folder / "rejected.csv"),
        **changes,
    }
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}
    return [part for key, text in texts.items() for part in (f"--{key}", text)]


Said = pytest.CaptureFixture[str]


def cleaned(folder: Path, content: str | bytes, capsys: Said, **changes: Any) -> tuple[int, str]:
    """Exit status and what the terminal shows."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8")
    (folder / "raw.csv").write_bytes(raw)
    status = cli.run(clean.main, options(folder, **changes))
    return status, capsys.readouterr().err


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rejected_in(folder: Path) -> list[list[Any]]:
    table = pd.read_csv(folder / "rejected.csv", dtype={"value": str}, keep_default_na=False)
    return table.to_numpy(object).tolist()


JUNK = np.random.default_rng(7).bytes(4000)
COMMA_DECIMALS = text_of([[cell.replace(".", ",") for cell in row] for row in rows_of()], ";")

# Content of the file, and the parts of the message in their order.
REFUSED: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty file": (
        b"",
        (
            "raw.csv: the file is empty",
            "found:   0 bytes, none of them in a cell",
            "allowed: a header and one row for each sample",
            EXPORT,
        ),
    ),
    "blank cells only": (b"\xef\xbb\xbf,,\r\n;;\r\n", ("the file is empty", "found:   8 bytes")),
    "header only": (
        text_of([]),
        ("raw.csv: the file has a header but no rows", "found:   0 rows", "with its rows"),
    ),
    "no header": (
        "1.5,2\n3,4\n",
        ("raw.csv, row 1: the file has no header", "found:   1.5, 2", "row of names"),
    ),
    "missing column": (
        text_of([row[:3] + row[4:] for row in rows_of()], header=COLUMNS[:3] + COLUMNS[4:]),
        (
            "raw.csv, column 'gap_um': the column is missing",
            "found:   'sample', 'batch', 'binder', 'solid_pct'",
            "to mend: add it, or say under `columns` in the config",
        ),
    ),
    "misspelt column": (
        renamed("gap_um", "Gapp [um]"),
        ("column 'gap_um': the column is missing", "to mend: is it 'Gapp [um]'? Rename it"),
    ),
    "misspelt group": (renamed("batch", "Bacth"), ("column 'batch'", "is it 'Bacth'?")),
    "doubled column": (
        renamed("foil_um", "gap_um"),
        (
            "raw.csv, column 'gap_um': the column stands in the file more than once",
            "found:   2 columns of this name",
            "allowed: one",
            "delete or rename all but one",
        ),
    ),
    "columns without names": (
        text_of(rows_of(), header=["" for _ in COLUMNS]),
        (
            "raw.csv: the header names none of the columns that are looked for",
            "found:   'S0', 'B0'",
            "allowed: 'gap_um'",
            "put the columns' names in the first row",
        ),
    ),
    "one column without a name": (
        renamed("density", ""),
        ("column 'density': the column is missing", "found:   'sample'", "''", "to mend:"),
    ),
    "vertical bars": (
        text_of(rows_of(), "|"),
        (
            "raw.csv, row 1: only one column was found",
            "found:   'sample|batch|binder",
            "allowed: comma, semicolon or tab between the cells",
            EXPORT,
        ),
    ),
    "spaces for delimiters": (text_of(rows_of(), " "), ("row 1: only one column was found",)),
    "utf-16 without a mark": (
        GOOD.encode("utf-16-le"),
        ("not a CSV file in UTF-8", "UTF-16 text without its mark", CSV_ALLOWED, EXPORT),
    ),
    "half a utf-16 file": (GOOD.encode("utf-16")[:-1], ("found:   damaged UTF-16 text", EXPORT)),
    "utf-32": (GOOD.encode("utf-32"), ("found:   UTF-32 text", EXPORT)),
    "windows-1252": (
        renamed("batch", "µ").encode("cp1252"),
        ("found:   the byte 0xb5 in line 1 (in Windows-1252 'µ')", "allowed: UTF-8 text", EXPORT),
    ),
    "excel workbook": (
        b"PK\x03\x04\x14\x00\x06\x00" + JUNK,
        ("raw.csv: this is not a CSV file", "found:   an Excel workbook", CSV_ALLOWED, EXPORT),
    ),
    "old excel workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + JUNK,
        ("found:   an old Excel workbook", EXPORT),
    ),
    "gzip": (b"\x1f\x8b\x08" + JUNK, ("found:   a gzip archive", EXPORT)),
    "parquet": (b"PAR1" + JUNK, ("found:   a Parquet file", EXPORT)),
    "web page": (b"\n<!DOCTYPE html>\n<html>", ("found:   a web page or XML", EXPORT)),
    "binary junk": (JUNK, ("raw.csv: this is not a CSV file in UTF-8", "found:", EXPORT)),
    "one nul byte": (
        with_cell("gap_um", "60\0"),
        ("this is not a CSV file", "found:   a NUL byte in line 7", EXPORT),
    ),
    "quote never closed": (
        with_cell("binder", '"CMC'),
        ("raw.csv, row 7: a quotation mark is opened and never closed", "delete it or close it"),
    ),
    "row too long": (
        GOOD.replace("S5,", "S5,,"),
        (
            "raw.csv, row 7: the row has 10 cells where the header has 9",
            "found:   'S5,,B1",
            "allowed: 9 cells, with a comma between them",
            "is there a decimal comma",
        ),
    ),
    "row too short": (
        GOOD.replace("S5,B1,", "S5,"),
        ("row 7: the row has 8 cells where the header has 9", "complete the row"),
    ),
    "decimal commas between commas": (
        text_of([[cell.replace(".", ",") for cell in row] for row in rows_of()]),
        ("raw.csv, row 2: the row has 15 cells where the header has 9", "decimal comma"),
    ),
    "header in row 3": (
        "Export of 3 May\nOperator: Kim\n" + GOOD,
        (
            "raw.csv, row 3: the header is not in the first row",
            "found:   'sample,batch,binder,gap_um",
            "below 'Export of 3 May'",
            "allowed: nothing above the header",
            "to mend: delete the rows above row 3",
        ),
    ),
    "preamble with commas": (
        "Kim, Berlin\n\n" + GOOD,
        ("raw.csv, row 3: the header is not in the first row", "delete the rows above row 3"),
    ),
    "one row": (
        text_of(rows_of(1)),
        (
            "raw.csv: too few rows are left after cleaning",
            "found:   1 of 1 rows",
            "allowed: at least 8 rows",
            "measure more samples",
        ),
    ),
    "seven rows": (text_of(rows_of(7)), ("found:   7 of 7 rows", "allowed: at least 8 rows")),
    "only one row, repeated": (
        text_of(rows_of(1) * 12),
        ("found:   1 of 12 rows; rejected for 'row: exact duplicate of an earlier row' in 11",),
    ),
    "only one name for all rows": (
        with_column("sample", "S"),
        ("rejected for 'sample: the identifier already names an earlier row' in 11", "at least 8"),
    ),
    "a unit in every cell": (
        with_column("gap_um", "60 um"),
        ("found:   0 of 12 rows; rejected for 'gap_um: text beside the number' in 12", "to mend:"),
    ),
    "another unit in every cell": (
        with_column("gap_um", "0.06"),
        ("rejected for 'gap_um: outside the possible range of 10 to 1000 µm' in 12",),
    ),
    "every property is zero": (
        with_column("density", "0"),
        ("rejected for 'density: a property of zero, whose percentage error is undefined' in 12",),
    ),
    "a property is never given": (
        with_column("density", ""),
        (
            "raw.csv, column 'density': too few rows have this property",
            "found:   0 of 12 accepted rows",
            "allowed: at least 8 rows",
            "leave the property out of the config",
        ),
    ),
    "no level is known": (
        with_column("binder", "SBR"),
        ("rejected for 'binder: not one of the levels CMC, PVDF' in 12",),
    ),
}


@pytest.mark.parametrize(("content", "parts"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_cannot_be_used_is_one_message(
    tmp_path: Path, capsys: Said, content: str | bytes, parts: tuple[str, ...]
) -> None:
    status, said = cleaned(tmp_path, content, capsys)
    assert status == 2
    place = -1
    for part in parts:
        assert said.find(part, place + 1) > place, f"{part!r} is not (there) in:\n{said}"
        place = said.find(part, place + 1)
    assert said.count("error: ") == 1
    assert "to mend: " in said
    assert "Traceback" not in said
    assert names_in(tmp_path) == ["raw.csv"]


# Column and value of a cell in row 7, and the reason for which that row is rejected.
REJECTED: dict[str, tuple[str, str, str]] = {
    "empty feature": ("gap_um", "", "empty cell"),
    "text": ("gap_um", "wide", "text in place of a number"),
    "decimal comma": ("gap_um", "60,5", "decimal comma in a file of decimal points"),
    "thousands separator": ("gap_um", "1,060.5", "thousands separator"),
    "thousands or decimals": ("gap_um", "1,060", "thousands separator or decimal comma"),
    "nan": ("gap_um", "NaN", "no value"),
    "infinity": ("gap_um", "inf", "infinite value"),
    "overflow": ("gap_um", "1e999", "too large a number"),
    "micrometres in the cell": ("gap_um", "60 um", "text beside the number"),
    "per cent in the cell": ("solid_pct", "45 %", "text beside the number"),
    "below the detection limit": ("strength", "<5", "text beside the number"),
    "date": ("gap_um", "01.05.2024", "date in place of a number"),
    "iso date": ("gap_um", "2024-05-01 00:00:00", "date in place of a number"),
    "month": ("gap_um", "1. Mai", "date in place of a number"),
    "spreadsheet error": ("density", "#DIV/0!", "error of the spreadsheet"),
    "negative thickness": (
        "disc_um",
        "-85.5",
        "outside the possible range of 5 to 1000 µm",
    ),
    "millimetres": (
        "disc_um",
        "0.085",
        "outside the possible range of 5 to 1000 µm; unit slip? times 1000 it would be 85",
    ),
    "foil thicker than the disc": (
        "disc_um",
        "12",
        "not disc_um > foil_um (disc_um = 12, foil_um = 16.5)",
    ),
    "zero property": (
        "density",
        "0",
        "a property of zero, whose percentage error is undefined",
    ),
    "impossible property": ("density", "1250", "outside the possible range of 0 to 10 g/cm³"),
    "repeated name": ("sample", "S1", "the identifier already names row 3"),
    "no group": ("batch", "", "the group is not named"),
    "unseen level": ("binder", "SBR", "not one of the levels CMC, PVDF"),
    "misspelt level": ("binder", "pvdf", "not one of the levels CMC, PVDF; is it 'PVDF'?"),
    "no level": ("binder", "", "empty cell"),
}


@pytest.mark.parametrize(("column", "value", "reason"), REJECTED.values(), ids=REJECTED)
def test_a_wrong_cell_names_its_row_and_spares_the_others(
    tmp_path: Path, capsys: Said, column: str, value: str, reason: str
) -> None:
    status, said = cleaned(tmp_path, with_cell(column, value), capsys)
    assert status == 0
    (line,) = rejected_in(tmp_path)
    assert line[:3] == [7, column, value]
    assert line[3].startswith(reason)
    rows = pd.read_parquet(tmp_path / "clean.parquet")
    assert rows["row"].to_list() == [row for row in range(2, 14) if row != 7]
    assert f"rejected row 7, column '{column}'" in said


def test_a_repeated_row_is_named(tmp_path: Path, capsys: Said) -> None:
    status, _ = cleaned(tmp_path, text_of([*rows_of(), rows_of()[3]]), capsys)
    assert status == 0
    assert rejected_in(tmp_path) == [[14, "", "", "exact duplicate of row 5"]]


def test_a_constant_feature_is_warned_of(tmp_path: Path, capsys: Said) -> None:
    for column, value in (("gap_um", "60"), ("binder", "CMC")):
        status, said = cleaned(tmp_path, with_column(column, value), capsys)
        assert status == 0
        assert f"'{column}' is {value} in every row: nothing can be learnt from it" in said


# Files that are only unusual: all of them must read like the plain one.
ACCEPTED: dict[str, str | bytes] = {
    "byte-order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "utf-16 little-endian": b"\xff\xfe" + GOOD.encode("utf-16-le"),
    "utf-16 big-endian": b"\xfe\xff" + GOOD.encode("utf-16-be"),
    "utf-16 with tabs, as Excel's Unicode text": GOOD.replace(",", "\t").encode("utf-16"),
    "semicolons": GOOD.replace(",", ";"),
    "tabs": GOOD.replace(",", "\t"),
    "semicolons and decimal commas": COMMA_DECIMALS,
    "tabs and decimal commas": COMMA_DECIMALS.replace(";", "\t"),
    "Excel's line of the separator": "sep=;\r\n" + GOOD.replace(",", ";"),
    "line ends of Windows": GOOD.replace("\n", "\r\n"),
    "line ends of an old Mac": GOOD.replace("\n", "\r"),
    "quotation marks": text_of([[f'"{c}"' for c in r] for r in rows_of()]),
    "spaces": text_of([[f" {c}  " for c in r] for r in rows_of()]),
    "blank lines at the end": GOOD + "\n,,,,,,,,\n\n",
    "nameless columns": "".join(f"{line},,\n" for line in GOOD.splitlines()),
    "a column more": "".join(f"{line},noté\n" for line in GOOD.splitlines()),
    "scientific notation": GOOD.replace(",16.5,", ",1.65E+01,"),
}


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
def test_unusual_exports_read_right(tmp_path: Path, capsys: Said, content: str | bytes) -> None:
    assert cleaned(tmp_path, content, capsys)[0] == 0
    rows = pd.read_parquet(tmp_path / "clean.parquet")
    assert rows["row"].to_list() == list(range(2, 14))
    assert rows["gap_um"].to_list() == [60.5 + i for i in range(12)]
    assert rows["binder_cmc"].to_list() == [1.0, 0.0] * 6
    assert rows["binder_pvdf"].to_list() == [0.0, 1.0] * 6
    assert rows["density"].to_list() == [1.25 + i / 8 for i in range(12)]
    assert rows.columns.to_list() == [
        *("row", "sample", "batch", "gap_um", "solid_pct", "binder_cmc", "binder_pvdf"),
        *("density", "strength"),
    ]


# What else the script is given, and the parts of the message.
OPTIONS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "no such file": (
        {"raw": "nowhere.csv"},
        ("nowhere.csv: the file does not exist", "check the path"),
    ),
    "a folder for a file": (
        {"raw": "."},
        ("this is not a file", "found:   a folder", "allowed: a CSV file", "to mend:"),
    ),
    "a device for a file": ({"raw": "/dev/zero"}, ("this is not a file", "found:   a device")),
    "a folder below a file": (
        {"clean": "raw.csv/clean.parquet"},
        (
            "raw.csv/clean.parquet: the output cannot be written",
            "a file where a folder is needed",
            "to mend:",
        ),
    ),
    "the output is a folder": (
        {"clean": "folder"},
        ("there is no table format for this suffix", "allowed: .parquet, .csv"),
    ),
    "the output is a folder with a suffix": (
        {"clean": "folder.parquet"},
        ("the output cannot be written", "found:   a folder of this name", "remove the folder"),
    ),
    "an output of another kind": (
        {"clean": "clean.xlsx"},
        ("clean.xlsx: there is no table format for this suffix", "found:   .xlsx"),
    ),
    "a log below a file": (
        {"log": "raw.csv/a.log"},
        ("raw.csv/a.log: the log cannot be written", "another path after --log"),
    ),
    "features that are no list": ({"features": {"name": "x"}}, ("--features", "a list")),
    "a feature without a label": (
        {"features": [{"name": "gap_um"}]},
        ("the description of a column is not understood", "allowed: name, label, unit, low, high"),
    ),
    "a feature with a misspelt key": (
        {"features": [{"name": "gap_um", "label": "Gap", "hihg": 5}]},
        ("found:   {'name': 'gap_um', 'label': 'Gap', 'hihg': 5}",),
    ),
    "a feature of one level": (
        {"features": [{"name": "binder", "label": "Binder", "levels": ["CMC"]}]},
        ("the levels of 'binder'", "found:   'CMC'", "at least two"),
    ),
    "levels that make one column": (
        {"features": [{"name": "binder", "label": "Binder", "levels": ["C M", "C-M"]}]},
        ("the levels of 'binder'", "rename 'C-M'"),
    ),
    "levels with a range": (
        {"features": [{**FEATURES[2], "low": 0}]},
        ("'binder' has levels and a unit or a range", "remove one of them"),
    ),
    "a level that makes another column": (
        {"features": [*FEATURES, {"name": "binder_cmc", "label": "CMC"}]},
        ("column 'binder_cmc'",),
    ),
    "a relation of words": (
        {"relations": ["binder > gap_um"]},
        ("column 'binder': the relation 'binder > gap_um' takes", "columns of numbers"),
    ),
    "a relation of an unknown column": (
        {"relations": ["gap > disc_um"]},
        ("the relation names something unknown", "found:   'gap' in 'gap > disc_um'"),
    ),
    "an unknown equation": (
        {"equations": {"speed": "alchemy"}, "features": [{"name": "speed", "label": "Speed"}]},
        ("column 'speed': there is no such equation", "found:   alchemy", "allowed: "),
    ),
}


@pytest.mark.parametrize(("changes", "parts"), OPTIONS.values(), ids=OPTIONS)
def test_a_wrong_option_is_one_message(
    tmp_path: Path,
    capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    parts: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.parquet").mkdir()
    status, said = cleaned(tmp_path, GOOD, capsys, **changes)
    assert status == 2
    for part in parts:
        assert part in said
    assert "Traceback" not in said
    assert names_in(tmp_path) == ["folder", "folder.parquet", "raw.csv"]


def test_json_that_is_none_is_a_usage_error(tmp_path: Path, capsys: Said) -> None:
    status, said = cleaned(tmp_path, GOOD, capsys, features='[{"name": ')
    assert status == 2
    assert "argument --features: not JSON" in said
    assert names_in(tmp_path) == ["raw.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_permissions_are_named(tmp_path: Path, capsys: Said) -> None:
    raw = tmp_path / "raw.csv"
    raw.write_text(GOOD)
    raw.chmod(0)
    assert cli.run(clean.main, options(tmp_path)) == 2
    assert "Permission denied" in capsys.readouterr().err
    raw.chmod(0o600)
    tmp_path.chmod(0o500)
    status, said = cli.run(clean.main, options(tmp_path)), capsys.readouterr().err
    tmp_path.chmod(0o700)
    assert status == 2
    assert "the output cannot be written" in said
    assert names_in(tmp_path) == ["raw.csv"]


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: pd.DataFrame, path: Path, **_: Any) -> None:
        Path(path).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    status, said = cleaned(tmp_path, GOOD, capsys)
    assert status == 2
    assert "clean.parquet: the output cannot be written" in said
    assert "found:   No space left on device" in said
    assert names_in(tmp_path) == ["raw.csv"]


def test_a_huge_file_is_refused_unread(tmp_path: Path, capsys: Said) -> None:
    with (tmp_path / "raw.csv").open("wb") as file:
        file.truncate(300 * 2**20)  # takes no room on the disk
    assert cli.run(clean.main, options(tmp_path)) == 2
    said = capsys.readouterr().err
    assert "raw.csv: the file is too large" in said
    assert "found:   300 MB" in said


def test_more_wrong_rows_than_can_be_listed(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adaptrode.rejection.MOST_ROWS", 5)
    status, said = cleaned(tmp_path, with_column("gap_um", "60 um"), capsys)
    assert status == 2
    assert "raw.csv, row 2, column 'gap_um': more than 5 rows would be rejected" in said
    assert "found:   '60 um' (text beside the number)" in said
    assert names_in(tmp_path) == ["raw.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("gap", ["{}.5", "{} um"])
def test_a_million_rows_fit_into_a_gigabyte(tmp_path: Path, root: Path, gap: str) -> None:
    tail = ",40.25,80.5,16.5,1.25,30.5\n"
    with (tmp_path / "raw.csv").open("w") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(
            f"S{i},B{i % 9},CMC,{gap.format(60 + i % 700)}{tail}" for i in range(1_000_000)
        )
    with subprocess.Popen(
        [sys.executable, str(root / "scripts" / "clean.py"), *options(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert usage.ru_maxrss < 2**20  # KiB
    assert process.returncode == (2 if "um" in gap else 0)
    assert ("more than 100000 rows" if "um" in gap else "1000000 rows kept, 0 rejected") in said


def test_a_row_may_lack_a_property_but_not_all(tmp_path: Path, capsys: Said) -> None:
    rows = rows_of(14)
    rows[2][-2:], rows[5][-2:], rows[7][-1], rows[9][-2] = ["", "7.5"], ["", "n/a"], "-", "x"
    status, said = cleaned(tmp_path, text_of(rows), capsys)
    assert status == 0
    made = pd.read_parquet(tmp_path / "clean.parquet").set_index("row")
    assert made.index[made["density"].isna()].to_list() == [4]
    assert made.index[made["strength"].isna()].to_list() == [9]
    assert "1 of 12 accepted rows lack 'density'" in said
    alone = ", and no property remains"
    assert rejected_in(tmp_path) == [
        [7, "density", "", f"empty cell{alone}; also strength 'n/a': no value{alone}"],
        [11, "density", "x", "text in place of a number"],
    ]


def split_options(folder: Path, **changes: str) -> list[str]:
    given = {
        "clean": str(folder / "clean.parquet"),
        "domain": "mine",
        "test-fraction": "0.3",
        "validation-fraction": "0.1",
        "repeats": "3",
        "seed": "1",
        "splits": str(folder / "splits.parquet"),
        **changes,
    }
    return [part for key, text in given.items() for part in (f"--{key}", text)]


# Rows of the clean table, what else is given, and the parts of the message.
SPLITS: dict[str, tuple[int, dict[str, str], tuple[str, ...]]] = {
    "one row": (1, {}, ("too few rows of 'mine' for a split", "found:   1 rows", "at least 3")),
    "three rows": (3, {}, ("too few rows of 'mine'", "lower `split: test_fraction`")),
    "one group": (
        4,
        {"schemes": '["batch"]', "test-fraction": "0.25"},
        ("column 'batch': too few groups of 'mine'", "found:   1 group", "at least 2 groups"),
    ),
    "unknown group": (
        12,
        {"schemes": '["bacth"]'},
        ("no such column to split by", "found:   bacth", "allowed: row, sample, batch"),
    ),
    "size below three": (12, {"sizes": "[2]"}, ("too small a size", "found:   2")),
    "whole share": (12, {"test-fraction": "1"}, ("'1' is no number above 0 and below 1",)),
    "fractions that leave nothing": (12, {"test-fraction": "0.99"}, ("too few rows of 'mine'",)),
    "no share": (12, {"validation-fraction": "none"}, ("is no number above 0 and below 1",)),
    "no repeats": (12, {"repeats": "0"}, ("'0' is no whole number of at least 1",)),
    "sizes that are no list": (12, {"sizes": "5"}, ("--sizes is not understood", "found:   5")),
    "no clean table": (12, {"clean": "none.parquet"}, ("none.parquet: the file does not exist",)),
    "a folder for a table": (12, {"clean": "."}, ("the file cannot be read", "found:   a folder")),
    "no parquet": (12, {"clean": "raw.csv"}, ("raw.csv, column 'row': this is no clean table",)),
    "damaged parquet": (12, {"clean": "damaged.parquet"}, ("the file cannot be read",)),
    "no place for the output": (
        12,
        {"splits": "raw.csv/splits.parquet"},
        ("raw.csv/splits.parquet: the output cannot be written",),
    ),
}


@pytest.mark.parametrize(("count", "changes", "parts"), SPLITS.values(), ids=SPLITS)
def test_what_cannot_be_split_is_one_message(
    tmp_path: Path,
    capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    changes: dict[str, str],
    parts: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("raw.csv").write_text(GOOD)
    Path("damaged.parquet").write_bytes(b"PAR1" + JUNK)
    cells = [(f"S{i}", f"B{i // 4}", 60.5) for i in range(count)]
    table = pd.DataFrame(cells, columns=["sample", "batch", "gap_um"])
    table.insert(0, "row", range(2, count + 2))
    files.write_table(table, "clean.parquet")
    status, said = cli.run(split.main, split_options(tmp_path, **changes)), capsys.readouterr().err
    assert status == 2
    for part in parts:
        assert part in said
    assert "Traceback" not in said
    assert names_in(tmp_path) == ["clean.parquet", "damaged.parquet", "raw.csv"]


Config = dict[str, Any]


def lab() -> Config:
    """A page of settings that nothing is wrong with."""
    study = {
        "title": "Mine",
        "origin": "measured",
        "source": "old",
        "targets": ["new"],
        "domains": {
            name: {"label": name, "color": "#2e8b57", "raw": f"{name}.csv"}
            for name in ("old", "new")
        },
        "features": copy.deepcopy(FEATURES[:2]),
        "measurements": copy.deepcopy(MEASUREMENTS),
        "properties": [{**record, "hidden": [3], "adapter": [2]} for record in PROPERTIES],
        "relations": ["disc_um > foil_um"],
        "group": "batch",
    }
    return {"studies": {"mine": study}, "split": {"repeats": 2}}


def put(*where: Any) -> Callable[[Config], None]:
    """A change of the settings: the way to a key, and its value."""

    def change(config: Config) -> None:
        *way, key, value = where
        node: Any = config
        for step in way:
            node = node.setdefault(step, {}) if isinstance(node, dict) else node[step]
        node[key] = value

    return change


MINE = ("studies", "mine")
LAYERS = (*MINE, "properties", 0)

SETTINGS: dict[str, tuple[Callable[[Config], None], tuple[str, ...]]] = {
    "unknown key": (
        put("splits", {"repeats": 3}),
        ("unknown key 'splits' in the top level", "to mend: write 'split'"),
    ),
    "unknown key of a study": (
        put(*MINE, "sources", "old"),
        ("unknown key 'sources' in studies.mine", "to mend: write 'source'"),
    ),
    "unknown key of a feature": (
        put(*MINE, "features", 0, "hi", 5),
        ("unknown key 'hi' in studies.mine.features.0", "allowed: name, label, unit, low, high"),
    ),
    "missing key": (
        lambda c: c["studies"]["mine"].pop("properties"),
        ("'properties' is missing in studies.mine", "add 'properties:' there"),
    ),
    "missing name": (
        lambda c: c["studies"]["mine"]["features"][1].pop("name"),
        ("'name' is missing in studies.mine.features.1",),
    ),
    "no studies": (put("studies", {}), ("settings: studies is not allowed", "found:   {}")),
    "studies in a list": (put("studies", [1]), ("settings: studies", "found:   [1]", "object")),
    "empty study": (put(*MINE, None), ("settings: studies.mine", "found:   null")),
    "text for a number": (
        put("split", "repeats", "ten"),
        ("settings: split.repeats", 'found:   "ten"', "allowed: integer"),
    ),
    "truth for a number": (put("split", "repeats", True), ("split.repeats", "found:   true")),
    "half a repeat": (put("split", "repeats", 2.5), ("split.repeats", "allowed: integer")),
    "no repeats": (put("split", "repeats", 0), ("split.repeats", "allowed: at least 1")),
    "whole share": (put("split", "test_fraction", 1), ("test_fraction", "allowed: less than 1")),
    "no share": (put("split", "validation_fraction", 0), ("validation_fraction", "more than 0")),
    "unknown recipe": (put("recipes", ["better"]), ("unknown recipe 'better'", "allowed: ")),
    "no recipe": (put("recipes", []), ("settings: recipes", "allowed: at least 1 entries")),
    "no epochs": (put("training", "epochs", 0), ("training.epochs", "allowed: at least 1")),
    "unknown loss": (put("training", "loss", "error"), ("training.loss", "mape, mae, mse")),
    "layer of no units": (put(*LAYERS, "hidden", [4, 0]), ("hidden.1", "allowed: at least 1")),
    "layer of text": (put(*LAYERS, "adapter", ["four"]), ("adapter.0", 'found:   "four"')),
    "layer of half a unit": (put(*LAYERS, "hidden", [2.5]), ("hidden.0", "found:   2.5")),
    "number for layers": (put(*LAYERS, "hidden", 4), ("hidden", "found:   4", "allowed: array")),
    "no layers": (put(*LAYERS, "hidden", []), ("hidden", "allowed: at least 1 entries")),
    "huge layer": (put(*LAYERS, "hidden", [10**6]), ("hidden.0", "allowed: at most 1024")),
    "exchanged range": (
        put(*MINE, "features", 0, "low", 2000),
        ("'gap_um' has an empty range", "found:   low 2000, high 1000", "allowed: low below high"),
    ),
    "unknown source": (
        put(*MINE, "source", "older"),
        ("studies.mine.source names the unknown domain 'older'", "allowed: old, new"),
    ),
    "source for a target": (
        put(*MINE, "targets", ["new", "old"]),
        ("studies.mine.targets holds the source", "either the source or a target"),
    ),
    "target twice": (put(*MINE, "targets", ["new", "new"]), ("settings: studies.mine.targets",)),
    "no target": (put(*MINE, "targets", []), ("targets", "allowed: at least 1 entries")),
    "domain of no use": (
        put(*MINE, "domains", "third", {"label": "3", "color": "red", "raw": "a.csv"}),
        ("describes 'third', which is neither source nor target", "add 'third' to targets"),
    ),
    "domain without a file": (
        lambda c: c["studies"]["mine"]["domains"]["new"].pop("raw"),
        ("'raw' is missing in studies.mine.domains.new",),
    ),
    "property that is a feature": (
        put(*LAYERS, "name", "gap_um"),
        ("properties names the column 'gap_um', which is already in features", "one role"),
    ),
    "group that is a feature": (put(*MINE, "group", "gap_um"), ("group is 'gap_um'",)),
    "column of the pipeline": (put(*MINE, "identifier", "row"), ("identifier is 'row'",)),
    "name with a space": (put(*LAYERS, "name", "my density"), ("properties.0.name",)),
    "renamed column that is unknown": (
        put(*MINE, "domains", "new", "columns", {"gap": "Gap"}),
        ("domains.new.columns renames the unknown column 'gap'", "gap_um"),
    ),
    "unknown equation": (
        put(*MINE, "equations", {"density": "alchemy"}),
        ("names the unknown equation 'alchemy'", "allowed: "),
    ),
    "equation without its arguments": (
        put(*MINE, "equations", {"density": "density"}),
        ("'density' needs 'disc_mass_mg'", "add 'disc_mass_mg' to measurements or to constants"),
    ),
    "relation without a sense": (put(*MINE, "relations", ["disc_um foil_um"]), ("relations.0",)),
    "relation of an unknown column": (
        put(*MINE, "relations", ["disc_um > foil"]),
        ("'disc_um > foil' names the unknown column 'foil'", "allowed: "),
    ),
    "31 features": (
        put(*MINE, "features", [{"name": f"x{i}", "label": "x"} for i in range(31)]),
        ("settings: studies.mine.features", "allowed: at most 30 entries"),
    ),
}


@pytest.mark.parametrize(("spoil", "parts"), SETTINGS.values(), ids=SETTINGS)
def test_a_wrong_setting_is_one_message(
    root: Path, spoil: Callable[[Config], None], parts: tuple[str, ...]
) -> None:
    defaults = load_defaults(root / "config.yaml")
    config = lab()
    Settings(copy.deepcopy(config), defaults)
    spoil(config)
    with pytest.raises(InputError) as refused:
        Settings(config, defaults)
    for part in parts:
        assert part in str(refused.value)
    assert "to mend: " in str(refused.value)
