"""Train the source's networks of one property: every split, recipe and restart in one go."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from adaptrode import arrange, cli, files, keras_export, networks, provenance, tasks
from adaptrode.description import Variable
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
        choices=("source", "domain"),
        default="source",
        help="kept for the record: the source is scaled on its own rows either way",
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
    source = tasks.task(
        args.study,
        args.property,
        args.domain,
        files.read_table(args.clean),
        files.read_table(args.splits),
        features,
    )
    schedule = tasks.Schedule(args.epochs, args.batch_size, args.loss, args.seed, args.threads)
    pretrained, history = arrange.pretrain(source, args.hidden, recipes, schedule)
    headline = arrange.headline(pretrained, recipes[0])
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
    parameters = {"pretrained": keras_export.parameter_counts(pretrained)}
    provenance.write(
        provenance.record(settings, [args.clean, args.splits], parameters), args.provenance
    )


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
