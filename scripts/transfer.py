"""Train a target's adapters on the frozen source networks, and networks to compare with.

These are networks from scratch and, where --rivals names them, the source's networks
trained on in full (fine_tuned) or in their last layer (last_layer), and networks trained
on the rows of source and target together (pooled), which needs the source's tables.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from adaptrode import (
    cli,
    files,
    keras_export,
    networks,
    paper_networks,
    provenance,
    rival_networks,
    tasks,
)
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.training import LOSSES


def main(argv: Sequence[str] | None = None) -> None:
    """Run the script."""
    parser = cli.parser(__doc__)
    parser.add_argument("--study", required=True, help="the study's name")
    parser.add_argument("--property", required=True, help="the column to predict")
    parser.add_argument("--domain", required=True, help="the target's name")
    parser.add_argument("--source-networks", required=True, type=Path, help="pretrain's .npz")
    parser.add_argument("--clean", required=True, type=Path, help="the target's clean table")
    parser.add_argument("--splits", required=True, type=Path, help="the target's splits")
    parser.add_argument("--features", required=True, type=cli.json_value, help="variables (JSON)")
    parser.add_argument("--hidden", required=True, type=cli.json_value, help="e.g. [4, 4, 4, 4]")
    parser.add_argument("--adapter", required=True, type=cli.json_value, help="e.g. [4]")
    parser.add_argument("--recipes", required=True, type=cli.json_value, help="headline first")
    parser.add_argument("--scaling", required=True, choices=tasks.SCALINGS)
    parser.add_argument(
        "--rivals",
        type=cli.json_value,
        default=[],
        help=f"JSON list of further networks to train, of {', '.join(rival_networks.RIVALS)}",
    )
    parser.add_argument("--source-clean", type=Path, help="the source's clean table, for pooled")
    parser.add_argument("--source-splits", type=Path, help="the source's splits, for pooled")
    parser.add_argument("--epochs", required=True, type=int)
    parser.add_argument("--batch-size", required=True, type=int)
    parser.add_argument("--loss", required=True, choices=LOSSES)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", required=True, type=Path, help="output: .npz")
    parser.add_argument("--history", required=True, type=Path, help="output: .parquet")
    parser.add_argument("--keras", required=True, type=Path, help="output: headline network")
    parser.add_argument("--provenance", required=True, type=Path, help="output: .json")
    parser.add_argument("--seconds", type=Path, help="output: CPU seconds per network, .parquet")
    args = parser.parse_args(argv)

    features = [variable.name for variable in Variable.many(args.features)]
    recipes = tasks.Recipe.many(args.recipes)
    target = tasks.read(args.study, args.property, args.clean, args.splits, features, args.domain)
    source = source_task(args, features)
    pretrained = networks.load_stacks(args.source_networks)["pretrained"]
    tasks.warn_of_constant_features(pretrained, target, features)
    schedule = tasks.Schedule(args.epochs, args.batch_size, args.loss, args.seed, args.threads)
    adapted, scratch, history = paper_networks.transfer(
        target, pretrained, args.hidden, args.adapter, recipes, args.scaling, schedule
    )
    headline = paper_networks.headline(adapted, recipes[0])
    paper_networks.assert_frozen(headline.source, paper_networks.headline(pretrained, recipes[0]))
    model = keras_export.keras_model(headline, f"{args.property}_{args.domain}")

    stacks = {"adapter": adapted.adapter, "scratch": scratch, "frozen": adapted.source}
    parameters = {
        "adapter": keras_export.parameter_counts(adapted),
        "scratch": keras_export.parameter_counts(scratch),
    }
    for name in args.rivals:
        stacks[name], losses = rival_networks.RIVALS[name](
            target, source, adapted.source, recipes, schedule
        )
        parameters[name] = rival_networks.parameter_counts(name, stacks[name])
        history = pd.concat([history, losses], ignore_index=True)
    networks.save_stacks(stacks, args.networks)
    files.write_table(history, args.history)
    if args.seconds:
        taken = pd.Series(schedule.taken, name="seconds", dtype="float64")
        files.write_table(taken.rename_axis("method").reset_index(), args.seconds)
    keras_export.save_keras(model, args.keras)
    settings = {
        "study": args.study,
        "property": args.property,
        "domain": args.domain,
        "features": features,
        "hidden": args.hidden,
        "adapter": args.adapter,
        "rivals": args.rivals,
        "recipes": [dataclasses.asdict(recipe) for recipe in recipes],
        "scaling": args.scaling,
        "epochs": args.epochs,
        "batch_size": args.batch_size,
        "loss": args.loss,
        "seed": args.seed,
    }
    inputs = [args.source_networks, args.clean, args.splits]
    if source is not None:
        inputs += [args.source_clean, args.source_splits]
    provenance.write(provenance.record(settings, inputs, parameters), args.provenance)


def source_task(args: argparse.Namespace, features: list[str]) -> tasks.Task | None:
    """The source, where a rival learns from its rows."""
    unknown = [name for name in args.rivals if name not in rival_networks.RIVALS]
    if unknown:
        raise InputError(
            "there is no such network to train beside the adapters",
            found=", ".join(map(str, unknown)),
            allowed=", ".join(rival_networks.RIVALS),
            mend="correct --rivals",
        )
    if "pooled" not in args.rivals:
        return None
    if args.source_clean is None or args.source_splits is None:
        raise InputError(
            "pooled networks learn from the source's rows too",
            mend="name its tables by --source-clean and --source-splits",
        )
    return tasks.read(args.study, args.property, args.source_clean, args.source_splits, features)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
