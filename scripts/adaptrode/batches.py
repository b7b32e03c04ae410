"""Batches of a design, characterised one sample after another."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from adaptrode import progress
from adaptrode.errors import InputError
from adaptrode.microstructure import (
    Layer,
    Microstructure,
    Model,
    characterise,
    check,
    generate,
    sample_key,
)

logger = logging.getLogger("adaptrode")

PARAMETERS = tuple(one.name for one in fields(Layer))
IDENTITY = ("sample_id", "domain", "seed")


def characterise_batch(
    design: pd.DataFrame,
    batch: int,
    batch_size: int,
    model: Model,
    memory_mb: float | None = None,
    file: Path | None = None,
) -> pd.DataFrame:
    """Build and measure the samples of one batch.

    Parameters
    ----------
    design
        `IDENTITY` and `PARAMETERS` columns, one row a sample.
    batch, batch_size
        Which ``batch_size`` rows, counted from 0.
    model, memory_mb
        See `adaptrode.microstructure`.
    file
        Where the design stands, for messages.

    Returns
    -------
    DataFrame
        The design's rows, what was measured, the model's settings and ``cpu_seconds``.

    Raises
    ------
    InputError
        Before any work when any row of the batch cannot be built; else for a sample
        whose binder cannot be placed or through which no path leads.
    """
    for column in (*IDENTITY, *PARAMETERS):
        if column not in design:
            raise InputError("the design lacks a column", file=file, column=column)
    rows = design.iloc[batch * batch_size : (batch + 1) * batch_size]
    if rows.empty:
        raise InputError(
            "the design has no such batch",
            file=file,
            found=batch,
            allowed=f"0 to {-(-len(design) // batch_size) - 1}",
        )
    records = [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
    layers = [Layer(**{name: float(row[name]) for name in PARAMETERS}) for row in records]
    for position, layer in zip(rows.index, layers, strict=True):
        check(layer, model, memory_mb, file=file, row=int(position) + 2)
    done: list[dict[str, Any]] = []
    work = zip(records, layers, strict=True)
    for row, layer in progress.steps(work, len(records), "building layers"):
        start = time.process_time()
        key = sample_key(int(row["seed"]), str(row["domain"]), str(row["sample_id"]))
        measured = characterise(layer, model, key, memory_mb)
        if np.isnan(measured["geometric_tortuosity"]):
            raise InputError(
                "no path leads through the sample",
                file=file,
                found=row["sample_id"],
                mend="lower its concentrations or its compression",
            )
        seconds = time.process_time() - start
        done.append({**row, **measured, **asdict(model), "cpu_seconds": seconds})
        logger.info(
            "%s: tortuosity %.4f, porosity %.3f, %.1f CPU s",
            row["sample_id"],
            measured["geometric_tortuosity"],
            measured["porosity"],
            seconds,
        )
    return pd.DataFrame(done)


def rebuild(
    design: pd.DataFrame, sample_id: str, model: Model, file: Path | None = None
) -> Microstructure:
    """The image of one sample of a design, voxel by voxel as it was characterised.

    Raises
    ------
    InputError
        When the design has no such sample.
    """
    rows = design[design["sample_id"] == sample_id]
    if len(rows) != 1:
        raise InputError(
            "the design has no such sample", file=file, column="sample_id", found=sample_id
        )
    row = rows.iloc[0]
    layer = Layer(**{name: float(row[name]) for name in PARAMETERS})
    return generate(layer, model, sample_key(int(row["seed"]), str(row["domain"]), sample_id))


def collect_batches(design: pd.DataFrame, batches: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of all samples, in the design's order.

    Columns: ``sample_id``, the parameters, ``geometric_tortuosity``, then whatever else
    was measured and set.

    Raises
    ------
    InputError
        When a sample of the design is missing, or was built from other parameters.
    """
    rows = pd.concat(batches, ignore_index=True).set_index("sample_id")
    missing = [name for name in design["sample_id"] if name not in rows.index]
    if missing or len(rows) != len(design):
        raise InputError(
            "the batches are not those of the design",
            found=f"{len(rows)} rows; missing: {', '.join(missing[:5]) or 'none'}",
            allowed=f"{len(design)} rows, one a sample",
            mend="run the missing batches",
        )
    rows = rows.loc[design["sample_id"]]
    keys = ["domain", "seed", *PARAMETERS]
    if not (rows[keys].to_numpy() == design[keys].to_numpy()).all():
        raise InputError(
            "the batches were built from another design", mend="delete them and run them again"
        )
    first = [*PARAMETERS, "geometric_tortuosity"]
    others = [name for name in rows.columns if name not in (*first, *IDENTITY)]
    return rows[[*first, *others, "domain", "seed"]].reset_index()


def sensitivity(
    design: pd.DataFrame,
    model: Model,
    binders: Sequence[str],
    readings: Sequence[str],
    memory_mb: float | None = None,
) -> pd.DataFrame:
    """The samples of a design under every binder model and reading.

    Returns
    -------
    DataFrame
        One row a sample and combination: ``sample_id``, ``binder``, ``concentrations``,
        ``thickness``, the parameters and what was measured; a layer that cannot be built
        so has no numbers.
    """
    done: list[dict[str, Any]] = []
    for binder, concentrations, thickness in product(binders, readings, readings):
        options: dict[str, Any] = {
            "binder": binder,
            "concentrations": concentrations,
            "thickness": thickness,
        }
        found = []
        for row in design.to_dict("records"):
            layer = Layer(**{name: float(row[name]) for name in PARAMETERS})
            key = sample_key(int(row["seed"]), str(row["domain"]), str(row["sample_id"]))
            try:
                measured = characterise(layer, replace(model, **options), key, memory_mb)
            except InputError as error:
                logger.warning("%s, %s: %s", row["sample_id"], options, error)
                measured = {}
            parameters = {name: row[name] for name in PARAMETERS}
            done.append({"sample_id": row["sample_id"], **options, **parameters, **measured})
            found.append(measured.get("geometric_tortuosity", np.nan))
        logger.info("%s: mean tortuosity %.4f", ", ".join(options.values()), np.nanmean(found))
    return pd.DataFrame(done)
