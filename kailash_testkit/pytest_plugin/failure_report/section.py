"""The section of a failed test's report: what it seeded, then what each request changed, then what went wrong.

On 80 columns, at most 25 lines: it stands below the failure itself. With ``-v`` it is whole.
"""

from __future__ import annotations

import textwrap
from typing import Final

from kailash_testkit.pytest_plugin.failure_report.facts import Facts, RequestFacts, RowFacts, RowsFacts, counted
from kailash_testkit.text import some

TITLE: Final = "kailash-testkit"
WIDTH: Final = 80
MOST: Final = 25  # lines
TEST_HOST: Final = "http://testserver"
"""Of requests to the application under test."""
_WIDEST_REQUEST: Final = 40  # columns: what stands behind longer ones is not aligned
_MOST_OF_EACH: Final = 2  # nodes that failed, lists that were cut, and so on
_MOST_OUTSIDE: Final = 2
_MOST_OF_REQUEST: Final = 4  # rows
_VERBS: Final = {"created": "seeded"}
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_SAID_OTHERWISE: Final = frozenset(
    {"success-wrote-nothing", "node-failed-silently", "cut-by-default-limit", "left-open"}
)
_HINT: Final = "-v shows all"


def section(facts: Facts, *, verbose: bool = False) -> str:
    """The text. verbose: without limits."""
    head = _seeded(facts["seeded"], verbose)
    requests = _requests(facts, verbose)
    tail = [*_outside(facts, verbose), *_troubles(facts, verbose), *_nothing(facts)]
    replay = f"replay: {facts['replay']}"
    if verbose:
        tail += [f"database: {facts['database']}"] if facts["database"] else []
    elif len(head) + len(requests) + len(tail) >= MOST:
        requests = _last_requests(facts, MOST - 2 - len(head) - len(tail))
    return "\n".join([*head, *requests, *tail, replay])


def _nothing(facts: Facts) -> list[str]:
    """That nothing changed, where that is certain."""
    rows = [facts["seeded"], facts["outside"], *(request["changed"] for request in facts["requests"])]
    is_unknown = facts["trouble"] or facts["gaps"] or facts["open_transactions"]
    return [] if is_unknown or any(map(counted, rows)) else ["the test changed no rows"]


# --- rows ----------------------------------------------------------------------------------------


def seeded_text(rows: RowsFacts) -> str:
    """What the test wrote by means of the kit, collapsed to counts: ``seeded: 1 Customer, 3 Order``."""
    return "; ".join(
        f"{_VERBS.get(kind, f'{kind} by the test')}: {_numbers(models)}" for kind, models in rows["counts"].items()
    )


def _numbers(models: dict[str, int]) -> str:
    return ", ".join(f"{number} {model}" for model, number in models.items())


def _seeded(rows: RowsFacts, verbose: bool) -> list[str]:
    lines = _wrapped(seeded_text(rows), None if verbose else _MOST_OF_EACH)
    return [*lines, *(_rows(rows, verbose, "  ") if verbose else [])]


def _outside(facts: Facts, verbose: bool) -> list[str]:
    rows = facts["outside"]
    if not rows["rows"]:
        return []
    where = "outside of requests" if facts["outside_is_certain"] else "by whom is not known"
    return [f"changed, {where}:", *_rows(rows, verbose, "  ", _MOST_OUTSIDE)]


def _rows(rows: RowsFacts, verbose: bool, indent: str, most: int | None = None) -> list[str]:
    shown = rows["rows"] if verbose or most is None else rows["rows"][:most]
    lines = [line for row in shown for line in _row_lines(row, verbose, indent)]
    more = len(rows["rows"]) - len(shown) + rows["more"]
    hint = "" if verbose else f" ({_HINT})"
    return [*lines, f"{indent}... and {some(more, 'more row')}{hint}"] if more else lines


def _row_lines(row: RowFacts, verbose: bool, indent: str) -> list[str]:
    if not verbose:
        return [indent + row_line(row, WIDTH - len(indent))]
    text = row_line(row, None)
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def row_line(row: RowFacts, width: int | None) -> str:
    """A changed row in one line: ``updated Booking 2: status open -> paid``. width: at which it is cut, if at all."""
    head = f"{row['kind']} {row['model']} {row['id']}"
    columns: list[str] = []
    for column in row["columns"]:
        if column["before"] is None or column["after"] is None:
            value = column["after"] if column["before"] is None else column["before"]
            columns.append(f"{column['name']}={value}")
        elif column["before"]:
            columns.append(f"{column['name']} {column['before']} -> {column['after']}")
        else:
            columns.append(column["name"])
    if row["kind"] == "deleted" or not columns:
        return _cut(head, width)
    if width is None:
        return f"{head}: {', '.join(columns)}"
    return _fitted(f"{head}: ", columns, width)


def _fitted(head: str, columns: list[str], width: int) -> str:
    """As many columns as there is room for; the first is cut where there is none for it."""
    text = head + columns[0]
    for number, column in enumerate(columns[1:], 2):
        longer = f"{text}, {column}"
        if len(longer) + (len(", ...") if number < len(columns) else 0) > width:
            return _cut(f"{text}, ...", width)
        text = longer
    return _cut(text, width)


# --- requests ------------------------------------------------------------------------------------


def _requests(facts: Facts, verbose: bool) -> list[str]:
    return [line for block in _blocks(facts, verbose) for line in block]


