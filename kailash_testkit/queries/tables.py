"""Which model a table is of, for statements that no node ran: the models of the kits that are open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kailash_testkit.models import Model

Models = Callable[[], Mapping[str, "Model"]]

_models: list[Models] = []


def add_models(models: Models) -> None:
    """Gives the models of an open kit, by table."""
    _models.append(models)


def remove_models(models: Models) -> None:
    """Ends it. Idempotent."""
    if models in _models:
        _models.remove(models)


def model_of(table: str | None) -> str | None:
    """Its name; None for a table that is of no model."""
    found = (models().get(table) for models in _models) if table is not None else ()
    return next((model.name for model in found if model is not None), None)
