from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from adaptrode.cells import mostly_decimal_commas, numbers, why_no_number
from adaptrode.errors import InputError
from adaptrode.reading import read_raw

TABLE = [["disc", "mass / mg", "gap µm"], ["A1", "12.5", "60"], ["A2", "13", "1e2"]]


def text_of(rows: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    return "".join(separator.join(row) + end for row in rows)


def file_of(tmp_path, content: str | bytes, name: str = "raw.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_export_of_a_table_reads_the_same(tmp_path, separator, end, mark):
    raw = read_raw(file_of(tmp_path, mark + text_of(TABLE, separator, end).encode()))
    assert raw.headers == tuple(TABLE[0])
    assert raw.cells.to_numpy().tolist() == TABLE[1:]
    assert raw.cells.index.to_list() == [2, 3]


def test_decimal_commas_are_a_convention_of_the_whole_file(tmp_path):
    points = read_raw(file_of(tmp_path, "a,b\n1.5,2\n-2.25,1e-3\n"))
    commas = read_raw(file_of(tmp_path, "a;b\n1,5;2\n-2,25;1e-3\n", "commas.csv"))
    for header in ("a", "b"):
        assert not mostly_decimal_commas([points.text("a"), points.text("b")])
        assert mostly_decimal_commas([commas.text("a"), commas.text("b")])
        expected = numbers(points.text(header))
        pd.testing.assert_series_equal(numbers(commas.text(header), True), expected)


def test_one_decimal_comma_does_not_turn_the_file():
    cells = pd.Series(["1.5", "2.5", "3,5", "4"])
    assert not mostly_decimal_commas([cells])
    assert np.isnan(numbers(cells)[2])
    assert "decimal comma" in why_no_number("3,5")


def test_thousands_never_pass_for_decimals():
    cells = pd.Series(["1,234", "12,345,678", "7"])
    assert not mostly_decimal_commas([cells])
    assert numbers(cells).isna().to_list() == [True, True, False]


def test_row_numbers_are_the_spreadsheet_s(tmp_path):
    content = '\n"a\nb",c\n1,2\n\n,\n3,"x\ny"\n   \n5,6\n\n'
    raw = read_raw(file_of(tmp_path, content))
    assert raw.headers == ("a\nb", "c")
    assert raw.cells.index.to_list() == [3, 6, 8]
    assert raw.text("c").to_list() == ["2", "x\ny", "6"]


def test_excel_separator_line_is_not_a_row(tmp_path):
    raw = read_raw(file_of(tmp_path, "sep=;\r\na;b\r\n1;2\r\n"))
    assert raw.cells.index.to_list() == [2]


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_with_its_mark_is_text(tmp_path, order):
    mark = {"le": b"\xff\xfe", "be": b"\xfe\xff"}[order]
    raw = read_raw(file_of(tmp_path, mark + text_of(TABLE, "\t").encode(f"utf-16-{order}")))
    assert raw.headers == tuple(TABLE[0])
    assert raw.cells.to_numpy().tolist() == TABLE[1:]


def test_a_header_below_other_lines_is_named(tmp_path):
    path = file_of(tmp_path, "Export, Kim\n\n" + text_of(TABLE))
    with pytest.raises(InputError, match="not in the first row") as refused:
        read_raw(path, ["disc", "gap µm"])
    assert refused.value.row == 3


def test_expected_columns_decide_between_separators(tmp_path):
    content = "mass, dry;gap, wide\n1;2\n3;4\n"
    assert read_raw(file_of(tmp_path, content), ["gap, wide"]).delimiter == ";"


def test_headers_are_found_despite_spaces_and_the_two_mu(tmp_path):
    raw = read_raw(file_of(tmp_path, " gap  \N{GREEK SMALL LETTER MU}m ,b\n60,1\n"))
    assert raw.text("gap \N{MICRO SIGN}m").to_list() == ["60"]


def test_duplicates_name_the_first_equal_row(tmp_path):
    raw = read_raw(file_of(tmp_path, "a,b\n1,2\n1,3\n\n1,2\n1,2\n12,\n1,20\n"))
    assert raw.duplicates().to_dict() == {5: 2, 6: 2}


FILES = {
    "missing file": (None, "does not exist"),
    "empty": (b"", "empty"),
    "blank": (b"\xef\xbb\xbf\r\n ,;\r\n", "empty"),
    "header only": (b"a,b\n", "no rows"),
    "header and blank lines": (b"a,b\n\n,\n", "no rows"),
    "no header": (b"1.5,2\n3,4\n", "no header"),
    "utf-16 cut short": ("a,b\n1,2\n".encode("utf-16")[:-1], "UTF-16"),
    "utf-32": ("a,b\n1,2\n".encode("utf-32"), "UTF-32"),
    "a nul byte": (b"a,b\n1,2\n\0" + 99 * b"1,2\n", "NUL byte in line 3"),
    "utf-16 without a mark": ("a,b\n1,2\n".encode("utf-16-le"), "UTF-16"),
    "excel": (b"PK\x03\x04\x14\x00rest", "Excel"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1rest", "Excel"),
    "gzip": (b"\x1f\x8b\x08rest", "gzip"),
    "web page": (b"<!DOCTYPE html><html>", "web page"),
    "windows-1252": (b"a,\xb5m\n1,2\n", "Windows-1252"),
    "wrong delimiter": (b"a|b\n1|2\n", "only one column"),
    "space for a delimiter": (b"a b\n1 2\n", "only one column"),
    "long row": (b"a,b\n1,2\n1,5,2\n", "3 cells"),
    "short row": (b"a,b\n1,2\n3\n", "1 cell "),
    "open quote": (b'a,b\n"1,2\n3,4\n', "never closed"),
    "open quote in the last column": (b'a,b\n1,"2\n3,4\n', "never closed"),
}


@pytest.mark.parametrize(("content", "said"), FILES.values(), ids=FILES)
def test_unreadable_files_are_refused_with_a_way_out(tmp_path, content, said):
    path = tmp_path / "raw.csv" if content is None else file_of(tmp_path, content)
    with pytest.raises(InputError, match=said) as refused:
        read_raw(path)
    assert refused.value.file == path
    assert refused.value.mend


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="not a file"):
        read_raw(tmp_path)


def test_ragged_row_is_named(tmp_path):
    with pytest.raises(InputError) as refused:
        read_raw(file_of(tmp_path, 'a,b\n"1\n1",2\n\n3,4,5\n'))
    assert refused.value.row == 4


def test_missing_column_suggests_the_closest(tmp_path):
    raw = read_raw(file_of(tmp_path, "Roll Gap um,b\n1,2\n"))
    with pytest.raises(InputError, match="is it 'Roll Gap um'"):
        raw.text("roll_gap_um")
    with pytest.raises(InputError, match="missing") as refused:
        raw.text("mass")
    assert "is it" not in str(refused.value)


def test_doubled_column_matters_only_where_it_is_needed(tmp_path):
    raw = read_raw(file_of(tmp_path, "a,b,a,,\n1,2,3,,\n"))
    assert raw.text("b").to_list() == ["2"]
    with pytest.raises(InputError, match="more than once"):
        raw.text("a")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("+1.5", 1.5), ("-.5", -0.5), ("2.", 2), ("1E-3", 1e-3), ("0.1", 0.1)],
)
def test_plain_numbers_are_python_s(text, value):
    assert numbers(pd.Series([text]))[0] == value


