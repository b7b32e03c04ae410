"""Shapley values of predictions, by shap.

How much each feature moves one prediction away from the mean prediction over a
background, in the property's unit. Features left out are replaced by the
background's rows (interventional values): Lundberg and Lee, "A unified approach
to interpreting model predictions", NeurIPS 2017. With few features the values are
exact; with many they are means over permutations, both by shap's explainers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shap
from numpy.typing import ArrayLike, NDArray

from adaptrode import progress
from adaptrode.description import Variable

Array = NDArray[np.float64]
Predict = Callable[[Array], Array]

# A float32 forward pass of the same row differs by about this much between batches.
ADDITIVITY_TOLERANCE = 1e-6
# Smaller shares of the prediction are rounding of sums that cancel.
ROUNDING = 1e-12
PERMUTATIONS = 10


@dataclass(frozen=True)
class Explanation:
    """Shapley values of some rows, in the property's unit.

    Parameters
    ----------
    base_value
        The mean prediction over the background.
    values
        Shape ``[rows, features]``.
    predicted
        Shape ``[rows]``: base value plus the sum of a row's values.
    """

    base_value: float
    values: Array
    predicted: Array


def explain(
    predict: Predict,
    background: ArrayLike,
    rows: ArrayLike,
    *,
    max_exact_features: int = 12,
    seed: int = 0,
) -> Explanation:
    """Shapley values of each row against the whole background.

    Parameters
    ----------
    predict
        From ``[n, features]`` in raw units to ``[n]``.
    background
        Shape ``[backgrounds, features]``: what a left-out feature is replaced by.
    rows
        Shape ``[rows, features]``: what is explained.
    max_exact_features
        Up to this many features all coalitions are computed (the time doubles with
        each); above it the values are means over ten random permutations, each
        walked forwards and backwards.
    seed
        Of those permutations; exact values do not depend on it.

    Raises
    ------
    ArithmeticError
        When base value and Shapley values do not add up to the predictions.
    """
    background = np.asarray(background, dtype=np.float64)
    rows = np.asarray(rows, dtype=np.float64)
    masker = _WholeBackground(background, max_samples=len(background))
    features = background.shape[1]
    if features <= max_exact_features:
        explainer = shap.ExactExplainer(predict, masker)
        found = explainer(rows, max_evals=2**features, silent=True)
    else:
        explainer = shap.PermutationExplainer(predict, masker, seed=seed)
        found = explainer(rows, max_evals=PERMUTATIONS * (2 * features + 1), silent=True)
    base_value = float(np.mean(predict(background)))
    predicted = np.asarray(predict(rows), dtype=np.float64)
    values = np.array(found.values, dtype=np.float64)
    size = max(abs(base_value), float(np.abs(predicted).max()))
    worst = float(np.abs(base_value + values.sum(axis=1) - predicted).max())
    if not worst <= ADDITIVITY_TOLERANCE * size:  # so written that a NaN fails too
        raise ArithmeticError(
            f"base value and Shapley values miss the prediction by up to {worst:.3g}, "
            f"for predictions of up to {size:.3g}"
        )
    values[np.abs(values) <= ROUNDING * size] = 0.0
    return Explanation(base_value, values, predicted)


class _WholeBackground(shap.maskers.Independent):  # type: ignore[misc]
    """The background as it is.

    shap skips features whose value is `numpy.isclose` to the background's, with an
    absolute tolerance: all of them where a unit makes the numbers small.
    """

    def invariants(self, x: Array) -> NDArray[np.bool_]:
        return np.asarray(x == self.data)


def explain_repeats(
    predict_of: Callable[[int], Predict],
    clean: pd.DataFrame,
    splits: pd.DataFrame,
    features: Sequence[str],
    *,
    max_exact_features: int = 12,
    seed: int = 0,
) -> pd.DataFrame:
    """Explain every test row of every split with the network trained on that split.

    Parameters
    ----------
    predict_of
        From a repeat's number to its network's `Predict`.
    clean
        A domain's clean table: ``row`` and the features.
    splits
        ``repeat, row, role`` of one scheme and size; the background of a repeat is
        its training and validation rows.

    Returns
    -------
    pandas.DataFrame
        ``repeat, row, base_value, predicted`` and ``shap_<feature>`` for each
        feature, a line for each test row of each repeat.
    """
    columns = list(features)
    by_row = clean.set_index("row")[columns]
    tables = []
    groups = splits.groupby("repeat", sort=True)
    for repeat, split in progress.steps(groups, len(groups), "explaining"):
        number = int(str(repeat))
        test = split.loc[split["role"] == "test", "row"]
        training = split.loc[split["role"].isin(["train", "validation"]), "row"]
        found = explain(
            predict_of(number),
            by_row.loc[training],
            by_row.loc[test],
            max_exact_features=max_exact_features,
            seed=int(np.random.SeedSequence([seed, number]).generate_state(1)[0]),
        )
        head = pd.DataFrame(
            {
                "repeat": np.int64(number),
                "row": test.to_numpy(),
                "base_value": found.base_value,
                "predicted": found.predicted,
            }
        )
        values = pd.DataFrame(found.values, columns=[f"shap_{name}" for name in columns])
        tables.append(pd.concat([head, values], axis=1))
    return pd.concat(tables, ignore_index=True)


def for_plots(
    table: pd.DataFrame, clean: pd.DataFrame, features: Sequence[Variable]
) -> shap.Explanation:
    """Stored values as shap's plots want them.

    Parameters
    ----------
    table
        What `explain_repeats` made, of one repeat.
    clean
        The domain's clean table, for the features' own values.
    features
        In the order of the columns; their titles name them in the plot.
    """
    names = [feature.name for feature in features]
    return shap.Explanation(
        values=table[[f"shap_{name}" for name in names]].to_numpy(),
        base_values=table["base_value"].to_numpy(),
        data=clean.set_index("row").loc[table["row"], names].to_numpy(),
        feature_names=[feature.title for feature in features],
    )
