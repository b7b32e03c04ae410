"""Predict a target's test rows with methods other than the paper's, split by split.

Needs the clean tables and splits of source and target, the source's trained networks,
and the list of methods as JSON::

    --methods '[{"name": "ridge_log"}, {"name": "forest", "settings": {"trees": 50},
                 "repeats": 30, "curve_repeats": 0}]'

``repeats`` caps how many of the splits a method is run on, ``curve_repeats`` how many of
those with fewer training rows (as many, if not said). --only runs one method of
the list, or any other of the registry. A method learns from the training and validation
rows of a split, and from those of the source's split of the same scheme and repeat.
A method that the rows do not allow (logarithms of what is not positive) is left out.
"""

from __future__ import annotations

import functools
import logging
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from adaptrode import cli, files, progress
from adaptrode.description import Variable
from adaptrode.entries import Entry
from adaptrode.errors import InputError
from adaptrode.measured import measured
from adaptrode.methods import NO_RECIPE
from adaptrode.metrics import score
from adaptrode.networks import NetworkStack, load_stacks
from adaptrode.rivals import Array, Source, Task
from adaptrode.selection import METHODS, named  # the registry with the methods of all modules
from adaptrode.splits import ALL, BY_ROW

logger = logging.getLogger("adaptrode")

COLUMNS = (
    ["method", "scheme", "size", "recipe", "repeat", "row", "observed", "predicted"],
    ["method", "scheme", "size", "repeat", "seconds"],
    ["method", "scheme", "size", "repeat", "candidate", "weight"],
)
KINDS = {
    **dict.fromkeys(("method", "scheme", "size", "recipe", "candidate"), "str"),
    **dict.fromkeys(("repeat", "row"), "int64"),
    **dict.fromkeys(("observed", "predicted", "seconds", "weight"), "float64"),
}

Rows = NDArray[np.intp]
Line = tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """A domain's clean rows and splits; ``inputs`` [rows, features], ``observed`` [rows]."""

    clean: pd.DataFrame
    splits: pd.DataFrame
    inputs: Array
    observed: Array

    @classmethod
    def read(cls, clean: Path, splits: Path, features: Sequence[str], name: str) -> Table:
        """From the files of a domain, without the rows that lack the property."""
        drawn = files.read_table(splits)
        table, drawn = measured(files.read_table(clean), drawn, name, clean.stem)
        return cls(
            table,
            drawn,
            table[list(features)].to_numpy(np.float64),
            table[name].to_numpy(np.float64),
        )

    def places(self, rows: pd.Series[int]) -> Rows:
        """Where these rows stand in the clean table."""
        places = pd.Index(self.clean["row"]).get_indexer(pd.Index(rows))
        if (places < 0).any():
            raise InputError(
                "splits and clean table do not belong together",
                found=f"a split with row {rows.iloc[int(np.argmin(places))]}",
                mend="run `snakemake` again",
            )
        return np.sort(places)

    def groups(self, scheme: str, places: Rows) -> Any:
        """The groups of these rows, where whole groups are held out."""
        return None if scheme == BY_ROW else self.clean[scheme].to_numpy(dtype=str)[places]


def main(argv: Sequence[str] | None = None) -> None:
    """Run every method on every split that it is wanted on."""
    parser = cli.parser(__doc__)
    parser.add_argument("--study", required=True, help="its name, a key of the draws")
    parser.add_argument("--domain", required=True, help="the target's name, likewise")
    parser.add_argument("--property", required=True, help="the column to predict")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--source-clean", type=Path, required=True, help="the source's clean table")
    parser.add_argument("--source-splits", type=Path, required=True, help="the source's splits")
    parser.add_argument("--source-networks", type=Path, help="the source's networks (.npz)")
    parser.add_argument("--recipe", help="which of them; needed with --source-networks")
    parser.add_argument("--clean", type=Path, required=True, help="the target's clean table")
    parser.add_argument("--splits", type=Path, required=True, help="the target's splits")
    parser.add_argument("--methods", type=cli.json_value, required=True, help="the list (JSON)")
    parser.add_argument("--only", help=f"run just one: {', '.join(METHODS)}")
    parser.add_argument("--seed", type=int, required=True, help="of every draw")
    parser.add_argument("--threads", type=int, default=1, help="processes at a time")
    parser.add_argument("--predictions", type=Path, required=True, help="Parquet to write")
    parser.add_argument("--seconds", type=Path, required=True, help="Parquet: CPU time per fit")
    parser.add_argument("--choices", type=Path, help="Parquet: weights of automatic choices")
    options = parser.parse_args(argv)

    entries = Entry.many(options.methods)
    if options.only:
        named(options.only)
        entries = [entry for entry in entries if entry.name == options.only] or [
            Entry(options.only)
        ]
    features = [variable.name for variable in Variable.many(options.features)]
    source = Table.read(options.source_clean, options.source_splits, features, options.property)
    target = Table.read(options.clean, options.splits, features, options.property)
    networks = None
    if options.source_networks:
        networks = load_stacks(options.source_networks)["pretrained"]
        networks = networks.select(size=ALL, recipe=options.recipe)
    key = [options.seed, *map(_key, (options.study, options.property, options.domain))]

    drawn = target.splits[["scheme", "repeat"]].drop_duplicates()
    work = Parallel(n_jobs=options.threads, return_as="generator")(
        delayed(run_repeat)(
            entries,
            source_of(source, networks, scheme, repeat),
            target,
            (scheme, repeat),
            key,
        )
        for scheme, repeat in drawn.itertuples(index=False)
    )
    label = f"{options.property}, {options.domain}"
    made = list(progress.steps(work, len(drawn), label))
    predictions, seconds, choices = tables(made)
    ran = set(seconds["method"])
    for entry in entries:
        if entry.name not in ran:
            logger.warning("%s cannot be used on these rows and is left out", entry.name)
    if not ran:
        raise InputError("no method of the list can be used on these rows")
    files.write_table(predictions, options.predictions)
    files.write_table(seconds, options.seconds)
    if options.choices:
        files.write_table(choices, options.choices)
    errors = judged_means(predictions)
    for name, taken in seconds.groupby("method", sort=False)["seconds"]:
        logger.info(
            "%s: mean error %s; %d fits of %.3f CPU s",
            *(name, ", ".join(errors[str(name)]), len(taken), taken.mean()),
        )