CELLS = {
    "": "empty",
    "NaN": "no value",
    "-": "no value",
    "#DIV/0!": "spreadsheet",
    "inf": "infinite",
    "-Infinity": "infinite",
    "1e999": "too large",
    "12,5": "decimal comma",
    "1,234": "thousands separator or decimal comma",
    "1,234.5": "thousands",
    "1 234": "thousands",
    "1'234.5": "thousands",
    "12.5 mg": "text beside",
    "<5": "text beside",
    "12%": "text beside",
    "1.2.3": "text beside",
    "0x10": "text beside",
    "1_000": "text beside",
    "thick": "text in place",
    "1.5.2024": "date",
    "2024-05-01 12:00": "date",
    "1-May": "date",
    "Mai 05": "date",
    "٣": "text in place",
}


@pytest.mark.parametrize(("text", "said"), CELLS.items())
def test_what_is_no_number_is_explained(text, said):
    assert math.isnan(numbers(pd.Series([text]))[0])
    assert said in why_no_number(text)


@pytest.mark.parametrize("text", ["12.5", "1.234", "1.234,5"])
def test_points_in_a_file_of_decimal_commas(text):
    assert math.isnan(numbers(pd.Series([text]), True)[0])
    assert "thousands" in why_no_number(text, True)


def test_commas_between_cells_that_commas_do_not_separate_are_decimal() -> None:
    cells = [pd.Series(["26,919", "31,204"]), pd.Series(["106,590", "98,100"])]
    assert mostly_decimal_commas(cells, ";")
    assert not mostly_decimal_commas(cells, ",")
    assert not mostly_decimal_commas([pd.Series(["1.5", "1,234"])], ";")
    assert not mostly_decimal_commas([pd.Series(["26", "31"])], ";")
