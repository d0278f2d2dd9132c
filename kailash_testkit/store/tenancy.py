"""Whose rows are written: the active tenant's, for a model of a multi-tenant DataFlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kailash_testkit.errors import ManagedField, TenantRequired
from kailash_testkit.internals import dataflow as dataflow_internals
from kailash_testkit.models import Model


def active_tenant(dataflow: Any, model: Model) -> str | None:
    """The tenant that is active, for a model whose rows belong to one. Raises `TenantRequired` when none is."""
    tenant = dataflow_internals.current_tenant(dataflow) if model.tenant else None
    if model.tenant and tenant is None:
        raise TenantRequired(
            f"{model.name} belongs to a tenant, and none is active",
            why="this DataFlow is multi-tenant; its nodes refuse to run without a tenant",
            do=f'with kit.tenant("acme"): await kit.create({model.name}, ...)',
        )
    return tenant


def with_tenant(model: Model, requested: Mapping[str, object], tenant: str) -> dict[str, object]:
    """The values with the tenant's. Raises `ManagedField` when another tenant's is given."""
    given = requested.get("tenant_id", tenant)
    if given != tenant:
        raise ManagedField(
            f"{model.name}.tenant_id cannot be {given!r}",
            why=f"the row will belong to the active tenant, {tenant!r}; DataFlow discards another",
            do=f"with kit.tenant({given!r}): await kit.create({model.name}, ...)",
        )
    return {**requested, "tenant_id": tenant}


def without_tenant(model: Model, requested: Mapping[str, object]) -> dict[str, object]:
    """The values as CreateNode takes them: a declared ``tenant_id`` must be there and differ from the tenant's.

    CreateNode writes the tenant's into the statement, and fails when that changes nothing.
    """
    declared = {"tenant_id": ""} if model.fields["tenant_id"].required else {}
    return {name: value for name, value in requested.items() if name != "tenant_id"} | declared


def refuse_moving(model: Model, requested: Mapping[str, object]) -> None:
    """Raises `ManagedField` where an update would change which row it is, or whose."""
    for name in ("id", "tenant_id") if model.tenant else ("id",):
        if name in requested:
            raise ManagedField(
                f"{model.name}.{name} cannot be changed",
                why="it says which row it is; other rows that refer to it would lose it",
                do=f"create a row with the {name} that is wanted",
            )
