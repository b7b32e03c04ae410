"""The choices about training that the paper leaves unstated, and what they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adaptrode.errors import InputError
from adaptrode.tasks import SCALINGS

# What a recipe holds, and all of it in the order of a table's columns.
OF_RECIPE = ("learning_rate", "restarts", "property_scale", "output_bias", "adapter_input")
CHOICES = ("scaling", "batch_size", *OF_RECIPE)
LEVELS = {
    "scaling": SCALINGS,
    "property_scale": ("none", "median"),
    "output_bias": ("zero", "median"),
    "adapter_input": ("raw", "standardised"),
}
LABELS = {
    "scaling": "scaling of the features",
    "batch_size": "batch size",
    "learning_rate": "learning rate",
    "restarts": "number of restarts",
    "property_scale": "scale of the property",
    "output_bias": "start of the last bias",
    "adapter_input": "scale of the adapter's input",
}


def check(grid: Mapping[str, Sequence[Any]]) -> None:
    """Make sure that a grid names every choice, with levels that there are.

    Raises
    ------
    InputError
        When it does not.
    """
    if set(grid) != set(CHOICES):
        raise InputError(
            "the grid must hold each of the choices and nothing else",
            found=", ".join(grid),
            allowed=", ".join(CHOICES),
            mend="correct the grid; a choice that should not vary has one level",
        )
    for choice, levels in grid.items():
        unknown = [level for level in levels if level not in LEVELS.get(choice, levels)]
        if unknown or not levels or len(set(levels)) < len(levels):
            raise InputError(
                "the levels of a choice must be there, known and different",
                column=choice,
                found=list(levels),
                allowed=", ".join(LEVELS.get(choice, ["numbers"])),
                mend="correct the grid",
            )
