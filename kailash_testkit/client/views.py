"""What a view on a client takes over from it."""

from __future__ import annotations

from kailash_testkit import http_library as httpx
from kailash_testkit.client.options import ClientSettings, Cookies, Headers
from kailash_testkit.client.other_library import refuse_other_library


def view_options(client: httpx.AsyncClient | httpx.Client, headers: Headers, cookies: Cookies) -> ClientSettings:
    """The settings that a client has now, with further headers and cookies; its own stay as they are."""
    refuse_other_library({}, headers, cookies)
    merged, jar = httpx.Headers(client.headers), httpx.Cookies(client.cookies)
    merged.update(headers)
    jar.update(cookies)
    return {
        "base_url": client.base_url,
        "timeout": client.timeout,
        "headers": merged,
        "cookies": jar,
        "params": client.params,
        "event_hooks": client.event_hooks,
        "follow_redirects": client.follow_redirects,
        "max_redirects": client.max_redirects,
        # The origin's login would overwrite the header that this view is for.
        "auth": None if "authorization" in httpx.Headers(headers) else client.auth,
    }
