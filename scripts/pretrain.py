"""Train the source's networks of one property: every split, recipe and restart in one go."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, files, keras_export, networks, paper_networks, provenance, tasks
from adaptrode.description import Variable
from adaptrode.errors import InputError
from adaptrode.training import LOSSES


def main(argv: Sequence[str] | None = None) -> None:
    """Run the script."""
    parser = cli.parser(__doc__)
    parser.add_argument("--study", required=True, help="the study's name")
    parser.add_argument("--property", required=True, help="the column to predict")
    parser.add_argument("--domain", required=True, help="the source's name")
    parser.add_argument("--clean", required=True, type=Path, help="the source's clean table")
    parser.add_argument("--splits", required=True, type=Path, help="the source's splits")
    parser.add_argument("--features", required=True, type=cli.json_value, help="variables (JSON)")
    parser.add_argument("--hidden", required=True, type=cli.json_value, help="e.g. [4, 4, 4, 4]")
    parser.add_argument("--recipes", required=True, type=cli.json_value, help="headline first")
    parser.add_argument("--epochs", required=True, type=int)
    parser.add_argument("--batch-size", required=True, type=int)
    parser.add_argument("--loss", required=True, choices=LOSSES)
    parser.add_argument(
        "--scaling",
        choices=tasks.SCALINGS,
        default="source",
        help="features scaled on the source's rows, or pooled: on the targets' as well; "
        "domain is for targets and leaves the source as it is",
    )
    parser.add_argument(
        "--pooled-clean", type=Path, nargs="+", default=[], help="the targets' clean tables"
    )
    parser.add_argument(
        "--pooled-splits", type=Path, nargs="+", default=[], help="their splits, in that order"
    )
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", required=True, type=Path, help="output: .npz")
    parser.add_argument("--history", required=True, type=Path, help="output: .parquet")
    parser.add_argument("--keras", required=True, type=Path, help="output: headline network")
    parser.add_argument("--provenance", required=True, type=Path, help="output: .json")
    args = parser.parse_args(argv)

    features = [variable.name for variable in Variable.many(args.features)]
    recipes = tasks.Recipe.many(args.recipes)
    source = tasks.read(args.study, args.property, args.clean, args.splits, features, args.domain)
    beside = pooled_tasks(args, features)
    schedule = tasks.Schedule(args.epochs, args.batch_size, args.loss, args.seed, args.threads)
    pretrained, history = paper_networks.pretrain(source, args.hidden, recipes, schedule, beside)
    headline = paper_networks.headline(pretrained, recipes[0])
    model = keras_export.keras_model(headline, f"{args.property}_{args.domain}")

    networks.save_stacks({"pretrained": pretrained}, args.networks)
    files.write_table(history, args.history)
    keras_export.save_keras(model, args.keras)
    settings = {
        "study": args.study,
        "property": args.property,
        "domain": args.domain,
        "features": features,
        "hidden": args.hidden,
        "recipes": [dataclasses.asdict(recipe) for recipe in recipes],
        "scaling": args.scaling,
        "epochs": args.epochs,
        "batch_size": args.batch_size,
        "loss": args.loss,
        "seed": args.seed,
    }
    inputs = [args.clean, args.splits]
    if beside:
        inputs += [*args.pooled_clean, *args.pooled_splits]
    parameters = {"pretrained": keras_export.parameter_counts(pretrained)}
    provenance.write(provenance.record(settings, inputs, parameters), args.provenance)


def pooled_tasks(args: argparse.Namespace, features: list[str]) -> list[tasks.Task]:
    """The targets whose features the source's are scaled with, if any."""
    if args.scaling != "pooled":
        return []
    if not args.pooled_clean or len(args.pooled_clean) != len(args.pooled_splits):
        raise InputError(
            "scaling on the rows of all domains needs the targets' tables",
            found=f"{len(args.pooled_clean)} clean tables, {len(args.pooled_splits)} of splits",
            mend="name both of every target by --pooled-clean and --pooled-splits",
        )
    return [
        tasks.read(args.study, args.property, clean, splits, features)
        for clean, splits in zip(args.pooled_clean, args.pooled_splits, strict=True)
    ]


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
