"""Files are whole or absent; tables read back as they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adaptrode.errors import InputError
from adaptrode.files import atomic, read_table, write_table, write_tables, write_text


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    write_text("old", path)
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_atomic_keeps_the_suffix_and_makes_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.png"
    with atomic(path) as temporary:
        assert temporary.suffix == ".png"
        assert temporary.parent == path.parent
        temporary.write_bytes(b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_tables_read_back_to_the_last_bit(tmp_path: Path, suffix: str) -> None:
    values = np.random.default_rng(1).normal(size=50) * 10.0 ** np.arange(-25, 25)
    table = pd.DataFrame({"row": np.arange(50), "value": values, "name": ['µ,"x"'] * 50})
    path = tmp_path / f"table{suffix}"
    write_table(table, path)
    pd.testing.assert_frame_equal(read_table(path), table, check_exact=True, check_dtype=False)


def test_equal_tables_give_equal_bytes(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]})
    for suffix in (".parquet", ".csv"):
        for name in ("one", "two"):
            write_table(table, tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_unknown_suffix_is_refused_before_writing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="suffix"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "table.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_tables_are_written_all_or_none(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1]})
    (tmp_path / "taken.csv").mkdir()
    for last in ("taken.csv", "c.xlsx"):
        with pytest.raises(InputError) as refused:
            write_tables({tmp_path / "a.csv": table, tmp_path / last: table})
        assert refused.value.file == tmp_path / last
        assert [path.name for path in tmp_path.iterdir()] == ["taken.csv"]
    write_tables({tmp_path / "a.csv": table, tmp_path / "b.parquet": table})
    assert read_table(tmp_path / "b.parquet").equals(read_table(tmp_path / "a.csv"))


@pytest.mark.parametrize("place", ["file/below.txt", "file/deep/below.txt", "folder"])
def test_places_that_cannot_be_written_are_input_errors(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot be written") as refused:
        write_text("x", tmp_path / place)
    assert refused.value.file == tmp_path / place
    assert refused.value.mend
    assert not list(tmp_path.glob(".*"))


def test_missing_and_spoilt_files_are_input_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_table(tmp_path / "none.parquet")
    spoilt = tmp_path / "spoilt.parquet"
    spoilt.write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match="cannot be read"):
        read_table(spoilt)
