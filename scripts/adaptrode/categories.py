"""Features that are one of a few words, such as a binder's name.

A record of a feature with ``levels`` is such a `Category`. The raw table holds one of
the levels in each row; the clean table holds a column of 0 and 1 for each level, named
``<feature>_<level>``, so that all later steps see numbers only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from adaptrode.description import Variable
from adaptrode.errors import InputError


@dataclass(frozen=True)
class Category(Variable):
    """A feature of a few levels.

    Parameters
    ----------
    levels
        Every value that a cell may have, at least two. A row with any other value is
        rejected: a network has learnt nothing about it.
    """

    levels: tuple[str, ...] = ()

    @property
    def indicators(self) -> dict[str, Variable]:
        """The column of 0 and 1 for each level."""
        return {
            level: Variable(f"{self.name}_{_simple(level)}", f"{self.label}: {level}", "", 0, 1)
            for level in self.levels
        }

    def check(self) -> None:
        """Raise an `InputError` when no columns can be made of the levels."""
        names = [variable.name for variable in self.indicators.values()]
        twice = [level for i, level in enumerate(self.levels) if names[i] in names[:i]]
        if len(self.levels) < 2 or "" in map(_simple, self.levels) or twice:
            raise InputError(
                f"no columns can be named after the levels of '{self.name}'",
                column=self.name,
                found=", ".join(map(repr, self.levels)) or "no levels",
                allowed="at least two texts, each with a letter or figure of its own",
                mend=f"rename '{twice[0]}' in the file and in the config, as it makes the same "
                "column as another level"
                if twice
                else "mend `levels` in the config",
            )
        if self.unit or (self.low, self.high) != (float("-inf"), float("inf")):
            raise InputError(
                f"'{self.name}' has levels and a unit or a range",
                column=self.name,
                allowed="`levels`, or else `unit`, `low` and `high`",
                mend="remove one of them in the config",
            )


def variables(records: Sequence[Mapping[str, Any]]) -> list[Variable]:
    """Columns of a raw table, from JSON records such as a script's option holds.

    Raises
    ------
    InputError
        When a record is not understood.
    """
    made = []
    for record in records:
        kind = Category if isinstance(record, Mapping) and "levels" in record else Variable
        known = [field.name for field in fields(kind)]
        if not isinstance(record, Mapping) or not {"name", "label"} <= set(record) <= set(known):
            raise InputError(
                "the description of a column is not understood",
                found=record,
                allowed=", ".join(known) + "; the first two always",
                mend="mend the list in the option",
            )
        variable = kind(**record)
        if isinstance(variable, Category):
            variable = Category(**{**record, "levels": tuple(map(str, variable.levels))})
            variable.check()
        made.append(variable)
    return made


def expanded(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Records of the clean table's columns: each category's are those of its levels."""
    made: list[dict[str, Any]] = []
    for record in records:
        if "levels" in record:
            (category,) = variables([record])
            assert isinstance(category, Category)
            made += [asdict(variable) for variable in category.indicators.values()]
        else:
            made.append(dict(record))
    return made


def _simple(level: str) -> str:
    """A level as a part of a column's name."""
    plain = unicodedata.normalize("NFKD", level).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
