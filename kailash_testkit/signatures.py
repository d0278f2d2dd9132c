"""The signatures of the user's functions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable


def signature_of(function: Callable[..., object]) -> inspect.Signature:
    """As `inspect.signature` has it, with annotations that are not evaluated.

    Python 3.14 evaluates them when they are asked for, which fails where a name is imported for type checkers only.

    >>> str(signature_of(lambda n, /, *, step=1: n))
    '(n, /, *, step=1)'
    """
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, annotation_format=Format.STRING)
    return inspect.signature(function)
