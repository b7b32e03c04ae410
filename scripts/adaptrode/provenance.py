"""What a result was made from and with."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from adaptrode.files import write_text

# Either of a name's distributions may be installed.
_PACKAGES = (
    ("numpy",),
    ("pandas",),
    ("pyarrow",),
    ("keras",),
    ("tensorflow-cpu", "tensorflow"),
)


def record(
    settings: Mapping[str, Any], inputs: Sequence[str | Path], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The record beside a model; the same content gives the same record anywhere.

    Parameters
    ----------
    settings
        Everything that the result depends on beside its inputs, seeds included.
    inputs
        The files read; they are listed by the name given, with their SHA-256.
    parameters
        Numbers of weights and biases.
    """
    return {
        "settings": dict(settings),
        "inputs": {Path(file).as_posix(): sha256(file) for file in inputs},
        "parameters": dict(parameters),
        "versions": versions(),
    }


def write(made: Mapping[str, Any], path: str | Path) -> None:
    """Write a record as JSON text."""
    write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", path)


def sha256(path: str | Path) -> str:
    """A file's checksum in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that networks are made with."""
    found = {"python": platform.python_version()}
    for names in _PACKAGES:
        for name in names:
            try:
                found[name] = metadata.version(name)
                break
            except metadata.PackageNotFoundError:
                continue
    return found
