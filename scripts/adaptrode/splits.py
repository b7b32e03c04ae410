"""Random, seeded splits of a domain's rows into training, validation and test rows."""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from adaptrode.errors import InputError

logger = logging.getLogger("adaptrode")

Integers = NDArray[np.int64]

BY_ROW = "row"  # the scheme that ignores groups
ALL = "all"  # the size that keeps every training row
COLUMNS = ["scheme", "size", "repeat", "row", "role"]

# One row to test with, one to stop by and two to learn from.
FEWEST_KEPT = 3


def random_splits(
    rows: ArrayLike,
    *,
    test_fraction: float,
    validation_fraction: float,
    repeats: int,
    seed: int,
    domain: str,
    groups: pd.Series[str] | None = None,
    sizes: Sequence[int] = (),
    size_repeats: int | None = None,
) -> pd.DataFrame:
    """Draw independent splits, by rows or by whole groups.

    By rows, ``test_fraction`` of the rows (rounded, halves up) are drawn for the test
    and ``validation_fraction`` of the rest for the validation, at least one of each: the
    paper's 70/30 with 10 % of the training rows.

    By groups, whole groups are held out. They are taken in random order, each one only
    if it brings the number of test rows nearer to the wanted one; where the first
    choice overshoots more than it helps for every group, the smallest group is taken.
    At least one group remains. The validation takes whole groups of the rest in the
    same way where any fits, and single rows otherwise.

    Each split is repeated with fewer rows for learning curves: the test rows stay, and
    of the others a random ``size`` are kept, of which ``validation_fraction`` (at least
    one) validate; the rows kept are nested in those of larger sizes. Sizes that a
    repeat cannot exceed are left out there.

    The draws of a repeat depend on nothing but the seed, the domain, the scheme and the
    repeat: more repeats or sizes leave the earlier ones as they were.

    Parameters
    ----------
    rows
        The rows' numbers, each once.
    test_fraction, validation_fraction
        Between 0 and 1; the second is of the rows that are not for the test.
    repeats
        How many splits.
    seed
        Of every draw.
    domain
        The dataset's name, so that domains of equal length are split differently.
    groups
        The group of each row, in the same order; its name becomes the scheme.
    sizes
        Numbers of training and validation rows together, each at least 3.
    size_repeats
        How many of the splits are repeated with fewer rows; None: all.

    Returns
    -------
    DataFrame
        ``scheme`` ("row" or the group column's name), ``size`` ("all" or the number as
        text), ``repeat``, ``row``, ``role`` ("train", "validation" or "test").

    Raises
    ------
    InputError
        When there are too few rows or groups, or a size is below 3.
    """
    numbers: Integers = np.asarray(rows, dtype=np.int64)
    scheme = BY_ROW if groups is None else str(groups.name)
    labels = None if groups is None else groups.to_numpy(dtype=str)
    _check(len(numbers), labels, test_fraction, sizes, domain, scheme)
    parts = []
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, *map(_key, (domain, scheme)), repeat])
        if labels is None:
            order = rng.permutation(len(numbers))
            test, rest = np.split(order, [_share(len(order), test_fraction)])
            validation = rest[: _share(len(rest), validation_fraction)]
        else:
            test = _whole_groups(labels, test_fraction, rng, at_least_one=True)
            rest = rng.permutation(np.setdiff1d(np.arange(len(numbers)), test))
            validation = rest[_whole_groups(labels[rest], validation_fraction, rng)]
            if not len(validation):
                validation = rest[: _share(len(rest), validation_fraction)]
        parts.append(_part(numbers, scheme, ALL, repeat, test, rest, validation))
        for size in sorted(set(sizes)) if size_repeats is None or repeat < size_repeats else ():
            if size < len(rest):
                kept = rest[:size]
                chosen = kept[: _share(size, validation_fraction)]
                parts.append(_part(numbers, scheme, str(size), repeat, test, kept, chosen))
    return pd.concat(parts, ignore_index=True)


def held_out_ratio(splits: pd.DataFrame, scheme: str, size: str = ALL) -> float:
    """Test rows over the others of a split of this scheme and size; the median over repeats."""
    part = splits[(splits["scheme"] == scheme) & (splits["size"] == size)]
    test = part["role"].eq("test").groupby(part["repeat"]).mean()
    return float((test / (1 - test)).median())


def _key(name: str) -> int:
    return zlib.crc32(name.encode())


def _share(count: int, fraction: float) -> int:
    """The rounded share, halves up, of which at least one and never all."""
    return min(max(1, math.floor(count * fraction + 0.5)), count - 1)


def _whole_groups(
    labels: NDArray[np.str_], fraction: float, rng: np.random.Generator, at_least_one: bool = False
) -> Integers:
    """Positions of the rows of random whole groups, as near to the share as they come.

    Never all groups; none where none brings the count nearer, unless one is asked for.
    """
    names, members, counts = np.unique(labels, return_inverse=True, return_counts=True)
    wanted = len(labels) * fraction
    taken: list[int] = []
    held = 0
    for group in rng.permutation(len(names)):
        nearer = abs(held + counts[group] - wanted) < abs(held - wanted)
        if nearer and len(taken) < len(names) - 1:
            taken.append(int(group))
            held += int(counts[group])
    if not taken and at_least_one:
        taken = [int(np.argmin(counts))]
    return np.flatnonzero(np.isin(members, taken))


def _part(
    numbers: Integers,
    scheme: str,
    size: str,
    repeat: int,
    test: Integers,
    kept: Integers,
    validation: Integers,
) -> pd.DataFrame:
    """One split as lines of the table, in the rows' own order."""
    role = np.full(len(numbers), "", dtype=object)
    role[kept] = "train"
    role[validation] = "validation"
    role[test] = "test"
    used = role != ""
    part = pd.DataFrame({"row": numbers[used], "role": role[used].astype(str)})
    return part.assign(scheme=scheme, size=size, repeat=repeat)[COLUMNS]


def _check(
    count: int,
    labels: NDArray[np.str_] | None,
    test_fraction: float,
    sizes: Sequence[int],
    domain: str,
    scheme: str,
) -> None:
    if count - _share(count, test_fraction) < FEWEST_KEPT:
        raise InputError(
            f"too few rows of '{domain}' for a split",
            found=f"{count} rows, of which {_share(count, test_fraction) if count else 0} "
            "would be for the test",
            allowed=f"at least {FEWEST_KEPT} rows beside the test rows",
            mend="measure more samples or lower `split: test_fraction`",
        )
    if labels is not None and len(np.unique(labels)) < 2:
        raise InputError(
            f"too few groups of '{domain}' for a split by groups",
            column=scheme,
            found="1 group",
            allowed="at least 2 groups, one to train on and one to test with",
            mend="measure another group, or split by rows only",
        )
    if sizes and min(sizes) < FEWEST_KEPT:
        raise InputError(
            "too small a size for a learning curve",
            found=min(sizes),
            allowed=f"at least {FEWEST_KEPT} rows",
            mend="mend the sizes in the config",
        )
