"""The keyword arguments of httpx, typed without reaching into its private modules."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from http.cookiejar import CookieJar
from typing import IO, Any, TypeAlias, TypedDict

from kailash_testkit import http_library as httpx

Primitive: TypeAlias = str | int | float | bool | None
QueryParams: TypeAlias = (
    httpx.QueryParams
    | Mapping[str, Primitive | Sequence[Primitive]]
    | list[tuple[str, Primitive]]
    | tuple[tuple[str, Primitive], ...]
    | str
    | bytes
)
Headers: TypeAlias = (
    httpx.Headers
    | Mapping[str, str]
    | Mapping[bytes, bytes]
    | Sequence[tuple[str, str]]
    | Sequence[tuple[bytes, bytes]]
)
Cookies: TypeAlias = httpx.Cookies | CookieJar | dict[str, str] | list[tuple[str, str]]
Auth: TypeAlias = tuple[str | bytes, str | bytes] | Callable[[httpx.Request], httpx.Request] | httpx.Auth
Timeout: TypeAlias = float | tuple[float | None, float | None, float | None, float | None] | httpx.Timeout | None
FileContent: TypeAlias = IO[bytes] | bytes | str
File: TypeAlias = (
    FileContent
    | tuple[str | None, FileContent]
    | tuple[str | None, FileContent, str | None]
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)


class BodylessOptions(TypedDict, total=False):
    """What httpx's get, head, options and delete accept besides the URL."""

    params: QueryParams | None
    headers: Headers | None
    cookies: Cookies | None
    auth: Auth | None
    follow_redirects: bool
    timeout: Timeout
    extensions: Mapping[str, Any] | None


class RequestOptions(BodylessOptions, total=False):
    """What httpx's post, put, patch and request accept besides the URL."""

    content: str | bytes | Iterable[bytes] | AsyncIterable[bytes] | None
    data: Mapping[str, Any] | None
    files: Mapping[str, File] | Sequence[tuple[str, File]] | None
    json: Any


class ClientSettings(TypedDict, total=False):
    """What both clients of httpx accept, as far as it has a meaning without a network."""

    auth: Auth | None
    params: QueryParams | None
    headers: Headers | None
    cookies: Cookies | None
    timeout: Timeout
    follow_redirects: bool
    max_redirects: int
    event_hooks: Mapping[str, list[Callable[..., Any]]] | None
    base_url: httpx.URL | str
    default_encoding: str | Callable[[bytes], str]


class ClientOptions(ClientSettings, total=False):
    """What `httpx.AsyncClient` accepts, as far as it has a meaning without a network."""

    mounts: Mapping[str, httpx.AsyncBaseTransport | None] | None


class SyncClientOptions(ClientSettings, total=False):
    """What `httpx.Client` accepts, as far as it has a meaning without a network."""

    mounts: Mapping[str, httpx.BaseTransport | None] | None
