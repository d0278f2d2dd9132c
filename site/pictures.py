"""``make pictures``: what a terminal shows of a failing test, as docs/images/failing_test.svg.

The test is the README's, and its application has a fault: it changes every open order, not the one of the request.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from html import escape, unescape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/docs")]

from doc_blocks import PYTEST_OPTIONS, clean_environment, files_of, write  # noqa: E402 - the tests know the README's files

PICTURE: Final = ROOT / "docs/images/failing_test.svg"
COMMAND: Final = ("-m", "pytest", *PYTEST_OPTIONS, "--color=yes", "-o", "log_level=WARNING")
_FAULT: Final = (
    '"OrderUpdateNode", "update", {"filter": {"id": order_id}',
    '"OrderBulkUpdateNode", "update", {"filter": {"status": "open"}',
)
_COLUMNS, _LINE, _LETTER, _MARGIN = 90, 19, 7.8, 16  # all but the first in pixels
_CODES: Final = re.compile(r"\x1b\[([\d;]*)m")
_COLOURS: Final = {"31": "#ff7b72", "32": "#7ee787", "33": "#d29922", "36": "#76e3ea", "90": "#8b949e", "94": "#79c0ff"}
_PLAIN: Final = "#e6edf3"


def project() -> dict[str, str]:
    """The README's files, with the fault."""
    files = files_of(ROOT / "README.md")
    application = files["shop/api.py"]
    assert application.count(_FAULT[0]) == 1
    files["shop/api.py"] = application.replace(*_FAULT).replace('return results["update"]', "return fields")
    return files


def environment() -> Mapping[str, str]:
    """For pytest: a terminal of a known width."""
    return clean_environment() | {"COLUMNS": str(_COLUMNS)}


def shown(output: str) -> list[str]:
    """The lines of pytest's output that are in the picture: the failure, without what a clock says."""
    lines = output.splitlines()
    plain = [text_of(line) for line in lines]
    first = next(number for number, line in enumerate(plain) if re.match("_+ test_", line))
    last = next(number for number, line in enumerate(plain) if line.startswith("replay: "))
    return ["$ pytest", *lines[first : last + 1]]


def text_of(line: str) -> str:
    """A line without colours."""
    return _CODES.sub("", line)


def text_in(picture: str) -> list[str]:
    """The lines that a picture shows."""
    lines = re.findall(r"<text[^>]*>(.*?)</text>", picture)
    return [unescape(re.sub("<[^>]*>", "", line)) for line in lines]


def svg(lines: list[str]) -> str:
    """The lines as a picture."""
    columns = max(len(text_of(line)) for line in lines)
    width, height = round(columns * _LETTER + 2 * _MARGIN), len(lines) * _LINE + 2 * _MARGIN
    rows = [
        f'<text x="{_MARGIN}" y="{_MARGIN + (number + 1) * _LINE - 5}">{"".join(_spans(line))}</text>'
        for number, line in enumerate(lines)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' role="img" aria-label="The report of a failed test in a terminal">',
            f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
            f'<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="13" fill="{_PLAIN}"'
            ' xml:space="preserve" style="white-space:pre">',
            *rows,
            "</g>",
            "</svg>\n",
        ]
    )


def _spans(line: str) -> Iterator[str]:
    colour, column = _PLAIN, 0
    for number, part in enumerate(_CODES.split(line)):
        if number % 2:
            found = [_COLOURS[code] for code in part.split(";") if code in _COLOURS]
            colour = found[-1] if found else _PLAIN if part in ("", "0", "39;49;00") else colour
        elif part:
            place = f'x="{_MARGIN + column * _LETTER:.1f}" textLength="{len(part) * _LETTER:.1f}"'
            yield f'<tspan {place} fill="{colour}">{escape(part, quote=False)}</tspan>'
            column += len(part)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), project())
        done = subprocess.run(
            [sys.executable, *COMMAND], cwd=folder, env=environment(), capture_output=True, text=True, check=False
        )
    PICTURE.write_text(svg(shown(done.stdout)))


if __name__ == "__main__":
    main()
