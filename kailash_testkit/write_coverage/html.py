"""Write coverage as one page without scripts and network."""

from __future__ import annotations

from html import escape
from typing import Final

from kailash_testkit.write_coverage.report import lines, total
from kailash_testkit.write_coverage.results import ROW, Column, WriteCoverage

_STYLE: Final = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse;margin:1em 0}"
    "td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ddd}.never{background:#fdd}.echo{background:#ffd}"
    "li{margin:.2em 0}"
)


def page(found: WriteCoverage) -> str:
    """The page: the sum, what nobody looked at, and all that was written by model."""
    told = "".join(f"<li>{escape(line)}</li>" for line in lines(found, verbose=True)[:-1])
    models = "".join(_model(found, name) for name in dict.fromkeys(each.model for each in found.columns))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Write coverage</title>'
        f"<style>{_STYLE}</style></head><body><h1>Write coverage</h1><p>{escape(total(found))}</p>"
        f"<ul>{told}</ul>{models}</body></html>\n"
    )


def _model(found: WriteCoverage, model: str) -> str:
    rows = "".join(_row(each) for each in found.columns if each.model == model)
    head = "<tr><th>column</th><th>change</th><th>written</th><th>looked at</th><th>only in its answer</th></tr>"
    return f"<h2>{escape(model)}</h2><table>{head}{rows}</table>"


def _row(column: Column) -> str:
    mark = "" if column.looked else ' class="echo"' if column.in_own_answer else ' class="never"'
    name = escape(column.name) if column.name != ROW else "<em>the row</em>"
    cells = [name, escape(column.kind), str(column.written), str(column.looked), str(column.in_own_answer)]
    return f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
