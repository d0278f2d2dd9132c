"""The suite: each scenario with each model. The fixture `driver` comes from the way that is measured."""

from __future__ import annotations

import uuid

import pytest
from office.models import MODELS
from scenarios import SCENARIOS, Driver, Scenario


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_office(driver: Driver, scenario: Scenario, model: type) -> None:
    await scenario(driver, model, f"word {uuid.uuid4()}")
