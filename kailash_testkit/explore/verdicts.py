"""All checks over a step of a series, and what is found in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kailash_testkit.asgi.masking import Masker, sent_body
from kailash_testkit.asgi.tracebacks import app_frames
from kailash_testkit.changes.report import listing
from kailash_testkit.exploration import Fault
from kailash_testkit.explore import access, history, judging
from kailash_testkit.explore.checks import Switches
from kailash_testkit.explore.operations import Operation
from kailash_testkit.explore.playing import Step
from kailash_testkit.explore.schemathesis_values import Description
from kailash_testkit.explore.subjects import Subjects, parent_by_name
from kailash_testkit.judge.allowances import Allowances
from kailash_testkit.judge.checks import ALL, Found
from kailash_testkit.models.rows import Row
from kailash_testkit.redaction import redact

if TYPE_CHECKING:
    from kailash_testkit.kit import Kit

_LONGEST: Final = 400
_MOST_ROWS: Final = 12

_SAME_CAUSE: Final[Mapping[str, frozenset[str]]] = {
    "success-wrote-nothing": frozenset({"answer-not-stored", "sent-not-stored", "edge-not-kept"}),
    "sent-not-stored": frozenset({"answer-not-stored"}),
    "edge-not-kept": frozenset({"answer-not-stored"}),
    "found-after-delete": frozenset({"answer-not-stored"}),
    "works-without-login": frozenset({"other-tenant"}),
}
"""Checks that say nothing more once another has spoken of the same request."""


@dataclass
class Verdicts:
    """Judges steps.

    refusing_sisters: operations on whose rows others ask for credentials. public: those that answer without.
    """

    kit: Kit
    operations: Mapping[str, Operation]
    subjects: Subjects
    description: Description
    switches: Switches
    allowed: Allowances
    identities: access.Identities
    refusing_sisters: set[str] = field(default_factory=set[str])
    public: set[str] = field(default_factory=set[str])

    def on(self, step: Step, before: Sequence[Step]) -> list[Found]:
        """What is wrong with a step, after those before it."""
        found = [each for each in self._found(step, before) if self.is_wanted(each, step)]
        covered = {check for each in found for check in _SAME_CAUSE.get(each.check, ())}
        return [each for each in found if each.check not in covered]

    def is_wanted(self, found: Found, step: Step) -> bool:
        """Whether the check is on, and the finding none that is left out."""
        is_on = self.switches.is_on(found.check, step.operation)
        return is_on and not self.allowed.leave_out(found.check, step.operation, found.models)

    def _found(self, step: Step, before: Sequence[Step]) -> Iterator[Found]:
        operation = self.operations[step.operation]
        subject = self.subjects.of(operation)
        yield from judging.check_server_error(step)
        yield from judging.check_open(step)
        if step.is_locked:
            return  # it hides what was changed
        for check in ALL:
            yield from (each for each in check(step.case, step.ledger, self.allowed) if not each.only_if_route_writes)
        yield from judging.check_stored(step, operation, subject)
        yield from judging.check_others(step, subject)
        yield from judging.check_unsent(step, operation, subject)
        yield from history.check_repeat(step, before)
        yield from history.check_created_is_found(step, before, subject)
        yield from history.check_deleted_is_gone(step, before, subject)
        yield from history.check_created_is_listed(step, before, operation, subject)
        yield from access.check_without_login(
            step, operation, subject, sisters_refuse=operation.label in self.refusing_sisters
        )
        if operation.label not in self.public:  # what anybody may do, another user may
            yield from access.check_other_user(step, subject, self.identities, self._mine(before))
        yield from self._misfit(step, operation)

    def _mine(self, before: Sequence[Step]) -> set[tuple[str, str]]:
        """Rows that the user has created before, where something in them says whose they are."""
        found: set[tuple[str, str]] = set()
        for step in before:
            for change in step.case.changes if step.call.whom == "user" else ():
                model = step.ledger.model(change.model)
                if change.kind == "created" and change.after is not None and model is not None:
                    is_mine = self.identities.whose(change.after, model) == "user"
                    if is_mine or self._has_parent_of_mine(change.after, step, found):
                        found.add((change.model, str(change.id)))
        return found

    def _has_parent_of_mine(self, row: Row, step: Step, mine: Collection[tuple[str, str]]) -> bool:
        models = self.subjects.by_name()
        for name, value in row.as_dict().items():
            parent = parent_by_name(name, models)
            if parent is None or value is None:
                continue
            if (parent.name, str(value)) in mine:
                return True
            held = step.ledger.row(parent, value, step.case.request)
            if held is not None and self.identities.whose(held, parent) == "user":
                return True
        return False

    def _misfit(self, step: Step, operation: Operation) -> Iterator[Found]:
        if step.response is None or not step.is_success or not self.switches.is_on("response-schema", step.operation):
            return
        wrong = self.description.misfit(operation, step.response)
        if wrong is not None:
            yield Found(
                "response-schema",
                f"{step.case.outcome}, and its body does not fit its schema",
                "mend the answer, or its description",
                (),
                [wrong],
            )

    # --- in words -------------------------------------------------------------------------------

    def fault(self, step: Step, found: Found) -> Fault:
        """What was found in a step, without secrets."""
        why = found.why
        if found.absent is not None and why is None:
            model = step.ledger.model(found.absent[0])
            why = None if model is None else self.kit.explainer.at_once(model, found.absent[1]).why
        place = ""
        if found.check == "server-error" and step.error is not None:
            frames = app_frames(step.error, most=1)
            place = f"{type(step.error).__name__} {frames[0].partition(':')[0] if frames else ''}"
        return Fault(
            check=found.check,
            operation=step.operation,
            models=tuple(found.models),
            what=redact(found.what),
            details=tuple(redact(line) for line in found.details),
            why=None if why is None else redact(why),
            do=found.do,
            request=request_of(step),
            response=response_of(step),
            changes=tuple(redact(line) for line in listing(step.case.changes)[:_MOST_ROWS]),
            place=place,
        )


def request_of(step: Step) -> str:
    """Method, path, credentials and body, without secrets."""
    whom = {"user": "", "other": " as another user", "nobody": " without credentials"}[step.call.whom]
    line = step.case.request.line()
    for host in ("http://testserver", "http://test"):
        line = line.replace(f" {host}/", " /", 1)
    request = step.response.request if step.response is not None else None
    body = ""
    if request is not None and sent_body(request):
        body = Masker(request).body(sent_body(request) or b"", request.headers.get("content-type", ""))
    elif step.case.request.sent:
        body = redact(step.case.request.sent.decode("utf-8", "replace"))
    return f"{line}{whom}" + (f" {_cut(body)}" if body else "")


def response_of(step: Step) -> str:
    """Status and the beginning of the body, without secrets."""
    if step.response is None:
        return step.case.outcome
    content = Masker(step.response.request).body(step.response.content, step.response.headers.get("content-type", ""))
    return f"{step.response.status_code} {_cut(content)}".rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text)} characters)"
