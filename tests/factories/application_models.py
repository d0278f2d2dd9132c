"""The models of an application that was written without the kit, in the ways in which applications write them.

Ids of every kind, fields required throughout, relations by naming convention only, JSON in text and in columns,
timestamps of its own, class names in the plural and in lower case, awkward field names, models that are registered
late; and a few fields that DataFlow registers and cannot store.
"""

# ruff: noqa: UP006, UP007, UP035, UP045, N801 - as applications write them

from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Dict, List, Literal, Optional, Union
from uuid import UUID, uuid4

from annotated_types import Ge, Le
from dataflow import DataFlow
from pydantic import Field


class Role(str, Enum):
    ADMIN = "admin"
    MEMBER = "member"


class Priority(IntEnum):
    LOW = 1
    HIGH = 3


class Phase(Enum):
    DRAFT = "draft"
    DONE = "done"


def utc_now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)  # noqa: UP017


def register_models(db: DataFlow) -> None:
    """What the application's models module does when it is imported."""

    @db.model
    class Organization:
        id: str
        name: str
        slug: str
        plan: str
        settings: dict
        is_active: bool
        created_at: str
        updated_at: str

        __dataflow__ = {"indexes": [{"name": "org_slug", "fields": ["slug"], "unique": True}]}

    @db.model
    class User:
        id: str
        organization_id: str
        email: str
        password_hash: str
        first_name: str
        last_name: str
        role: Role
        last_login: Optional[datetime] = None
        avatar_url: Optional[str] = None
        preferences: str
        login_count: int

        __dataflow__ = {
            "indexes": [
                {"name": "user_email", "fields": ["organization_id", "email"], "unique": True},
                {"name": "user_org", "fields": ["organization_id"]},
            ]
        }

    @db.model
    class Session:
        id: str
        user_id: str
        token: str
        expires_at: datetime
        ip_address: str = ""
        user_agent: str = ""

        __dataflow__ = {"indexes": [{"name": "session_token", "fields": ["token"], "unique": True}]}

    @db.model
    class Permission:
        name: str
        description: str

    @db.model
    class user_roles:
        id: int
        user_id: str
        role_id: int
        granted_by: str

    @db.model
    class Projects:
        id: int
        organization_id: str
        name: str
        description: str = ""
        phase: Phase = Phase.DRAFT
        budget: float
        tags: List[str]
        starts: datetime

    @db.model
    class Task:
        id: int
        project_id: int
        parent_id: Optional[int] = None
        assignee_id: str | None = None
        title: str
        priority: Priority = Priority.LOW
        estimate: float = 0.0
        done: bool = False
        created_by: str

        __dataflow__ = {"soft_delete": True}

    @db.model
    class Comment:
        id: int
        task_id: int
        author_id: str
        body: str
        mentions: list
        reactions: Dict[str, int]

    @db.model
    class Attachment:
        id: str
        name: str
        size: int
        content_type: str
        metadata: Dict[str, Any]
        version: int
        tags: list
        node_id: str

    @db.model
    class Label:
        id: str
        name: str
        items: str
        keys: str
        values: str
        get: str
        json: str
        n: int

    @db.model
    class Invoice:
        id: int
        number: int
        customer_email: str
        total_cents: int
        tax_rate: Annotated[float, Ge(0), Le(1)]
        currency: Annotated[str, Field(max_length=3)]
        paid: bool
        issued_at: datetime = utc_now

        __dataflow__ = {"indexes": [{"name": "invoice_number", "fields": ["number"], "unique": True}]}

    @db.model
    class InvoiceLine:
        id: int
        invoice_id: int
        position: Annotated[int, Field(ge=1, le=99)]
        text: str
        amount: float

        __dataflow__ = {"indexes": [{"name": "position", "fields": ["invoice_id", "position"], "unique": True}]}

    @db.model(append_only=True)
    class AuditEvent:
        id: int
        actor: str
        action: str
        payload_json: str
        details: dict[str, list[str]]

    @db.model
    class ApiKey:
        id: str
        key: str
        scopes: list[str]
        rate_limit: Optional[int] = None
        expires_at: Optional[datetime] = None

        __tablename__ = "api_credentials"

    @db.model
    class Setting:
        key: str
        value: Union[str, int]
        updated_by: str = "system"

    @db.model
    class Notification:
        id: str
        user_id: str
        kind: str = "info"
        read: bool = False
        data: dict = {}
        channels: list = []

    @db.model
    class Webhook:
        id: str
        url: str
        callback_uri: str
        events: List[Dict[str, Any]]
        secret: str
        retries: int = 3

    @db.model
    class Metric:
        id: int
        name: str
        value: float
        at: datetime
        labels: Optional[dict] = None

    @db.model
    class HTTPRequestLog:
        id: int
        method: str
        path: str
        status: int
        duration_ms: float
        headers: dict

    @db.model
    class Empty:
        note: Optional[str] = None

    @db.model
    class Address:
        id: str
        street: str
        zip_code: str
        country: str = "CH"
        lat: float
        lon: float
        user_id: str


def register_late(db: DataFlow) -> None:
    """What a plugin of the application does at start-up."""

    @db.model
    class Report:
        id: str
        title: str
        filters: dict
        owner_id: str

    @db.model
    class PluginState:
        id: str
        enabled: bool
        state: str


def register_unstorable(db: DataFlow) -> None:
    """Models that the application could register, and never store a row of."""

    @db.model
    class Payment:
        id: str
        amount: Decimal

    @db.model
    class Device:
        id: UUID
        name: str

    @db.model
    class Holiday:
        id: int
        day: date

    @db.model
    class Avatar:
        id: int
        image: bytes

    @db.model
    class Ticket:
        id: int
        state: Literal["open", "closed"]

    @db.model
    class Cache:
        id: str
        value: Any


def a_uuid() -> str:
    """As the application's code makes ids."""
    return str(uuid4())
