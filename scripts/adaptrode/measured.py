"""The rows in which a property is given: a clean table may lack it in some."""

from __future__ import annotations

import pandas as pd

from adaptrode.errors import InputError
from adaptrode.splits import ALL

SPLIT = ["scheme", "size", "repeat"]


def measured(
    clean: pd.DataFrame, splits: pd.DataFrame, property_name: str, domain: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A domain's clean table and splits without the rows that lack a property.

    The splits are drawn once for all properties, so those of a property that is missing
    in some rows are smaller. One of few rows (see `splits.random_splits`) that is left
    without training rows is dropped.

    Parameters
    ----------
    clean, splits
        The domain's tables; given back as they are where no row lacks the property.
    property_name
        A column of ``clean``.
    domain
        The domain's name, for messages.

    Raises
    ------
    InputError
        When a split of all rows is left without training or without test rows.
    """
    known = clean[property_name].notna()
    if known.all():
        return clean, splits
    kept = clean[known].reset_index(drop=True)
    # A row that is unknown to the table altogether is another mistake, not ours to hide.
    rows = splits[~splits["row"].isin(clean.loc[~known, "row"])].reset_index(drop=True)
    roles = rows.groupby(SPLIT, sort=False)["role"].agg(set)
    roles = roles.reindex(pd.MultiIndex.from_frame(splits[SPLIT].drop_duplicates()))
    spoilt: list[tuple[tuple[str, str, int], str]] = [
        (split, role)
        for split, left in zip(roles.index.to_list(), roles, strict=True)
        for role in ("train", "test")
        if not isinstance(left, set) or role not in left
    ]
    for (scheme, size, repeat), role in spoilt:
        if size == ALL:
            raise InputError(
                f"a split of '{domain}' is left without {role} rows of '{property_name}'",
                column=property_name,
                found=f"scheme {scheme}, repeat {repeat}; {len(kept)} of {len(clean)} rows have "
                "the property",
                allowed="training and test rows in every split",
                mend="measure it in more samples, leave it out of the config, or try another "
                "`seed` or fewer `split: repeats`",
            )
    few = pd.MultiIndex.from_tuples([split for split, _ in spoilt], names=SPLIT)
    return kept, rows[~pd.MultiIndex.from_frame(rows[SPLIT]).isin(few)].reset_index(drop=True)
