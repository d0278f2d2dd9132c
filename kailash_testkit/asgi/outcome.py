"""How the application's work on a request ended, and the extensions through which it is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kailash_testkit import http_library as httpx
from kailash_testkit.asgi.masking import Masker, request_line
from kailash_testkit.asgi.tracebacks import app_frames, exception_line
from kailash_testkit.errors import ProtocolViolation

OUTCOME = "kailash_testkit.exception"
"""Key in a response's extensions: its `Outcome`."""

RAISE_APP_EXCEPTIONS = "kailash_testkit.raise_app_exceptions"
"""Key in a request's extensions: overrides the transport's ``raise_app_exceptions`` for this request."""

WHOLE = "kailash_testkit.whole"
"""Key in a request's extensions: the caller wants the response as a whole, and not as it is sent."""


@dataclass(eq=False)
class Outcome:
    """How the application's work on a request ended; it may still go on when the response is there.

    exception: what the application raised, or None so far.
    answered: whether the response is the answer to that exception, as an error handler's is; an exception
        that is not answered was raised after the response began, for example by a background task.
    """

    exception: BaseException | None = None
    answered: bool = False

    def to_raise(self, request: httpx.Request) -> BaseException:
        """The application's exception, fit to be raised in the test.

        What would end the test's own task instead of failing it becomes a `ProtocolViolation`.
        """
        error = self.exception
        masker = Masker(request)
        where = request_line(request)
        if error is None or isinstance(error, asyncio.CancelledError | SystemExit | GeneratorExit):
            ended_with = "nothing" if error is None else masker.text(exception_line(error))
            violation = ProtocolViolation(
                f"{where}: the application's task ended with {ended_with}",
                details=[] if error is None else [masker.text(line) for line in app_frames(error)],
                do="raise an Exception, or send a response; SystemExit and CancelledError are no answers",
            )
            violation.__cause__ = error
            return violation
        if not self.answered and not isinstance(error, ProtocolViolation):
            error.add_note(f"raised after the response to {where} had begun (by its body, or a background task)")
        return error
