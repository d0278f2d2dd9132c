"""What JUnit files, and whoever reads pytest's ``user_properties``, get of a failed test."""

from __future__ import annotations

from kailash_testkit.pytest_plugin.failure_report.facts import Facts
from kailash_testkit.pytest_plugin.failure_report.section import request_text, row_line, seeded_text


def properties(facts: Facts) -> list[tuple[str, str]]:
    """Names and texts, one for each request, node and so on, in the order of the section.

    What a test was waited for is among the properties anyway, as ``testkit_waited``.
    """
    found = [("testkit_seeded", seeded_text(facts["seeded"]))]
    found += [("testkit_request", request_text(request)) for request in facts["requests"]]
    found += [("testkit_changed_outside_of_requests", row_line(row, None)) for row in facts["outside"]["rows"]]
    found += [("testkit_failed_node", line) for line in facts["failed_nodes"]]
    found += [("testkit_observed", line) for line in facts["observed"]]
    found += [("testkit_finding", f"{each['check']}: {each['request']} {each['what']}") for each in facts["findings"]]
    found += [("testkit_open_transaction", line) for line in facts["open_transactions"]]
    found += [("testkit_not_known", line) for line in (*facts["gaps"], facts["trouble"] or "")]
    if facts["explanation"] is not None:
        found.append(("testkit_explanation", f"{facts['explanation']['cause']}: {facts['explanation']['summary']}"))
    found += [("testkit_database", facts["database"]), ("testkit_replay", facts["replay"])]
    return [(name, text) for name, text in found if text]
