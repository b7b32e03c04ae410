"""Predict the test rows of every split with every network of a property.

Needs the source's networks and, for a target, the target's after them; the clean table
and the splits of the domain. On the source there is one method, "pretrained". On a
target there are "pretrained" (the source network as it is), "adapter", "scratch" and
whatever else the target's file holds. Only NumPy evaluates the networks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from adaptrode import cli, files
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.measured import measured
from adaptrode.networks import AdaptedStack, NetworkStack, load_stacks
from adaptrode.splits import ALL

SPLIT = ["scheme", "size", "repeat"]
COLUMNS = ["method", "scheme", "size", "recipe", "repeat", "row", "observed", "predicted"]
# Stacks that are not the whole of a target's method.
_PARTS = ("pretrained", "frozen", "adapter")


def main(argv: Sequence[str] | None = None) -> None:
    """Load the networks, predict, write."""
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--networks", type=Path, nargs="+", required=True, help="source's .npz [target's .npz]"
    )
    parser.add_argument("--clean", type=Path, required=True, help="the domain's clean table")
    parser.add_argument("--splits", type=Path, required=True, help="the domain's splits")
    parser.add_argument("--features", type=cli.json_value, required=True, help="variables (JSON)")
    parser.add_argument("--property", required=True, help="the column to predict")
    parser.add_argument("--predictions", type=Path, required=True, help="Parquet to write")
    options = parser.parse_args(argv)

    stacks = {name: s for path in options.networks for name, s in load_stacks(path).items()}
    clean, splits = files.read_table(options.clean), files.read_table(options.splits)
    clean, splits = measured(clean, splits, options.property, options.clean.stem)
    features = [variable.name for variable in Variable.many(options.features)]
    made = [
        predict_test_rows(method, networks, clean, splits, features, options.property)
        for method, networks in methods_of(stacks).items()
    ]
    files.write_table(pd.concat(made, ignore_index=True), options.predictions)


def methods_of(stacks: dict[str, NetworkStack]) -> dict[str, NetworkStack | AdaptedStack]:
    """The networks of each method, from the stacks of a source or of a target.

    The untransferred network of a target is the frozen one below its adapters, which
    scales the features as the config says. It has seen none of the target's rows, so
    it is evaluated once, not for every size of a learning curve.
    """
    if "adapter" not in stacks:
        return {"pretrained": stacks["pretrained"]}
    adapted = AdaptedStack(stacks["frozen"], stacks["adapter"])
    whole = adapted.take(np.flatnonzero(adapted.members["size"] == ALL))
    untransferred = dataclasses.replace(whole.source, members=whole.members)
    plain = {name: s for name, s in stacks.items() if name not in _PARTS}
    return {"pretrained": untransferred, "adapter": adapted, **plain}


def predict_test_rows(
    method: str,
    networks: NetworkStack | AdaptedStack,
    clean: pd.DataFrame,
    splits: pd.DataFrame,
    features: Sequence[str],
    target: str,
) -> pd.DataFrame:
    """What each network answers for the test rows of its own split.

    Parameters
    ----------
    method
        Goes into the table's first column.
    networks
        Stacked; its members name scheme, size, recipe and repeat.
    clean, splits
        The domain's tables.
    features, target
        The networks' inputs and the column that they predict.

    Raises
    ------
    InputError
        When a split names a row that the clean table lacks, or when a network's split
        has no test rows.
    """
    test = splits.loc[splits["role"] == "test", [*SPLIT, "row"]]
    members = networks.members[[*SPLIT, "recipe"]].assign(member=np.arange(len(networks)))
    lines = members.merge(test, on=SPLIT, how="left")
    place = pd.Index(clean["row"]).get_indexer(pd.Index(lines["row"]))
    if (place < 0).any():
        first = lines[place < 0].iloc[0]
        raise InputError(
            "networks, splits and clean table do not belong together",
            found=f"no test rows for scheme {first['scheme']}, size {first['size']}, repeat "
            f"{first['repeat']} of '{method}'"
            if pd.isna(first["row"])
            else f"a split with row {first['row']:g}, which the clean table lacks",
            mend="run `snakemake` again",
        )
    answers = networks.predict(clean[list(features)].to_numpy(np.float64))
    return lines.assign(
        method=method,
        row=clean["row"].to_numpy()[place],
        observed=clean[target].to_numpy(np.float64)[place],
        predicted=answers[lines["member"].to_numpy(), place],
    )[COLUMNS]


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
