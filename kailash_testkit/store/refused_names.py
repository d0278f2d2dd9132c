"""Models that have no table, because DataFlow refuses a name of theirs. It says so in its log only."""

from __future__ import annotations

import re
from typing import Any, Final

from kailash_testkit.errors import UnstorableField
from kailash_testkit.internals.dataflow import refusal_of_table
from kailash_testkit.models import Model

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def refuse_without_table(dataflow: Any, model: Model) -> None:
    """Raises `UnstorableField` where DataFlow itself cannot state the model's table; names what is no plain name.

    Does nothing where the table is missing for another reason.
    """
    reason = refusal_of_table(dataflow, model.name)
    if reason is None:
        return
    names = [name for name in model.fields if not _PLAIN.fullmatch(name)]
    odd = [f"its field {name!r}" for name in names]
    if not _PLAIN.fullmatch(model.table):
        odd.insert(0, f"its table {model.table!r}")
    raise UnstorableField(
        f"{f'{model.name}.{names[0]}' if names else model.name} has no place in the database: "
        "DataFlow makes no table for the model",
        details=[f"no plain name: {each}" for each in odd],
        why=f"DataFlow says: {reason}",
        do="use letters from A to Z, digits and underscores only; the application cannot store such rows either"
        if odd
        else "correct the model as DataFlow says; the application cannot store such rows either",
    )
