"""Pages of HTML that need no network and no other file, made with Jinja2, which the extra ``html`` brings.

Jinja2 escapes all texts. A page's policy lets only its own style and script hold, and nothing be loaded, so that a
value with markup in it stays a value.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.text import some
from kailash_testkit.version import __version__

_STYLE: Final = Path(__file__).with_name("pages.css")


def require_jinja(option: str) -> None:
    """Raises `ConfigurationError` where the template library is not installed. option: what needs it."""
    if find_spec("jinja2") is None:
        raise ConfigurationError(
            f"{option} needs Jinja2, which is not installed", do="pip install 'kailash-testkit[html]'"
        )


def rendered(template: Path, script: Path | None = None, /, **values: object) -> str:
    """The whole page. values: for the template, which also has ``some``, ``version`` and ``made``, the time of day."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup(_STYLE.read_text("utf-8"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'"
    if script is not None:
        values["script"] = code = Markup(script.read_text("utf-8"))
        policy += f"; script-src '{_hash(code)}'"
    text: str = environment.get_template(template.name).render(
        style=style, policy=policy, some=some, version=__version__, made=datetime.now().astimezone(), **values
    )
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
