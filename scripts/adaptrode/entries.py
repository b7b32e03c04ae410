"""The list of rival methods in the settings: which are run, how they are set, how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adaptrode.errors import InputError
from adaptrode.selection import named
from adaptrode.splits import ALL


@dataclass(frozen=True)
class Entry:
    """A method of the list: how it is set and how often it is run."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    repeats: int | None = None
    curve_repeats: int | None = None

    @classmethod
    def many(cls, records: Sequence[Mapping[str, Any]]) -> list[Entry]:
        """Entries from JSON records; checked against the registry."""
        known = set(cls.__dataclass_fields__)
        for record in records:
            if "name" not in record or not set(record) <= known:
                raise InputError(
                    "a method of the list is not understood",
                    found=dict(record),
                    allowed="name, settings, repeats, curve_repeats",
                    mend="mend the list of methods in the config",
                )
        entries = [cls(**record) for record in records]
        names = [entry.name for entry in entries]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError("a method is listed twice", found=", ".join(twice))
        for entry in entries:
            named(entry.name).check(entry.settings)
        return entries

    def wanted(self, size: str, repeat: int) -> bool:
        """Whether it is run on this split."""
        caps = [self.repeats] if size == ALL else [self.repeats, self.curve_repeats]
        return all(cap is None or repeat < cap for cap in caps)
