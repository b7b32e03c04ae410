"""A bar for work of more than a few seconds, on a terminal only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")

# Seconds before a bar appears: short work needs none.
PATIENCE = 3.0


def steps(work: Iterable[T], total: int, label: str) -> Iterable[T]:
    """Go through ``work`` and show how far it is; silent where nobody watches.

    Parameters
    ----------
    total
        How many steps there are.
    label
        What is being done, in front of the bar.
    """
    shown: Iterable[T] = tqdm(
        work, total=total, desc=label, disable=None, delay=PATIENCE, leave=False, mininterval=0.5
    )
    return shown
