"""Runs every benchmark, one after the other, and writes `RESULTS.md` and the chart that the README shows.

    python benchmarks/run_all.py [--only SCRIPT ...] [--out FOLDER]

A script that fails, or takes too long, is named at the end, in the results and by the exit status; the others run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from chart import draw
from machine import description
from measuring import COLLECTED_IN, SCRIPT, Report, read_reports, shown

HERE = Path(__file__).parent
GRACE = 10.0
"""Seconds for a script that takes too long to remove its servers and folders."""


@dataclass(frozen=True)
class Script:
    """A benchmark. minutes: after which it has failed."""

    name: str
    arguments: tuple[str, ...] = ()
    minutes: float = 15


SCRIPTS = (
    Script("four_ways/run.py", ("--rounds", "1"), minutes=45),
    Script("create.py", ("8",)),
    Script("factories.py", ("--large",)),
    Script("isolation.py"),
    Script("journal_sqlite.py"),
    Script("journal_postgresql.py"),
    Script("journal_mysql.py"),
    Script("kept_rows.py"),
    Script("asgi.py"),
    Script("judge.py", ("3",)),
    Script("explore.py"),
    Script("queries.py"),
    Script("write_coverage.py", ("3",)),
    Script("generate.py"),
    Script("start.py"),
    Script("servers.py", ("1",)),
    Script("scaling.py", minutes=45),
)


def main(only: list[str], out: Path) -> int:
    """Runs the scripts; how many failed."""
    names = [script.name for script in SCRIPTS]
    for name in only:
        if name not in names:
            raise SystemExit(f"no benchmark {name!r}: there are {', '.join(names)}")
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="kailash-testkit-figures-") as folder:
        collected = Path(folder) / "figures.jsonl"
        for script in SCRIPTS:
            if only and script.name not in only:
                continue
            begun = time.monotonic()
            print(f"\n--- {script.name}", flush=True)
            if why := run(script, collected):
                failures[script.name] = why
            print(f"--- {script.name}: {why or 'done'}, {time.monotonic() - begun:.0f} s", flush=True)
        reports = read_reports(collected)
    out.mkdir(parents=True, exist_ok=True)
    (out / "RESULTS.md").write_text(results(reports, failures), "utf-8")
    draw([report for script, report in reports if script == "four_ways/run.py"], out / "four_ways.svg")
    for name, why in failures.items():
        print(f"FAILED: benchmarks/{name}: {why}", file=sys.stderr)
    return len(failures)


def run(script: Script, collected: Path) -> str:
    """Runs it in a process group of its own; why it failed, else empty."""
    command = [sys.executable, str(HERE / script.name), *script.arguments]
    environment = {**os.environ, COLLECTED_IN: str(collected), SCRIPT: script.name}
    with subprocess.Popen(command, env=environment, start_new_session=True) as process:
        try:
            status = process.wait(60 * script.minutes)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C: blocks are left in order
            with contextlib.suppress(ProcessLookupError):
                time.sleep(GRACE)
                os.killpg(process.pid, signal.SIGKILL)
            return f"took more than {script.minutes:g} minutes"
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    return f"exit status {status}" if status else ""


def results(reports: list[tuple[str, Report]], failures: dict[str, str]) -> str:
    """The page."""
    lines = [
        "# Results",
        "",
        "Written by `make bench`; what each script measures is in [README.md](README.md). Compare ratios: absolute"
        " times are those of this machine. A ratio is the median of the rounds' ratios, or that of the medians.",
        "",
        *(f"- {line}" for line in description()),
        "",
    ]
    missed = [f"`{script}`, {report.title}: {each.name}" for script, report in reports for each in report.figures
              if report.verdict(each).endswith("missed")]  # fmt: skip
    lines += ["Targets that are missed:", "", *(f"- {name}" for name in missed), ""] if missed else []
    if failures:
        lines += ["**Not measured:**", "", *(f"- `{name}`: {why}" for name, why in failures.items()), ""]
    script = ""
    for name, report in reports:
        if name != script:
            script = name
            lines += [f"## {name}", ""]
        lines += [*table(report), ""]
    return "\n".join(lines)


def table(report: Report) -> list[str]:
    """A comparison."""
    lines = [f"**{report.title}**", "", "| | median | from, to | ratio | target |", "|---|---|---|---|---|"]
    for figure in report.figures:
        ratio = report.ratio(figure)
        against = "" if ratio is None else f"{ratio:.2f} x {figure.compared_to}"
        name = f"{figure.name} ({figure.note})" if figure.note else figure.name
        verdict = report.verdict(figure)
        verdict = f"**{verdict}**" if verdict.endswith("missed") else verdict
        middle, least, most = (shown(each) for each in (figure.median, min(figure.values), max(figure.values)))
        span = f"{least}, {most}" if len(figure.values) > 1 else "one round"
        lines.append(f"| {name} | {middle} {figure.unit} | {span} | {against} | {verdict} |")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    sys.exit(1 if main(given.only, given.out) else 0)
