"""A laboratory's file as UTF-8 text, or one message that says what it is instead."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from adaptrode.errors import InputError

EXPORT_AS_CSV = "export the table again as 'CSV UTF-8'"

# What a file begins with when it is not text at all, or not UTF-8.
_FOREIGN = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe\x00\x00", "UTF-32 text"),
    (b"\x00\x00\xfe\xff", "UTF-32 text"),
)
# A table is read as a whole, in about eight times its size of memory.
MOST_MEGABYTES = 256


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
            raise InputError(
                "this is not a file",
                file=path,
                found="a folder" if path.is_dir() else "a device",
                allowed="a CSV file",
                mend="give the path of the file itself",
            )
        if status.st_size > MOST_MEGABYTES * 2**20:
            raise InputError(
                "the file is too large",
                file=path,
                found=f"{status.st_size / 2**20:.0f} MB",
                allowed=f"at most {MOST_MEGABYTES} MB, some million rows",
                mend="leave out columns that are not needed, or draw a sample of the rows",
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            "the file does not exist", file=path, mend="check the path in the config"
        ) from None
    except OSError as error:
        raise InputError(
            "the file cannot be read",
            file=path,
            found=error.strerror,
            allowed="a CSV file that you may read",
            mend="check the path and its permissions",
        ) from None


def utf8(path: Path) -> bytes:
    """The file's bytes as UTF-8 text with something in it, without a byte-order mark."""
    data = _bytes(path)
    kind = next((kind for magic, kind in _FOREIGN if data.startswith(magic)), None)
    if kind is None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:  # Excel calls it "Unicode text"
            data = data.decode("utf-16").encode("utf-8")
        except UnicodeDecodeError:
            kind = "damaged UTF-16 text"
    if kind is None and b"\0" in data:
        zeros = data.count(b"\0")
        kind = (
            "binary data or UTF-16 text without its mark"
            if zeros > len(data) / 10
            else f"a NUL byte in line {data[: data.index(0)].count(10) + 1}"
        )
    if kind is None and re.match(rb"\s*<(!doctype|html|\?xml)", data[:100], re.IGNORECASE):
        kind = "a web page or XML"
    if kind is not None:
        raise InputError(
            "this is not a CSV file in UTF-8",
            file=path,
            found=kind,
            allowed="UTF-8 text with comma, semicolon or tab between the cells",
            mend=EXPORT_AS_CSV,
        )
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start : error.start + 1]
        raise InputError(
            "this is not a CSV file in UTF-8",
            file=path,
            found=f"the byte 0x{byte.hex()} in line {line} "
            f"(in Windows-1252 '{byte.decode('cp1252', 'replace')}')",
            allowed="UTF-8 text",
            mend=EXPORT_AS_CSV,
        ) from None
    if not data.strip(b' \t\r\n,;"'):
        raise InputError(
            "the file is empty",
            file=path,
            found=f"{len(data)} bytes, none of them in a cell",
            allowed="a header and one row for each sample",
            mend=EXPORT_AS_CSV,
        )
    return data
