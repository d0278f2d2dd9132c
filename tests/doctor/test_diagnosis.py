"""What the doctor says of each type is what was measured, and what it says of a clean model is nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_app import make_db, register

from kailash_testkit import Kit
from kailash_testkit.doctor import Diagnosis, Finding, diagnose
from kailash_testkit.doctor.samples import samples

# On kailash-dataflow 2.20.1 and SQLite: the outcome for the usual value of each type that does not simply come back.
EXPECTED = {
    "a_bool": ("other form", "1"),
    "a_datetime": ("other form", "'2025-01-02 03:04:05'"),
    "a_date": ("stored, then raised", "JSON-serializable"),
    "a_time": ("refused", "is not supported"),
    "a_decimal": ("refused", "is not supported"),
    "a_uuid": ("refused", "is not supported"),
    "a_tuple": ("refused", "is not supported"),
    "a_set": ("refused", "is not supported"),
    "some_bytes": ("altered", "b'"),
    "a_list_of_int": ("other form", "'[7]'"),
    "a_dict_of_int": ("other form", "'{\"plain text\": 7}'"),
    "an_enum": ("other form", "'Colour.RED'"),
    "a_str_enum": ("other form", "'open'"),
    "a_literal": ("refused", "isinstance()"),
    "anything": ("refused", "isinstance()"),
    "a_dataclass": ("altered", "Place(street='Main')"),
}
SAME = {"a_float", "an_int", "a_dict", "a_list", "optional_with_default"}
"""Fields of which every value comes back, but for texts that look like SQL."""


def quiet(_: str) -> None:
    """No progress."""


async def diagnosed(db: Any, *models: str) -> Diagnosis:
    async with Kit(db) as kit:
        return await diagnose(kit, "sqlite", models, [], quiet)


@pytest.fixture
def every_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import importlib

    monkeypatch.setitem(os.environ, "DATABASE_URL", f"sqlite:///{tmp_path / 'every.db'}")
    module = importlib.import_module("every_type")
    db = make_db(tmp_path / "types.db")
    annotations = module.EveryType.__annotations__
    db.model(type("EveryType", (), {"__annotations__": annotations, "optional_with_default": None}))
    yield db
    db.close()


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_every_type_on_sqlite_is_as_measured(every_type: Any) -> None:
    diagnosis = await diagnosed(every_type, "EveryType")
    usual = {each.field: each for each in reversed(diagnosis.findings) if "SQL" not in each.goes_in}
    texts = {each.field for each in diagnosis.findings if each.goes_in == "looks like SQL"}
    assert texts == {"a_str", "optional", "optional_with_default"}
    for field, (outcome, back) in EXPECTED.items():
        assert usual[field].outcome == outcome, field
        assert back in usual[field].comes_back, field
        assert usual[field].cure
    assert usual["optional"].goes_in == "None"
    assert usual.keys() - EXPECTED.keys() == {"optional"}
    assert not usual.keys() & SAME
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
