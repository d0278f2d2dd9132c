"""What the doctor says of each type is what was measured, and what it says of a clean model is nothing."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from database_kinds import Kind
from sample_app import make_db, register

from kailash_testkit import Kit
from kailash_testkit.doctor import Diagnosis, Finding, diagnose
from kailash_testkit.doctor.samples import samples

# On kailash-dataflow 2.20.1: what becomes of the first value of a type that does not simply come back.
EVERYWHERE = {
    "a_literal": ("refused", "isinstance()"),
    "anything": ("refused", "isinstance()"),
    "a_dataclass": ("altered", "Place(street='Main')"),
    "a_list_of_int": ("other form", "'[7]'"),
    "a_dict_of_int": ("other form", "'{\"plain text\": 7}'"),
    "an_enum": ("other form", "'Colour.RED'"),
    "a_str_enum": ("other form", "'open'"),
    "optional": ("refused", ""),  # None: NOT NULL without a default
}
EXPECTED: dict[str, dict[str, tuple[str, str]]] = {
    "sqlite": {
        "a_bool": ("other form", "1"),
        "a_datetime": ("other form", "'2025-01-02 03:04:05'"),
        "a_date": ("stored, then raised", "JSON-serializable"),
        "some_bytes": ("altered", "b'"),
    }
    | dict.fromkeys(("a_time", "a_decimal", "a_uuid", "a_tuple", "a_set"), ("refused", "is not supported")),
    "postgresql": {
        "a_float": ("altered", "1.100000023841858"),
        "an_int": ("refused", "invalid input for query argument"),
        "a_str": ("refused", "invalid byte sequence"),
        "optional_with_default": ("refused", "invalid byte sequence"),
        "a_datetime": ("other form", "'2025-01-02T03:04:05'"),
    }
    | dict.fromkeys(("a_date", "a_time", "a_decimal", "a_uuid", "a_tuple", "a_set", "some_bytes"), ("refused", "")),
    "mysql": {
        "a_bool": ("other form", "1"),
        "an_int": ("refused", "Out of range"),
        "a_str": ("refused", "too long"),
        "optional_with_default": ("refused", "too long"),
        "a_datetime": ("other form", "'2025-01-02T03:04:05'"),
        "a_uuid": ("other form", "'12345678-"),
        "a_tuple": ("refused", "can not be used"),
        "a_set": ("refused", "can not be used"),
        "some_bytes": ("altered", "'YidceDAwXHhmZic='"),  # the base64 of the text of its repr
    }
    | dict.fromkeys(("a_date", "a_time", "a_decimal"), ("stored, then raised", "JSON-serializable")),
}
LOSES = {"mysql": {"microseconds", "UTC"}, "postgresql": {"UTC"}, "sqlite": set[str]()}
"""The datetimes that are lost."""


def quiet(_: str) -> None:
    """No progress."""


async def diagnosed(db: Any, *models: str) -> Diagnosis:
    async with Kit(db) as kit:
        return await diagnose(kit, "sqlite", models, [], quiet)


@pytest.fixture
def every_type(new_db: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(os.environ, "DATABASE_URL", f"sqlite:///{tmp_path / 'unused.db'}")
    annotations = importlib.import_module("every_type").EveryType.__annotations__
    db = new_db()
    db.model(type("EveryType", (), {"__annotations__": annotations, "optional_with_default": None}))
    return db


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_every_type_is_as_measured(every_type: Any, database_kind: Kind) -> None:
    diagnosis = await diagnosed(every_type, "EveryType")
    first = {each.field: each for each in reversed(diagnosis.findings) if each.goes_in != "looks like SQL"}
    expected = EVERYWHERE | EXPECTED[database_kind.name]
    assert first.keys() == expected.keys()
    for field, (outcome, back) in expected.items():
        assert first[field].outcome == outcome, field
        assert back in first[field].comes_back, field
        assert first[field].cure
    texts = {each.field for each in diagnosis.findings if each.goes_in == "looks like SQL"}
    assert texts == {"a_str", "optional", "optional_with_default"}
    moments = {each.goes_in for each in diagnosis.findings if each.field == "a_datetime" and each.loss}
    assert moments == LOSES[database_kind.name]
    assert not diagnosis.is_healthy
    assert diagnosis.untried == []


async def test_a_model_that_stores_rows_is_tried_as_it_is(tmp_path: Path) -> None:
    db = make_db(tmp_path / "own.db")
    register(db, "Note", id=int, name=str, version=int, flags=(dict, {}))
    diagnosis = await diagnosed(db, "Note")
    assert not any(name.startswith("TestkitProbe") for name in db.get_models())
    assert {each.goes_in for each in diagnosis.findings if each.loss} == {"looks like SQL"}
    assert diagnosis.accepting(["looks like SQL"]).is_healthy
    assert not diagnosis.accepting(["bytes"]).is_healthy
    db.close()


async def test_a_type_without_values_is_admitted(tmp_path: Path) -> None:
    class Strange:
        pass

    db = make_db(tmp_path / "own.db")
    register(db, "Note", id=int, strange=(Strange, None))
    diagnosis = await diagnosed(db, "Note")
    assert diagnosis.untried == ["Note.strange: Strange"]
    db.close()


def test_acceptance_is_by_what_went_in_by_type_and_by_field() -> None:
    finding = Finding("Note", "data", "bytes", "altered", True, "b'x'", "'b'", "declare str")
    diagnosis = Diagnosis("sqlite", 1, [finding])
    assert not diagnosis.is_healthy
    for known in ("b'x'", "bytes", "Note.data"):
        assert diagnosis.accepting([known]).is_healthy


@pytest.mark.parametrize("annotation", [str, int, float, bool, dict, list, list[int], dict[str, int], str | None])
def test_there_are_samples_of_the_declared_type(annotation: Any) -> None:
    from kailash_testkit.models.types import accept

    assert samples(annotation)
    for sample in samples(annotation):
        accept(annotation, sample.value)
