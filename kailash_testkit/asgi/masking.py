"""Requests and bodies as messages show them: without what the rule of `redaction` takes for a secret."""

from __future__ import annotations

import contextlib
import json
from typing import cast
from urllib.parse import parse_qsl, urlencode

from kailash_testkit import http_library as httpx
from kailash_testkit.redaction import MASK, is_secret, masked, redact, secrets_in, without

# Looked at in each text of a body; more than is ever shown, so that no secret is cut in two where it is shown.
_LONGEST_TEXT = 4000
_SHORTEST_COOKIE = 8  # a shorter one is a setting rather than a session
_SHORTEST_SECRET = 4  # a shorter value is in too many words by chance
# With one of these beside it, a parameter `code` is a login's; alone it may be a product's.
_LOGIN = frozenset({"state", "grant_type", "redirect_uri", "client_id", "code_verifier"})


class Masker:
    """Masks the secrets of one request, wherever its messages show them.

    request: the request; what it sends under a secret's name (``password``, ``token``, ``api_key``,
        ``Authorization``, a cookie) is masked by name and, where it is repeated, by value.
    """

    def __init__(self, request: httpx.Request) -> None:
        self._known = {value for value in _secrets(request) if len(value) >= _SHORTEST_SECRET}

    def text(self, text: str) -> str:
        """``text`` without secrets and without terminal codes."""
        return redact(text, self._known)

    def values(self, text: str) -> str:
        """``text`` without the values that the request sent as secrets."""
        return without(text, self._known)

    def url(self, url: httpx.URL) -> str:
        """The full URL; values of secret parameters are masked."""
        pairs = url.params.multi_items()
        shown = _form(pairs)
        query = url.query.decode("ascii") if shown == urlencode(pairs) else shown
        bare = url.copy_with(query=None, username=None, password=None)
        return self.text(f"{bare}?{query}" if query else str(bare))

    def body(self, content: bytes, content_type: str) -> str:
        """The beginning of a body as text; what is no text is described by its type and size."""
        kind = content_type.partition(";")[0].strip().lower()
        if not content:
            return "(empty)"
        if kind.endswith("json"):
            try:
                return self.values(_without_secrets(json.loads(content)))
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
    secret = _secret_parameters(pairs)
    shown = [(name, MASK if name in secret and value else redact(value)) for name, value in pairs]
    return urlencode(shown, safe="*")


def _secret_parameters(pairs: list[tuple[str, str]]) -> set[str]:
    names = {name for name, _ in pairs}
    secret = {name for name in names if is_secret(name)}
    return secret | {"code"} if names & (_LOGIN | secret) and is_secret("password") else secret


def _without_secrets(value: object) -> str:
    """The text of JSON with the values of secret keys masked, also where a validation error repeats them."""
    return json.dumps(masked("", _prepared(value)), ensure_ascii=False, default=lambda secret: MASK)


def _prepared(value: object) -> object:
    if isinstance(value, list):
        return [_prepared(item) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return redact(value[:_LONGEST_TEXT]) if isinstance(value, str) else value
    entries = cast("dict[str, object]", value)
    location = entries.get("loc")  # pydantic: {"loc": ["body", "password"], "input": ...}
    steps = cast("list[object]", location) if isinstance(location, list) else []
    prepared = {name: _prepared(entry) for name, entry in entries.items()}
    secret = next((step for step in steps if isinstance(step, str) and is_secret(step)), None)
    return prepared if secret is None else {**prepared, "input": masked(secret, entries.get("input"))}


def request_line(request: httpx.Request) -> str:
    """Method and full URL, without secrets.

    >>> request_line(httpx.Request("GET", "http://shop/orders?api_key=k3y&page=2"))
    'GET http://shop/orders?api_key=***&page=2'
    """
    return f"{request.method} {Masker(request).url(request.url)}"


def _secrets(request: httpx.Request) -> set[str]:
    pairs = request.url.params.multi_items()
    secret = _secret_parameters(pairs)
    found = {value for name, value in pairs if name in secret}
    for name, value in request.headers.multi_items():
        if name == "cookie":
            values = (part.partition("=")[2].strip() for part in value.split(";"))
            found.update(part for part in values if len(part) >= _SHORTEST_COOKIE)
        elif is_secret(name):
            found.update({value, value.split(" ")[-1]})
    content_type = request.headers.get("content-type", "")
    content = sent_body(request) or b""
    if "json" in content_type:
        with contextlib.suppress(ValueError, RecursionError):
            found |= _in_json(json.loads(content), secret=False)
    elif "urlencoded" in content_type:
        found |= secrets_in(dict(parse_qsl(content.decode("utf-8", "replace"))))
    # httpx's stream of a multipart form has its fields, also once it was sent.
    for field in getattr(request.stream, "fields", ()):
        sent = getattr(field, "value", None)  # a file has none
        if is_secret(str(field.name)) and isinstance(sent, str | bytes):
            found.add(sent if isinstance(sent, str) else sent.decode("utf-8", "replace"))
    return found


def _in_json(value: object, *, secret: bool) -> set[str]:
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        parts = [_in_json(item, secret=secret or is_secret(name)) for name, item in entries.items()]
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
