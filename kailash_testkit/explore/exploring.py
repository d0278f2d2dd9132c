"""`explore`: tries each operation in all ways that are worth it, within the time that there is."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kailash_testkit.changes.net import net_changes
from kailash_testkit.concurrency import clocks
from kailash_testkit.exploration import Exploration, OperationFacts
from kailash_testkit.explore import access, credentials, phases, reaching, remembering
from kailash_testkit.explore.calls import Whom
from kailash_testkit.explore.documents import document_of
from kailash_testkit.explore.elsewhere import require_own_database
from kailash_testkit.explore.operations import operations_of, shared
from kailash_testkit.explore.options import Options
from kailash_testkit.explore.playing import Player
from kailash_testkit.explore.schemathesis_values import Description
from kailash_testkit.explore.shrinking import Shrinker
from kailash_testkit.explore.subjects import Subjects
from kailash_testkit.explore.trial import OverError, Trial
from kailash_testkit.explore.values import Values
from kailash_testkit.explore.verdicts import Verdicts
from kailash_testkit.explore.world import present_rows, seeded

if TYPE_CHECKING:
    from kailash_testkit.client import ApiClient
    from kailash_testkit.kit import Kit

_PHASES: Final = (
    require_own_database,
    remembering.again,
    reaching.reach,
    phases.series,
    phases.states,
    credentials.without_login,
    credentials.as_other,
    phases.edges,
    phases.long_lists,
    phases.refusals,
    phases.at_random,
)
_BY_LOG: Final = "node-failed-silently"
_SEEN_IN_THIS_PROCESS: Final = (_BY_LOG, "cut-by-default-limit", "other-tenant")


async def explore(kit: Kit, api: ApiClient, options: Options) -> Exploration:
    """Tries the operations of an API. The rows are as before when it ends."""
    options.check()
    state, rows = kit.sandbox.state(), kit.sandbox.written()
    writes = kit.store.own_writes.counted()
    try:
        with api.timeline.unrecorded(), kit.seeded(options.seed):
            return await _explored(kit, api, options)
    finally:
        if not kit.sandbox.return_to(state):
            kit.sandbox.settle()
            kit.sandbox.journal.replay(rows)
        kit.explainer.went_back()
        kit.store.own_writes.go_back(writes)


async def _explored(kit: Kit, api: ApiClient, options: Options) -> Exploration:
    trial = await _trial(kit, api, options)
    trial.started = clocks.now()
    try:
        for phase in _PHASES:
            await phase(trial)
    except OverError as over:
        trial.result.ended = str(over)
    _conclude(trial)
    return trial.result


async def _trial(kit: Kit, api: ApiClient, options: Options) -> Trial:
    """All that is needed: the description read, the users logged in, and the rows stored."""
    document = await document_of(api, options.schema)
    operations = shared(operations_of(document, options.operations), options.share)
    description = Description(document, options.seed)
    models = kit.store.models_by_table()
    subjects = Subjects(models)
    identities = access.Identities(options.owner_columns)
    clients: dict[Whom, ApiClient] = {
        "user": await _logged_in(kit, api, options, "user", identities),
        "other": await _logged_in(kit, api, options, "other", identities),
        "nobody": api.with_headers({}),
    }
    before = [*kit.sandbox.written()]
    world = await seeded(kit, options.factories, identities.raw)
    player = Player(kit, clients)
    player.begin()
    verdicts = Verdicts(
        kit,
        {each.label: each for each in operations},
        subjects,
        description,
        options.switches(),
        options.allowances(),
        identities,
    )
    result = Exploration(
        seed=options.seed,
        checks=tuple(sorted(options.switches().on)),
        operations=[OperationFacts(each.label) for each in operations],
        models=[model.name for model in models.values()],
        unmade=dict(world.unmade),
    )
    return Trial(
        kit=kit,
        options=options,
        operations=operations,
        readable=[each for each in operations_of(document, None) if each.method == "GET"],
        world=world,
        subjects=subjects,
        values=Values(kit, subjects, world, description, options.seed),
        player=player,
        verdicts=verdicts,
        shrinker=Shrinker(player, verdicts, options, before),
        identities=identities,
        result=result,
        started=clocks.now(),
        random=random.Random(options.seed),
    )


async def _logged_in(
    kit: Kit, api: ApiClient, options: Options, whom: Whom, identities: access.Identities
) -> ApiClient:
    """A client with the user's credentials; rows that the login makes tell whose others are."""
    models = kit.store.models_by_table()
    before = kit.sandbox.position() or 0
    is_user = whom == "user"
    login = options.login if is_user else options.as_other
    client = await access.logged_in(api, login, "login" if is_user else "as_other")
    made = [change for change in kit.sandbox.written() if change.seq > before]
    known = identities.user if is_user else identities.other
    found = access.owners_of(net_changes(made, models), models)
    if login is not None:
        present = [row for model in models.values() for row in present_rows(kit, model)]
        row = access.bearer(client, present)
        found = {**(access.owned_by(row, models) if row is not None else {}), **found}
    for name, value in found.items():
        known.setdefault(name, set()).add(str(value))
        if is_user:
            identities.raw[name] = value
    return client


def _conclude(trial: Trial) -> None:
    result, player = trial.result, trial.player
    known = trial.options.known()
    found = result.findings
    result.findings = [each for each in found if each.key not in known]
    result.known = [each for each in found if each.key in known]
    sure = {each.key for each in found}
    result.unconfirmed = [line for key, line in trial.unconfirmed.items() if key not in sure]
    if trial.options.remember is not None:
        remembering.keep(Path(trial.options.remember), found)
    if _BY_LOG in result.checks and trial.kit.explainer.is_deaf:
        result.unjudged[_BY_LOG] = "the log in which DataFlow tells of nodes that failed is switched off"
    for check in _SEEN_IN_THIS_PROCESS if player.is_elsewhere else ():
        if check in result.checks:
            result.unjudged[check] = f"the server at {player.url} runs in another process"
    result.requests = player.count
    result.seconds = clocks.now() - trial.started
    for facts, operation in zip(result.operations, trial.operations, strict=True):
        facts.statuses = dict(sorted(player.statuses.get(facts.operation, {}).items()))
        facts.requests = sum(facts.statuses.values())
        wrote = trial.wrote.get(facts.operation, ())
        facts.models = sorted({change.model for step in wrote for change in step.case.changes})
        if facts.operation not in trial.accepted:
            facts.unreached = reaching.why_unreached(operation, trial.refused.get(facts.operation, ()), result.ended)
