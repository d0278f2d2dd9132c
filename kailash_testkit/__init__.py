"""Seed, call and verify: the test kit for applications built on Kailash DataFlow behind an ASGI API.

Names are imported from here. They are loaded when they are first used, so that importing the pytest
plugin costs nothing in a session that does not use the kit.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kailash_testkit.changes import Change as Change
    from kailash_testkit.changes import Changes as Changes
    from kailash_testkit.changes import created as created
    from kailash_testkit.changes import deleted as deleted
    from kailash_testkit.changes import updated as updated
    from kailash_testkit.client import ApiClient as ApiClient
    from kailash_testkit.client.resources import Resource as Resource
    from kailash_testkit.errors import AnsweredFromRecord as AnsweredFromRecord
    from kailash_testkit.errors import AppendOnlyModel as AppendOnlyModel
    from kailash_testkit.errors import CircularValues as CircularValues
    from kailash_testkit.errors import ConfigurationError as ConfigurationError
    from kailash_testkit.errors import DatabaseBusy as DatabaseBusy
    from kailash_testkit.errors import DeclarationError as DeclarationError
    from kailash_testkit.errors import FieldTypeError as FieldTypeError
    from kailash_testkit.errors import IsolationFailed as IsolationFailed
    from kailash_testkit.errors import KitError as KitError
    from kailash_testkit.errors import LeftRunning as LeftRunning
    from kailash_testkit.errors import LifespanFailed as LifespanFailed
    from kailash_testkit.errors import ManagedField as ManagedField
    from kailash_testkit.errors import MissingField as MissingField
    from kailash_testkit.errors import MultipleRowsFound as MultipleRowsFound
    from kailash_testkit.errors import NoActiveKit as NoActiveKit
    from kailash_testkit.errors import NodeFailed as NodeFailed
    from kailash_testkit.errors import NotAwaited as NotAwaited
    from kailash_testkit.errors import ProtocolViolation as ProtocolViolation
    from kailash_testkit.errors import ReadYourWritesError as ReadYourWritesError
    from kailash_testkit.errors import RowNotFound as RowNotFound
    from kailash_testkit.errors import SeedingFailed as SeedingFailed
    from kailash_testkit.errors import StoredRowMismatch as StoredRowMismatch
    from kailash_testkit.errors import TenantRequired as TenantRequired
    from kailash_testkit.errors import UnconfirmedWrite as UnconfirmedWrite
    from kailash_testkit.errors import UnexpectedChanges as UnexpectedChanges
    from kailash_testkit.errors import UnexpectedResponse as UnexpectedResponse
    from kailash_testkit.errors import UnexpectedStatus as UnexpectedStatus
    from kailash_testkit.errors import UnknownField as UnknownField
    from kailash_testkit.errors import UnknownModel as UnknownModel
    from kailash_testkit.errors import UnknownOperation as UnknownOperation
    from kailash_testkit.errors import UnknownOperator as UnknownOperator
    from kailash_testkit.errors import UnknownTrait as UnknownTrait
    from kailash_testkit.errors import UnsafeDatabase as UnsafeDatabase
    from kailash_testkit.errors import UnstorableField as UnstorableField
    from kailash_testkit.errors import UnsupportedDatabase as UnsupportedDatabase
    from kailash_testkit.errors import UnsupportedProtocol as UnsupportedProtocol
    from kailash_testkit.explain import Cause as Cause
    from kailash_testkit.explain import Explanation as Explanation
    from kailash_testkit.factories import Factory as Factory
    from kailash_testkit.factories import choice as choice
    from kailash_testkit.factories import derived as derived
    from kailash_testkit.factories import fake as fake
    from kailash_testkit.factories import related as related
    from kailash_testkit.factories import sequence as sequence
    from kailash_testkit.factories import transient as transient
    from kailash_testkit.kit import Kit as Kit
    from kailash_testkit.models.rows import Row as Row

_HOMES: Final = {
    "ApiClient": "client",
    "Cause": "explain",
    "Change": "changes",
    "Changes": "changes",
    "Explanation": "explain",
    "Factory": "factories",
    "Kit": "kit",
    "Resource": "client.resources",
    "Row": "models.rows",
    "choice": "factories",
    "created": "changes",
    "deleted": "changes",
    "derived": "factories",
    "fake": "factories",
    "related": "factories",
    "sequence": "factories",
    "transient": "factories",
    "updated": "changes",
}

__all__ = [
    "ApiClient", "Factory", "Kit", "Resource", "Row", "choice", "derived", "fake", "related", "sequence", "transient",
    "Change", "Changes", "created", "deleted", "updated", "Cause", "Explanation", "AnsweredFromRecord",
    "AppendOnlyModel", "CircularValues", "ConfigurationError", "DatabaseBusy", "DeclarationError", "FieldTypeError",
    "IsolationFailed", "KitError", "LeftRunning", "LifespanFailed", "ManagedField", "MissingField",
    "MultipleRowsFound", "NoActiveKit", "NodeFailed", "NotAwaited", "ProtocolViolation", "ReadYourWritesError",
    "RowNotFound", "SeedingFailed", "StoredRowMismatch", "TenantRequired", "UnconfirmedWrite", "UnexpectedChanges",
    "UnexpectedResponse", "UnexpectedStatus", "UnknownField", "UnknownModel", "UnknownOperation", "UnknownOperator",
    "UnknownTrait", "UnsafeDatabase", "UnstorableField", "UnsupportedDatabase", "UnsupportedProtocol",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}")
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
