"""Which of the application's lines to name for a statement: the handler's, not those of helpers and wrappers."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterable, Iterator
from functools import cache

from kailash_testkit.app_code import Site, shown

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


def telling_line(site: Site, others: Iterable[Site] = (), *, is_repeated: bool = False) -> str:
    """The line that tells where a statement is asked for, ``shop/api.py:42 in place_order``; empty without one.

    Lines that other statements share are those of helpers and wrappers; of what is left it is the outermost. Of what
    is repeated, it is the innermost that stands in a loop. others: the frames of statements of other shapes.
    """
    shared = {frame[:2] for other in others for frame in other}
    own = tuple(frame for frame in site if frame[:2] not in shared)
    for frames in (own, site) if is_repeated else ():
        for frame in frames:
            if any(frame[1] in lines for lines in loops_of(frame[0])):
                return shown((frame,))[0]
    chosen = (own or site)[-1:]
    return shown(chosen)[0] if chosen else ""


@cache
def loops_of(filename: str) -> tuple[range, ...]:
    """The lines of a file that run in a loop: its body, or a statement with a comprehension."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return ()
    return tuple(_loops(tree))


def _loops(tree: ast.AST) -> Iterator[range]:
    for node in ast.walk(tree):
        if isinstance(node, _LOOPS):
            yield range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
        elif isinstance(node, _SIMPLE) and any(isinstance(part, _COMPREHENSIONS) for part in ast.walk(node)):
            yield range(node.lineno, (node.end_lineno or node.lineno) + 1)
