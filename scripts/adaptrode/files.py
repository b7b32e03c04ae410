"""Reading and writing results so that no file is ever half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from adaptrode.errors import InputError


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its name on success.

    The temporary keeps the suffix (writers such as Matplotlib and Keras choose
    their format by it). When the block raises, the temporary is removed and an
    existing ``path`` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text with Unix line ends."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as Parquet or CSV, by the suffix; the index is not kept.

    CSV numbers are written in full (the shortest text that reads back the same).
    """
    path = Path(path)
    with atomic(path) as temporary:
        if path.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        elif path.suffix == ".csv":
            table.to_csv(temporary, index=False, lineterminator="\n")
        else:
            raise ValueError(f"no table format for the suffix of {path}")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet or CSV table that the pipeline wrote itself.

    Raises
    ------
    InputError
        When the file is missing or not readable as what its suffix says.
    """
    path = Path(path)
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except FileNotFoundError:
        raise InputError(
            "the file does not exist", file=path, mend="run `snakemake` to make it"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(
            "the file cannot be read",
            file=path,
            found=str(error).splitlines()[0] if str(error) else type(error).__name__,
            mend="delete it and run `snakemake` again",
        ) from error
