"""Reading and writing results so that no file is ever half-written."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd

from adaptrode.errors import InputError

# What an operating system says when there is no place left to write to.
_NO_PLACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its name on success.

    The temporary keeps the suffix (writers such as Matplotlib and Keras choose
    their format by it). When the block raises, the temporary is removed and an
    existing ``path`` stays as it was.

    Raises
    ------
    InputError
        When the place cannot be written to, or is full.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(
            "the output cannot be written",
            file=path,
            found="a folder of this name",
            allowed="the path of a file",
            mend="name another path, or remove the folder",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem[:100]}.", suffix=path.suffix
        )
    except OSError as error:
        raise _unwritable(path, error) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        try:
            temporary.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from None
    except OSError as error:
        if error.errno in _NO_PLACE:
            raise _unwritable(path, error) from None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> InputError:
    blocked = isinstance(error, FileExistsError | NotADirectoryError)
    return InputError(
        "the output cannot be written",
        file=path,
        found="a file where a folder is needed" if blocked else error.strerror or str(error),
        allowed="a folder that you may write to, with space left",
        mend="name another path, or mend the folder's permissions or space",
    )


def write_text(text: str, path: str | Path) -> None:
    """Write UTF-8 text with Unix line ends."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as Parquet or CSV, by the suffix; the index is not kept.

    CSV numbers are written in full (the shortest text that reads back the same).
    """
    write_tables({Path(path): table})


def write_tables(tables: Mapping[Path, pd.DataFrame]) -> None:
    """Write tables as `write_table` does, all of them or none."""
    for path in tables:
        if path.suffix not in (".parquet", ".csv"):
            raise InputError(
                "there is no table format for this suffix",
                file=path,
                found=path.suffix or "none",
                allowed=".parquet, .csv",
                mend="name another path",
            )
    with ExitStack() as stack:
        places = {path: stack.enter_context(atomic(path)) for path in tables}
        for path, table in tables.items():
            if path.suffix == ".parquet":
                table.to_parquet(places[path], index=False)
            else:
                table.to_csv(places[path], index=False, lineterminator="\n")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a Parquet or CSV table that the pipeline wrote itself.

    Raises
    ------
    InputError
        When the file is missing or not readable as what its suffix says.
    """
    path = Path(path)
    try:
        if path.is_dir():  # pandas would look for Parquet files in it
            raise IsADirectoryError("a folder")
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
