"""The one way in which bad input is reported."""

from __future__ import annotations

from pathlib import Path


class InputError(ValueError):
    """Input that the user must mend: one message, no traceback.

    Parameters
    ----------
    problem
        What is wrong, in one sentence without a final stop.
    file, row, column
        Where: the file, the row as a spreadsheet numbers it (the header is row 1)
        and the column's name as it stands in the file.
    found, allowed
        The value met and what would have been accepted.
    mend
        What to do about it, as an imperative sentence.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        row: int | None = None,
        column: str | None = None,
        found: object = None,
        allowed: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.row = row
        self.column = column
        self.found = found
        self.allowed = allowed
        self.mend = mend
        super().__init__(self._message())

    def _message(self) -> str:
        place = ", ".join(
            part
            for part in (
                str(self.file) if self.file is not None else "",
                f"row {self.row}" if self.row is not None else "",
                f"column '{self.column}'" if self.column is not None else "",
            )
            if part
        )
        lines = [f"{place}: {self.problem}" if place else self.problem]
        if self.found is not None:
            lines.append(f"  found:   {self.found}")
        if self.allowed is not None:
            lines.append(f"  allowed: {self.allowed}")
        if self.mend is not None:
            lines.append(f"  to mend: {self.mend}")
        return "\n".join(lines)
