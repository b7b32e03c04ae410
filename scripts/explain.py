"""Shapley values of every test row of a domain, for all splits of one scheme and recipe.

    explain.py --clean results/clean/nmc.parquet --splits results/splits/nmc.parquet \\
        --source-networks results/models/electrodes/density_g_cm3/graphite.npz \\
        --networks results/models/electrodes/density_g_cm3/nmc.npz \\
        --features '[{"name": "comma_gap_um", "label": "Comma gap", "unit": "µm"}]' \\
        --property density_g_cm3 --recipe robust --scheme row --seed 2024 \\
        --shapley results/shapley/electrodes/density_g_cm3/nmc.parquet

Without --networks the source's own network is explained, with it the transferred one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from adaptrode import cli, shapley
from adaptrode.description import Variable
from adaptrode.files import read_table, write_table
from adaptrode.measured import measured
from adaptrode.networks import AdaptedStack, load_stacks

logger = logging.getLogger("adaptrode")


def main(argv: Sequence[str] | None = None) -> None:
    """Explain each split's test rows with the network trained on that split."""
    parser = cli.parser(__doc__)
    parser.add_argument("--clean", type=Path, required=True, help="the domain's clean table")
    parser.add_argument("--splits", type=Path, required=True, help="the domain's splits")
    parser.add_argument(
        "--features", type=cli.json_value, required=True, help="the features' descriptions"
    )
    parser.add_argument("--property", required=True, help="what is predicted, for the log")
    parser.add_argument(
        "--source-networks", type=Path, required=True, help="networks trained on the source"
    )
    parser.add_argument("--networks", type=Path, help="the target's adapters")
    parser.add_argument("--recipe", required=True, help="whose networks are explained")
    parser.add_argument("--scheme", default="row", help="which kind of split")
    parser.add_argument(
        "--max-exact-features",
        type=int,
        default=12,
        help="above this many features values are estimated from permutations",
    )
    parser.add_argument("--repeats", type=int, required=True, help="how many splits")
    parser.add_argument("--seed", type=int, required=True, help="of those permutations")
    parser.add_argument("--shapley", type=Path, required=True, help="the Parquet file to write")
    options = parser.parse_args(argv)

    clean, splits = read_table(options.clean), read_table(options.splits)
    clean, splits = measured(clean, splits, options.property, options.clean.stem)
    features = [variable.name for variable in Variable.many(options.features)]
    source = load_stacks(options.source_networks)["pretrained"]
    own = load_stacks(options.networks) if options.networks else {}
    explained = AdaptedStack(own["frozen"], own["adapter"]) if own else source

    def predict_of(repeat: int) -> shapley.Predict:
        where = {
            "scheme": options.scheme,
            "size": "all",
            "recipe": options.recipe,
            "repeat": repeat,
        }
        network = explained.select(**where)
        return lambda inputs: network.predict(inputs)[0]

    constant = source.select(scheme=options.scheme, recipe=options.recipe).constant_inputs
    for index, name in enumerate(features):
        if constant[:, index].any():
            logger.warning(
                "%s had one value only where the source network was trained: what it does to "
                "%s was not learnt, and where it varies its Shapley values are arbitrary",
                name,
                options.property,
            )
    wanted = (splits["scheme"] == options.scheme) & (splits["size"] == "all")
    wanted &= splits["repeat"] < options.repeats
    table = shapley.explain_repeats(
        predict_of,
        clean,
        splits.loc[wanted],
        features,
        max_exact_features=options.max_exact_features,
        seed=options.seed,
    )
    table.insert(0, "scheme", options.scheme)
    table.insert(1, "recipe", options.recipe)
    write_table(table, options.shapley)
    logger.info("explained %d predictions of %s", len(table), options.property)


if __name__ == "__main__":
    raise SystemExit(cli.run(main))