def _last_requests(facts: Facts, room: int) -> list[str]:
    """The last requests for which there is room, and how many came before them."""
    kept: list[list[str]] = []
    blocks = _blocks(facts, verbose=False)
    earlier = len(blocks) + facts["more_requests"]
    for block in reversed(blocks):
        if kept and sum(map(len, kept)) + len(block) > room:
            break
        kept.insert(0, block[: max(room, 1)])
        earlier -= 1
    return [f"... {some(earlier, 'earlier request')} ({_HINT})", *(line for block in kept for line in block)]


def _blocks(facts: Facts, verbose: bool) -> list[list[str]]:
    """The lines of each request: the first has the request, and what it changed where that fits."""
    names = [_name(request, verbose) for request in facts["requests"]]
    width = max((len(name) for name in names if len(name) <= _WIDEST_REQUEST), default=0)
    blocks = [
        _block(f"{name:<{width}}", request, verbose) for name, request in zip(names, facts["requests"], strict=True)
    ]
    forgotten = facts["more_requests"] if verbose else 0
    return [[f"... {some(forgotten, 'earlier request')}"], *blocks] if forgotten else blocks


def _name(request: RequestFacts, verbose: bool) -> str:
    name = request["request"].replace(f" {TEST_HOST}", " ", 1)
    return name if verbose else _cut(name, WIDTH - 12)


def _block(name: str, request: RequestFacts, verbose: bool) -> list[str]:
    head = f"{name}  {_end(request, verbose)}"
    rows = _rows(request["changed"], verbose, "    ", _MOST_OF_REQUEST)
    if len(rows) == 1:
        beside = f"{head}  {row_line(request['changed']['rows'][0], None)}"
        if len(beside) <= WIDTH:
            return [beside]
    if request["rows"] == 0 and not name.startswith(_SAFE):
        head += "  changed nothing"
    return [head.rstrip(), *rows]


def request_text(request: RequestFacts) -> str:
    """A request with all that it changed, in one line."""
    rows = [row_line(row, None) for row in request["changed"]["rows"]]
    more = [f"... and {some(request['changed']['more'], 'more row')}"] if request["changed"]["more"] else []
    nothing = ["changed nothing"] if request["rows"] == 0 else []
    return f"{_name(request, True)} {_end(request, True)}: {'; '.join([*rows, *more, *nothing]) or 'changes not known'}"


def _end(request: RequestFacts, verbose: bool) -> str:
    parts = [str(request["status"] or request["failure"] or "not answered yet")]
    seconds = request["seconds"]
    if seconds is not None and (verbose or seconds >= 1):
        parts.append(f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms")
    if request["recorded"]:
        parts.append("from Nexus's record")
    if request["at_the_same_time"]:
        parts.append(f"beside {some(request['at_the_same_time'], 'other')}")
    return ", ".join(parts)


# --- what went wrong -----------------------------------------------------------------------------


def _troubles(facts: Facts, verbose: bool) -> list[str]:
    lines = [
        *_listed("node: ", [_without_host(line) for line in facts["failed_nodes"]], verbose, last=True),
        *_listed("observed: ", _observed(facts), verbose),
        *_listed("judge: ", _findings(facts), verbose),
        *_listed("open transaction (nobody else sees its rows): ", facts["open_transactions"], verbose, most=1),
        *_listed("waited: ", facts["waited"], verbose, most=1),
        *_listed("there may be more changes: ", facts["gaps"], verbose, most=1),
    ]
    return lines + ([*_wrapped(f"not known: {facts['trouble']}", None if verbose else 2)] if facts["trouble"] else [])


def _findings(facts: Facts) -> list[str]:
    """Those of the judge that no other line says."""
    return [
        _without_host(f"{each['check']}: {each['request']} {each['what']}")
        for each in facts["findings"]
        if each["check"] not in _SAID_OTHERWISE
    ]


def _observed(facts: Facts) -> list[str]:
    """Each line once, with the first request in which it was observed where it does not name that itself."""
    during: dict[str, list[str]] = {line: [] for line in facts["observed"]}
    for request in facts["requests"]:
        for line in request["observed"]:
            during.setdefault(line, []).append(request["request"])
    return [_without_host(line + _during(line, requests)) for line, requests in during.items()]


def _during(line: str, requests: list[str]) -> str:
    if not requests or "during " in line:
        return ""
    more = f" and {len(requests) - 1} more" if requests[1:] else ""
    return f", during {requests[0]}{more}"


def _listed(label: str, lines: list[str], verbose: bool, *, last: bool = False, most: int = _MOST_OF_EACH) -> list[str]:
    """last: the last ones are shown where there are more than ``most``; else the first."""
    shown = lines[-most:] if last else lines[:most]
    if verbose:
        shown = lines
    found = [part for line in shown for part in _wrapped(label + line, None if verbose else 2)]
    more = len(lines) - len(shown)
    if more and found:
        found[-1] = f"{_cut(found[-1], WIDTH - 16)} (and {more} more)"
    return found


def _without_host(line: str) -> str:
    return line.replace(f" {TEST_HOST}", " ")


def _wrapped(text: str, most: int | None) -> list[str]:
    """The text in lines of at most 80 columns. most: how many lines; the last says that it is cut."""
    lines = textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], _cut(" ".join([lines[most - 1], *lines[most:]]), WIDTH)]


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else f"{text[: width - 3]}..."
