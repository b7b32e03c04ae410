"""How far a target's rows lie from the source's, feature by feature and together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

# Beyond so many of the source's standard deviations, and with no value in common, two
# columns of one name may measure different things.
ANOTHER_QUANTITY_SD = 10.0
# Relative; values that an equation gives differ in their last digits.
ROUNDING = 1e-9
FOLDS, FEWEST_IN_LEAF = 5, 5

Array = NDArray[np.float64]


def by_column(source: pd.DataFrame, target: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Compare one column after the other.

    Returns
    -------
    DataFrame
        One line per column, values in the column's unit:

        - ``column``;
        - ``source_low``, ``source_median``, ``source_high`` and the same of the target;
        - ``outside_share``: of the target's rows, those outside the source's range;
        - ``mean_difference_sd``: the target's mean less the source's, in standard
          deviations of the source;
        - ``wasserstein_sd``: the Wasserstein distance of the two samples in the same;
          both are NaN where the source never varied and the target differs from it;
        - ``ks``: the Kolmogorov-Smirnov statistic, 0 for equal distributions, 1 for
          disjoint ones;
        - ``constant_in_source``;
        - ``another_quantity``: whether the ranges have no value in common and the means
          lie more than 10 standard deviations of the source apart. Never said of a
          column that is constant in the source, which gives no scale.
    """
    lines = []
    for name in columns:
        one = source[name].dropna().to_numpy(dtype=np.float64)
        two = target[name].dropna().to_numpy(dtype=np.float64)
        outside = _outside(one, two)
        constant = bool(np.ptp(one) <= ROUNDING * np.abs(one).max())
        if constant:
            away = np.nan if outside.any() else 0.0
            moved, distance = away, away
        else:
            spread = float(np.std(one, ddof=1))
            moved = float(two.mean() - one.mean()) / spread
            distance = float(stats.wasserstein_distance(one / spread, two / spread))
        apart = bool(two.min() > one.max() or two.max() < one.min())
        lines.append(
            {
                "column": name,
                "source_low": one.min(),
                "source_median": np.median(one),
                "source_high": one.max(),
                "target_low": two.min(),
                "target_median": np.median(two),
                "target_high": two.max(),
                "outside_share": outside.mean(),
                "mean_difference_sd": moved,
                "wasserstein_sd": distance,
                "ks": float(stats.ks_2samp(one, two, method="asymp").statistic),
                "constant_in_source": constant,
                "another_quantity": apart and not constant and abs(moved) > ANOTHER_QUANTITY_SD,
            }
        )
    return pd.DataFrame(lines)


def outside_any(source: pd.DataFrame, target: pd.DataFrame, columns: Sequence[str]) -> float:
    """Share of the target's rows with at least one of the columns outside the source's range.

    NaN when no column is asked for.
    """
    if not columns:
        return float("nan")
    pairs = ((source[name].to_numpy(float), target[name].to_numpy(float)) for name in columns)
    return float(np.any([_outside(one, two) for one, two in pairs], axis=0).mean())


def classifier_auc(
    source: pd.DataFrame,
    target: pd.DataFrame,
    features: Sequence[str],
    *,
    seed: int,
    group: str | None = None,
    rounds: int = 3,
    trees: int = 50,
) -> float:
    """How well a random forest tells the target's rows from the source's, cross-validated.

    The area under the receiver's curve, a mean over the folds of some rounds: 0.5 when
    the two cannot be told apart, 1 when they always can. Rows of one group are never on
    both sides, nor are equal rows: the forest would know them again and tell even two
    samples of one distribution apart.

    Parameters
    ----------
    features
        The columns to tell by.
    seed
        Of folds and forests.
    group
        The column of rows that belong together.
    rounds
        How often the rows are dealt into five folds anew.
    trees
        Of each forest.

    Returns
    -------
    float
        NaN without features, or where no fold holds rows of both, as with a single group.

    References
    ----------
    D. Lopez-Paz, M. Oquab, Revisiting classifier two-sample tests, ICLR 2017.
    """
    if not features:
        return float("nan")
    values = pd.concat([source, target])[list(features)].to_numpy(dtype=np.float64)
    which = np.repeat([0, 1], [len(source), len(target)])
    together = _together(values, source, target, group)
    folds = min(FOLDS, int(np.bincount(which).min()), len(np.unique(together)))
    areas = []
    for turn in range(rounds if folds >= 2 else 0):
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed + turn)
        for known, asked in splitter.split(values, which, together):
            if len(np.unique(which[known])) < 2 or len(np.unique(which[asked])) < 2:
                continue
            forest = RandomForestClassifier(
                trees,
                min_samples_leaf=FEWEST_IN_LEAF,
                class_weight="balanced",
                random_state=seed + turn,
            ).fit(values[known], which[known])
            areas.append(roc_auc_score(which[asked], forest.predict_proba(values[asked])[:, 1]))
    return float(np.mean(areas)) if areas else float("nan")


def _outside(source: Array, target: Array) -> NDArray[np.bool_]:
    margin = ROUNDING * float(np.abs(source).max())
    return np.asarray((target < source.min() - margin) | (target > source.max() + margin))


def _together(
    values: Array, source: pd.DataFrame, target: pd.DataFrame, group: str | None
) -> NDArray[np.int64]:
    """Numbers of the rows that stay together: of one group, or equal, or both in turn."""
    rows = np.arange(len(values))
    marks = [np.unique(values, axis=0, return_inverse=True)[1].reshape(-1)]
    if group is not None:
        # A group's name may be used in both domains for different things.
        names = [f"source {name}" for name in source[group]]
        names += [f"target {name}" for name in target[group]]
        marks.append(np.unique(names, return_inverse=True)[1])
    ends, first_free = [], len(rows)
    for mark in marks:
        ends.append(mark + first_free)
        first_free += int(mark.max()) + 1
    starts = np.tile(rows, len(marks))
    graph = coo_array(
        (np.ones(len(starts)), (starts, np.concatenate(ends))), shape=(first_free, first_free)
    )
    return np.asarray(connected_components(graph, directed=False)[1][: len(rows)], dtype=np.int64)
