"""Keeps secrets out of messages: in bodies, URLs, and wherever a secret of the request is repeated."""

from __future__ import annotations

import contextlib
import json
import re
from typing import cast
from urllib.parse import parse_qsl, urlencode

import httpx

from kailash_testkit.text import redact

MASK = "***"
_SECRET = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization"
    r"|credential|cookie|session"
)
_SECRET_NAME = re.compile(_SECRET, re.IGNORECASE)
# Bounded repetitions only: a long body without blanks must not take quadratic time.
_SECRET_IN_TEXT = re.compile(
    rf"""(?P<head>(?:{_SECRET})[\w-]{{0,40}}["']?\s{{0,9}}[:=]\s{{0,9}})"""
    r"""(?:"[^"]*"|'[^']*'|[^\s,;&"'{}]+)""",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"\b(?P<scheme>bearer|basic)\s+[\w.~+/=-]{4,}", re.IGNORECASE)
# Looked at in each text of a body; more than is ever shown, so that no secret is cut in two where it is shown.
_LONGEST_TEXT = 4000
_SHORTEST_COOKIE = 8  # a shorter one is a setting rather than a session
_SHORTEST_SECRET = 4  # a shorter value is in too many words by chance


class Masker:
    """Masks the secrets of one request, wherever its messages show them.

    request: the request; what it sends under a secret's name (``password``, ``token``, ``api_key``,
        ``Authorization``, a cookie) is masked by name and, where it is repeated, by value.
    """

    def __init__(self, request: httpx.Request) -> None:
        values = {value for value in _secrets(request) if len(value) >= _SHORTEST_SECRET}
        longest_first = sorted(values, key=lambda value: (-len(value), value))
        alternatives = "|".join(re.escape(value) for value in longest_first)
        self._values = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)") if values else None

    def text(self, text: str) -> str:
        """``text`` without secrets and without terminal codes."""
        return self.values(_SECRET_IN_TEXT.sub(rf"\g<head>{MASK}", _CREDENTIALS.sub(MASK, redact(text))))

    def values(self, text: str) -> str:
        """``text`` without bearer tokens, and without the values that the request sent as secrets."""
        text = _CREDENTIALS.sub(MASK, text)
        return text if self._values is None else self._values.sub(MASK, text)

    def url(self, url: httpx.URL) -> str:
        """The full URL; values of secret parameters are masked."""
        secret = any(_SECRET_NAME.search(name) for name in url.params)
        query = _form(url.params.multi_items()) if secret else url.query.decode("ascii")
        bare = url.copy_with(query=None, username=None, password=None)
        return self.values(f"{bare}?{query}" if query else str(bare))

    def body(self, content: bytes, content_type: str) -> str:
        """The beginning of a body as text; what is no text is described by its type and size."""
        kind = content_type.partition(";")[0].strip().lower()
        if not content:
            return "(empty)"
        if kind.endswith("json"):
            try:
                return self.values(json.dumps(_masked(json.loads(content)), ensure_ascii=False))
            except (ValueError, RecursionError):
                pass
        if kind == "application/x-www-form-urlencoded":
            return self.values(_form(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)))
        if kind.startswith("multipart/") or not _is_text(content):
            return f"({kind or 'no content type'}, {len(content)} bytes)"
        return self.text(content[:_LONGEST_TEXT].decode("utf-8", "replace"))


def _is_text(content: bytes) -> bool:
    start = content[:_LONGEST_TEXT].decode("utf-8", "replace")
    return "\0" not in start and start.count("\ufffd") <= len(start) // 20


def _form(pairs: list[tuple[str, str]]) -> str:
    masked = [(name, MASK if _SECRET_NAME.search(name) else value) for name, value in pairs]
    return urlencode(masked, safe="*")


def _masked(value: object) -> object:
    """JSON with the values of secret keys masked, also where a validation error repeats them."""
    if isinstance(value, list):
        return [_masked(item) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return redact(value[:_LONGEST_TEXT]) if isinstance(value, str) else value
    fields = cast("dict[str, object]", value)
    place = fields.get("loc")  # pydantic: {"loc": ["body", "password"], "input": ...}
    about_secret = isinstance(place, list) and any(
        isinstance(step, str) and _SECRET_NAME.search(step) for step in cast("list[object]", place)
    )

    def secret(name: str) -> bool:
        return bool(_SECRET_NAME.search(name)) or (about_secret and name == "input")

    return {name: MASK if secret(name) and _telling(item) else _masked(item) for name, item in fields.items()}


def _telling(value: object) -> bool:
    return value is not None and not isinstance(value, bool)


def request_line(request: httpx.Request) -> str:
    """Method and full URL, without secrets.

    >>> request_line(httpx.Request("GET", "http://shop/orders?api_key=k3y&page=2"))
    'GET http://shop/orders?api_key=***&page=2'
    """
    return f"{request.method} {Masker(request).url(request.url)}"


def _secrets(request: httpx.Request) -> set[str]:
    found = {value for name, value in request.url.params.multi_items() if _SECRET_NAME.search(name)}
    for name, value in request.headers.multi_items():
        if name == "cookie":
            values = (part.partition("=")[2].strip() for part in value.split(";"))
            found.update(part for part in values if len(part) >= _SHORTEST_COOKIE)
        elif _SECRET_NAME.search(name):
            found.update({value, value.split(" ")[-1]})
    content_type = request.headers.get("content-type", "")
    content = sent_body(request) or b""
    if "json" in content_type:
        with contextlib.suppress(ValueError, RecursionError):
            found |= _in_json(json.loads(content), secret=False)
    elif "urlencoded" in content_type:
        pairs = parse_qsl(content.decode("utf-8", "replace"))
        found |= {value for name, value in pairs if _SECRET_NAME.search(name)}
    return found


def _in_json(value: object, *, secret: bool) -> set[str]:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        parts = [_in_json(item, secret=secret or bool(_SECRET_NAME.search(name))) for name, item in fields.items()]
        return set[str]().union(*parts)
    if isinstance(value, list):
        items = cast("list[object]", value)
        return set[str]().union(*[_in_json(item, secret=secret) for item in items])
    return {value} if secret and isinstance(value, str) else set()


def sent_body(request: httpx.Request) -> bytes | None:
    """The request's body; None when it was a stream that nobody kept."""
    try:
        return request.content
    except httpx.RequestNotRead:
        return None
