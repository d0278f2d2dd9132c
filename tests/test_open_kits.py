"""Which kit a factory works on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_app import make_db, register

from kailash_testkit import open_kits
from kailash_testkit.errors import ConfigurationError, NoActiveKit
from kailash_testkit.queries.repeats import RepeatLog


class FakeKit:
    """An open kit, as far as the registry knows: the registry only hands it on."""

    def __init__(self, dataflow: Any) -> None:
        self.dataflow = dataflow
        self.store: Any = None
        self.repeats = RepeatLog()  # the plugin asks each open kit for them after a test


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_kits, "_open", [])
    monkeypatch.setattr(open_kits, "_active", [])
    monkeypatch.setattr(open_kits, "_providers", [])


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    folder = tmp_path_factory.mktemp("active")
    one, other = make_db(folder / "one.db"), make_db(folder / "other.db")
    register(one, "Note", id=int)
    register(other, "Note", id=int)
    register(other, "Tag", id=int)
    yield one, other
    one.close()
    other.close()


def model(db: Any, name: str) -> type:
    found: type = db.get_models()[name]
    return found


def test_the_kit_opened_last_is_the_active_one(instances: Any) -> None:
    first, second = map(FakeKit, instances)
    open_kits.activate(first)
    open_kits.activate(second)
    assert open_kits.kit_for("Note") is second
    open_kits.remove(second)
    assert open_kits.kit_for("Note") is first


def test_kits_need_not_be_closed_in_order(instances: Any) -> None:
    first, second = map(FakeKit, instances)
    open_kits.activate(first)
    open_kits.activate(second)
    open_kits.remove(first)
    open_kits.remove(first)
    assert open_kits.kit_for("Note") is second


def test_an_explicit_dataflow_wins(instances: Any) -> None:
    one, other = instances
    first, second = FakeKit(one), FakeKit(other)
    open_kits.activate(first)
    open_kits.activate(second)
    assert open_kits.kit_for("Note", one) is first
    assert open_kits.kit_for(model(other, "Note"), one) is first


def test_a_class_leads_to_the_kit_of_the_instance_that_registered_it(instances: Any) -> None:
    one, other = instances
    first, second = FakeKit(one), FakeKit(other)
    open_kits.activate(second)
    open_kits.activate(first)
    assert open_kits.kit_for(model(other, "Tag")) is second
    assert open_kits.kit_for(model(other, "Note")) is second
    assert open_kits.kit_for(model(one, "Note")) is first


def test_a_class_that_nobody_registered_is_left_to_the_active_kit(instances: Any) -> None:
    class Forgotten:
        id: int

    kit = FakeKit(instances[0])
    open_kits.activate(kit)
    assert open_kits.kit_for(Forgotten) is kit


def test_a_class_registered_with_two_instances_goes_to_the_active_one(new_db: Any) -> None:
    class Shared:
        id: int

    one, other = new_db("one"), new_db("other")
    one.model(Shared)
    other.model(Shared)
    first, second = FakeKit(one), FakeKit(other)
    open_kits.activate(second)
    open_kits.activate(first)
    assert open_kits.kit_for(Shared) is first


def test_a_provider_opens_kits_on_demand(instances: Any) -> None:
    one, other = instances
    kits = {id(one): FakeKit(one), id(other): FakeKit(other)}
    asked: list[Any] = []

    def provide(dataflow: Any | None) -> Any:
        asked.append(dataflow)
        return kits[id(one if dataflow is None else dataflow)]

    open_kits.add_provider(provide)
    assert open_kits.kit_for("Note") is kits[id(one)]
    assert open_kits.kit_for(model(other, "Tag")) is kits[id(other)]
    assert open_kits.kit_for("Note", other) is kits[id(other)]
    assert asked == [None, None, other, other]
    open_kits.remove_provider(provide)
    open_kits.remove_provider(provide)
    with pytest.raises(NoActiveKit):
        open_kits.kit_for("Note")


def test_an_open_kit_is_not_provided_again(instances: Any) -> None:
    kit = FakeKit(instances[0])
    open_kits.activate(kit)
    open_kits.add_provider(lambda dataflow: pytest.fail("an open kit was asked for again"))
    assert open_kits.kit_for("Note") is kit
    assert open_kits.kit_for("Note", instances[0]) is kit


def test_the_provider_added_last_is_asked_first_and_may_pass(instances: Any) -> None:
    kits = [FakeKit(instances[0]), FakeKit(instances[1])]
    open_kits.add_provider(lambda dataflow: kits[0])
    open_kits.add_provider(lambda dataflow: None)
    assert open_kits.kit_for("Note") is kits[0]
    open_kits.add_provider(lambda dataflow: kits[1])
    assert open_kits.kit_for("Note") is kits[1]


@pytest.mark.parametrize("by_name", [True, False])
def test_without_a_kit_the_message_names_the_model_and_what_to_do(instances: Any, by_name: bool) -> None:
    wanted = "Tag" if by_name else model(instances[1], "Tag")
    with pytest.raises(NoActiveKit) as caught:
        open_kits.kit_for(wanted)
    assert str(caught.value).splitlines() == [
        "a factory for Tag was called, and no kit is active",
        "  why: it does not know which DataFlow to write to",
        "  do:  in pytest set testkit_dataflow in pyproject.toml; elsewhere: async with Kit(db): ...",
    ]


def test_a_class_of_an_instance_without_a_kit_is_not_sent_elsewhere(instances: Any) -> None:
    one, other = instances
    open_kits.activate(FakeKit(one))
    with pytest.raises(NoActiveKit, match="a factory for Tag"):
        open_kits.kit_for(model(other, "Tag"))


def test_a_name_that_several_others_have_is_refused(instances: Any, tmp_path: Path) -> None:
    without = make_db(tmp_path / "without.db")
    first, second, third = map(FakeKit, (without, *instances))
    for kit in (first, second, third):
        open_kits.add(kit)
    with pytest.raises(ConfigurationError, match="2 DataFlow instances under test have a model named Note"):
        open_kits.with_model(first, "Note")
    assert open_kits.with_model(first, model(instances[0], "Note")) is second
    assert open_kits.with_model(first, "Tag") is third
    without.close()
