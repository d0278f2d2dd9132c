"""`Diagnosis`: all that the doctor found, as lines of a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from kailash_testkit.doctor.round_trips import RoundTrips
from kailash_testkit.doctor.surroundings import Advice
from kailash_testkit.doctor.verdicts import Outcome, Verdict, cure, shown
from kailash_testkit.kit import Kit
from kailash_testkit.models.types import type_name


@dataclass(frozen=True)
class Finding:
    """Values of one field that do not come back as they went in.

    loss: whether they does not come back; else they come back in another form. goes_in, comes_back: the first of
    them, in words. more: how many others there are of the kind. accepted: the user knows of it.
    """

    model: str
    field: str
    declared: str
    outcome: str
    loss: bool
    goes_in: str
    comes_back: str
    cure: str
    more: int = 0
    accepted: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found. untried: fields of which the kit could make no value."""

    database: str
    tried: int
    findings: list[Finding] = field(default_factory=list["Finding"])
    untried: list[str] = field(default_factory=list[str])
    advice: list[Advice] = field(default_factory=list[Advice])

    @property
    def is_healthy(self) -> bool:
        """Whether no value is lost, and no setting makes tests fail or lie."""
        return not any(finding.loss and not finding.accepted for finding in self.findings) and not any(
            one.bites for one in self.advice
        )

    def accepting(self, known: Collection[str]) -> Diagnosis:
        """The same, with findings accepted by what went in, by the declared type, or by ``Model.field``."""
        findings = [
            replace(one, accepted=bool({one.goes_in, one.declared, f"{one.model}.{one.field}"} & set(known)))
            for one in self.findings
        ]
        return replace(self, findings=findings)

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {"healthy": self.is_healthy, **asdict(self)}


async def diagnose(
    kit: Kit, database: str, models: Iterable[str], advice: list[Advice], progress: Callable[[str], None]
) -> Diagnosis:
    """Tries the models' fields. kit: open on a throw-away database. progress: told before each model."""
    trips = RoundTrips(kit)
    findings: list[Finding] = []
    untried: list[str] = []
    tried = 0
    names = list(models)
    for number, name in enumerate(names, 1):
        progress(f"{name} ({number} of {len(names)})")
        declared = kit.store.model(name).fields
        for place, verdicts in (await trips.of_model(name)).items():
            tried += len(verdicts)
            if not verdicts:
                untried.append(f"{name}.{place}: {type_name(declared[place].annotation)}")
            findings += _findings(name, place, declared[place].annotation, verdicts)
    return Diagnosis(database, tried, findings, untried, advice)


def _findings(model: str, place: str, annotation: object, verdicts: list[Verdict]) -> list[Finding]:
    """The verdicts that tell something, alike ones together."""
    alike: dict[tuple[Outcome, str], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.outcome is not Outcome.SAME:
            alike.setdefault((verdict.outcome, cure(annotation, verdict)), []).append(verdict)
    return [
        Finding(
            model=model,
            field=place,
            declared=type_name(annotation),
            outcome=outcome.value,
            loss=outcome.is_loss,
            goes_in=group[0].sample.words or shown(group[0].sample.value),
            comes_back=group[0].back,
            cure=what_to_do,
            more=len(group) - 1,
        )
        for (outcome, what_to_do), group in alike.items()
    ]
