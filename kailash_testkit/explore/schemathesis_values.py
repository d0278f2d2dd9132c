"""All that is taken from schemathesis: values by an API's description, and whether a response fits it."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping
from typing import Any, Final, cast

from kailash_testkit import http_library as httpx
from kailash_testkit.errors import ConfigurationError
from kailash_testkit.explore.calls import NO_BODY, Call
from kailash_testkit.explore.documents import Document
from kailash_testkit.explore.operations import Operation
from kailash_testkit.redaction import redact

_DRAWN: Final = 12
"""Cases of an operation that are drawn at once: Hypothesis takes milliseconds for each, so fields are mixed then."""

_LONGEST: Final = 300  # characters of what is wrong with a response


class Description:
    """An API's description as schemathesis reads it. Raises `ConfigurationError` where it cannot be."""

    def __init__(self, document: Document, seed: int) -> None:
        try:
            import schemathesis
        except ImportError:
            raise ConfigurationError(
                "exploring needs schemathesis, which is not installed", do="pip install 'kailash-testkit[explore]'"
            ) from None
        self._seed = seed
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                loaded: Any = schemathesis.openapi.from_dict(dict(document))
                found = [result.ok() for result in loaded.get_all_operations() if hasattr(result, "_value")]
            except Exception as error:
                raise ConfigurationError(
                    "schemathesis cannot read the API's description", why=redact(str(error)).splitlines()[0]
                ) from None
        self._operations: Mapping[tuple[str, str], Any] = {(each.method.upper(), each.path): each for each in found}
        self._drawn: dict[str, list[Call]] = {}

    def drawn(self, operation: Operation) -> list[Call]:
        """Some valid requests, the same for the same seed; none where schemathesis can make none."""
        if operation.label not in self._drawn:
            self._drawn[operation.label] = self._draw(operation)
        return self._drawn[operation.label]

    def _draw(self, operation: Operation) -> list[Call]:
        found = self._operations.get((operation.method, operation.path))
        if found is None or not (operation.body is not None or operation.parameters):
            return []
        import hypothesis

        calls: list[Call] = []

        @hypothesis.seed(random.Random(f"{self._seed} {operation.label}").randrange(2**32))
        @hypothesis.settings(
            max_examples=_DRAWN,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=cast("Any", list(hypothesis.HealthCheck)),
        )
        @hypothesis.given(found.as_strategy())
        def draw(case: Any) -> None:
            calls.append(_call(operation, case))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                cast("Any", draw)()
            except Exception:  # a schema of which no value can be made: others than schemathesis' are tried
                return calls
        return [*{repr(call): call for call in calls}.values()]

    def misfit(self, operation: Operation, response: httpx.Response) -> str | None:
        """What is wrong with a response by the schema of its status; None where it fits, or none is declared.

        A HEAD is described as its GET would answer, and has no body; earlier releases of schemathesis ask for one.
        """
        found = self._operations.get((operation.method, operation.path))
        if found is None or operation.method == "HEAD":
            return None
        from schemathesis.core.failures import Failure, FailureGroup

        try:
            found.validate_response(response)
        except FailureGroup as group:
            failure: Failure = group.exceptions[0]
        except Failure as alone:
            failure = alone
        else:
            return None
        lines = [line for line in str(failure.message or failure).splitlines() if line.strip()]
        return redact(" ".join(lines))[:_LONGEST] if lines else type(failure).__name__


def _call(operation: Operation, case: Any) -> Call:
    body: object = case.body
    is_absent = type(body).__name__ == "NotSet"
    return Call(
        operation.method,
        operation.path,
        dict(case.path_parameters or {}),
        dict(dict(case.query or {}).items()),
        {str(name): str(value) for name, value in dict(case.headers or {}).items()},
        NO_BODY if is_absent else body,
        operation.media_type,
    )
