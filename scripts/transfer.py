"""Train a target's adapters on the frozen source networks, and networks from scratch."""

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
    parser.add_argument("--domain", required=True, help="the target's name")
    parser.add_argument("--source-networks", required=True, type=Path, help="pretrain's .npz")
    parser.add_argument("--clean", required=True, type=Path, help="the target's clean table")
    parser.add_argument("--splits", required=True, type=Path, help="the target's splits")
    parser.add_argument("--features", required=True, type=cli.json_value, help="variables (JSON)")
    parser.add_argument("--hidden", required=True, type=cli.json_value, help="e.g. [4, 4, 4, 4]")
    parser.add_argument("--adapter", required=True, type=cli.json_value, help="e.g. [4]")
    parser.add_argument("--recipes", required=True, type=cli.json_value, help="headline first")
    parser.add_argument("--scaling", required=True, choices=("source", "domain"))
    parser.add_argument("--epochs", required=True, type=int)
    parser.add_argument("--batch-size", required=True, type=int)
    parser.add_argument("--loss", required=True, choices=LOSSES)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", required=True, type=Path, help="output: .npz")
    parser.add_argument("--history", required=True, type=Path, help="output: .parquet")
    parser.add_argument("--keras", required=True, type=Path, help="output: headline network")
    parser.add_argument("--provenance", required=True, type=Path, help="output: .json")
    args = parser.parse_args(argv)

    features = [variable.name for variable in Variable.many(args.features)]
    recipes = tasks.Recipe.many(args.recipes)
    target = tasks.task(
        args.study,
        args.property,
        args.domain,
        files.read_table(args.clean),
        files.read_table(args.splits),
        features,
    )
    pretrained = networks.load_stacks(args.source_networks)["pretrained"]
    tasks.warn_of_constant_features(pretrained, target, features)
    schedule = tasks.Schedule(args.epochs, args.batch_size, args.loss, args.seed, args.threads)
    adapted, scratch, history = arrange.transfer(
        target, pretrained, args.hidden, args.adapter, recipes, args.scaling, schedule
    )
    headline = arrange.headline(adapted, recipes[0])
    arrange.assert_frozen(headline.source, arrange.headline(pretrained, recipes[0]))
    model = keras_export.keras_model(headline, f"{args.property}_{args.domain}")

    stacks = {"adapter": adapted.adapter, "scratch": scratch, "frozen": adapted.source}
    networks.save_stacks(stacks, args.networks)
    files.write_table(history, args.history)
    keras_export.save_keras(model, args.keras)
    settings = {
        "study": args.study,
        "property": args.property,
        "domain": args.domain,
        "features": features,
        "hidden": args.hidden,
        "adapter": args.adapter,
        "recipes": [dataclasses.asdict(recipe) for recipe in recipes],
        "scaling": args.scaling,
        "epochs": args.epochs,
        "batch_size": args.batch_size,
        "loss": args.loss,
        "seed": args.seed,
    }
    inputs = [args.source_networks, args.clean, args.splits]
    parameters = {
        "adapter": keras_export.parameter_counts(adapted),
        "scratch": keras_export.parameter_counts(scratch),
    }
    provenance.write(provenance.record(settings, inputs, parameters), args.provenance)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
