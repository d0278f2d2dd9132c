"""What a view on a client takes over from it."""

from __future__ import annotations

import httpx

from kailash_testkit.client.options import ClientSettings, Cookies


def view_options(client: httpx.AsyncClient | httpx.Client, headers: httpx.Headers, cookies: Cookies) -> ClientSettings:
    """The settings that a client has now, with further headers and cookies; its own stay as they are."""
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
        "auth": None if "authorization" in headers else client.auth,
    }