def judged_means(predictions: pd.DataFrame) -> dict[str, list[str]]:
    """Mean percentage error of every method with all training rows, scheme by scheme."""
    metrics = score(predictions[predictions["size"] == ALL])
    found: dict[str, list[str]] = {}
    for (name, scheme), errors in metrics.groupby(["method", "scheme"], sort=False)["mape_pct"]:
        found.setdefault(str(name), []).append(f"{errors.mean():.2f} % ({scheme})")
    return found


def source_of(source: Table, networks: NetworkStack | None, scheme: str, repeat: int) -> Source:
    """What a target's split may know of the source: the split of the same name."""
    splits = source.splits
    known = splits.loc[
        (splits["scheme"] == scheme)
        & (splits["size"] == ALL)
        & (splits["repeat"] == repeat)
        & (splits["role"] != "test"),
        "row",
    ]
    if known.empty:
        raise InputError(
            "the source has no such split",
            found=f"scheme {scheme}, repeat {repeat}",
            mend="split source and target with the same settings",
        )
    places = source.places(known)
    predict = None
    if networks is not None:
        try:
            network = networks.select(scheme=scheme, repeat=repeat)
        except KeyError:
            raise InputError(
                "there is no source network of this split",
                found=f"scheme {scheme}, repeat {repeat}",
                mend="train the source's networks on the same splits",
            ) from None
        predict = functools.partial(answer, network)
    return Source(
        source.inputs[places], source.observed[places], source.groups(scheme, places), predict
    )


def answer(network: NetworkStack, inputs: Array) -> Array:
    """What the stack's only network answers, [rows]."""
    return np.asarray(network.predict(inputs)[0])


def run_repeat(
    entries: Sequence[Entry],
    source: Source,
    target: Table,
    draw: tuple[str, int],
    key: Sequence[int],
) -> tuple[list[Line], list[Line], list[Line]]:
    """All methods on all sizes of one random split: lines of the three tables.

    What methods share of a source (see `Source.remember`) counts to the first of them.
    """
    scheme, repeat = draw
    drawn = target.splits[(target.splits["scheme"] == scheme) & (target.splits["repeat"] == repeat)]
    predictions: list[Line] = []
    seconds: list[Line] = []
    choices: list[Line] = []
    for size, rows in drawn.groupby("size", sort=False):
        known = target.places(rows.loc[rows["role"] != "test", "row"])
        asked = target.places(rows.loc[rows["role"] == "test", "row"])
        draws = np.random.default_rng([*key, _key(scheme), _key(str(size)), repeat])
        task = Task(
            target.inputs[known],
            target.observed[known],
            target.groups(scheme, known),
            source,
            int(draws.integers(2**31)),
        )
        numbers = target.clean["row"].to_numpy()[asked], target.observed[asked]
        for entry in entries:
            chosen = named(entry.name)
            if not entry.wanted(str(size), repeat) or not chosen.applies(task):
                continue
            fresh = replace(task, notes={})
            # One thread: BLAS would otherwise take all, and round by their number.
            with threadpool_limits(1):
                start = time.process_time()
                predicted = chosen.fit_predict(fresh, target.inputs[asked], entry.settings)
                lasted = time.process_time() - start
            split = (entry.name, scheme, str(size))
            seconds.append((*split, repeat, lasted))
            choices.extend((*split, repeat, *note) for note in fresh.notes.items())
            predictions.extend(
                (*split, NO_RECIPE, repeat, *line) for line in zip(*numbers, predicted, strict=True)
            )
    return predictions, seconds, choices


def tables(made: Sequence[tuple[list[Line], list[Line], list[Line]]]) -> list[pd.DataFrame]:
    """Predictions, seconds and choices of all splits, in the order of the splits."""
    frames = []
    for columns, parts in zip(COLUMNS, zip(*made, strict=True), strict=True):
        frame = pd.DataFrame([line for part in parts for line in part], columns=columns)
        frames.append(frame.astype({name: kind for name, kind in KINDS.items() if name in columns}))
    return frames


def _key(name: str) -> int:
    return zlib.crc32(name.encode())


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
