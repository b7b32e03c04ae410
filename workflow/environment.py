"""The Python that jobs run in."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

# One for each kind of job; the others come along with these.
NEEDED = ("keras", "matplotlib", "numba", "pandera", "pyarrow", "shap", "sklearn", "tensorflow")


def put_first_on_path() -> None:
    """Let ``python`` in a job be the one that runs Snakemake.

    So a forgotten ``activate`` does no harm. A conda environment comes before it.
    """
    folder = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])


def missing_packages() -> list[str]:
    """Packages of ``requirements.txt`` that this Python lacks."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]
