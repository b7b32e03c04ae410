"""Settings of a run small enough to go through each batch system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from running import tiny

# The last step of each branch.
TABLES = {"errors": "errors", "layers": "architectures", "importance": "importance"}
WANTED = [f"results/tables/{name}.csv" for name in TABLES]
KEPT = ("title", "origin", "source", "features", "measurements", "constants", "relations")


def smaller(config: Mapping[str, Any]) -> dict[str, Any]:
    """The tiny run with one target, one property and no figures."""
    made = tiny(config)
    [(name, study)] = made["studies"].items()
    target = study["targets"][-1]
    property_settings = {k: v for k, v in study["properties"][0].items() if k != "published"}
    dropped = {record["name"] for record in study["properties"][1:]}
    made["studies"] = {
        name: {
            **{key: study[key] for key in KEPT},
            "targets": [target],
            "domains": {domain: study["domains"][domain] for domain in (study["source"], target)},
            "properties": [property_settings],
            "equations": {k: v for k, v in study["equations"].items() if k not in dropped},
            "figures": {},
            "tables": {name: {"kind": kind} for name, kind in TABLES.items()},
        }
    }
    return made
