"""What a table's columns and a study's domains are called, measured in and drawn as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Variable:
    """A column of numbers: a feature, a property or a raw measurement.

    Parameters
    ----------
    name
        Its column in the clean tables, with the unit in the name.
    label, unit
        What a reader sees; the unit is empty for a pure number.
    low, high
        The physically possible range, both ends included.
    """

    name: str
    label: str
    unit: str = ""
    low: float = float("-inf")
    high: float = float("inf")

    @property
    def title(self) -> str:
        """The label with its unit, as an axis shows it."""
        return f"{self.label} / {self.unit}" if self.unit else self.label

    @classmethod
    def many(cls, records: Sequence[Mapping[str, Any]]) -> list[Variable]:
        """Variables from JSON records such as a script's option holds."""
        return [cls(**record) for record in records]


@dataclass(frozen=True)
class Domain:
    """A dataset's name, the label a reader sees and the colour it is drawn in."""

    name: str
    label: str
    color: str

    @classmethod
    def many(cls, records: Sequence[Mapping[str, Any]]) -> list[Domain]:
        """Domains from JSON records such as a script's option holds; the source first."""
        return [cls(**record) for record in records]
