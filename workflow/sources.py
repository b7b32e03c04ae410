"""Which library modules a script depends on."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

LIBRARY = "adaptrode"


def imported_modules(script: Path) -> list[Path]:
    """Modules of the library that a script imports, at any depth, sorted.

    The library is the package beside the script. Imports inside functions count too.
    """
    return sorted(_closure(script, script.parent) - {script})


@cache
def _closure(module: Path, folder: Path) -> frozenset[Path]:
    found: set[Path] = {module}
    waiting = [module]
    while waiting:
        for name in imports_of(waiting.pop()):
            file = folder.joinpath(*name.split(".")).with_suffix(".py")
            if file not in found and name.startswith(f"{LIBRARY}.") and file.exists():
                found.add(file)
                waiting.append(file)
    return frozenset(found)


def imports_of(module: Path) -> set[str]:
    """Every name that a module imports, dotted."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text("utf-8"), filename=str(module))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names
