"""The page of an exploration: what was tried and found, in one file that needs no network and no other file."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kailash_testkit.errors import ConfigurationError
from kailash_testkit.exploration import Exploration
from kailash_testkit.explore.checks import CHECKS
from kailash_testkit.text import some
from kailash_testkit.version import __version__

_FOLDER: Final = Path(__file__).with_name("page_templates")
_STYLE: Final = Path(__file__).parents[1] / "pytest_plugin" / "failure_report" / "page" / "style.css"


def require_jinja() -> None:
    """Raises `ConfigurationError` where the template library is not installed."""
    if find_spec("jinja2") is None:
        raise ConfigurationError(
            "--html needs Jinja2, which is not installed", do="pip install 'kailash-testkit[html]'"
        )


def page(exploration: Exploration) -> str:
    """The whole page, in the style of the failure report. Jinja2 escapes all texts; no script runs."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = _STYLE.read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    text: str = environment.get_template("page.html").render(
        style=Markup(style),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'",
        some=some,
        version=__version__,
        made=datetime.now().astimezone(),
        exploration=exploration,
        statuses=_statuses(exploration),
        models=_models(exploration),
        checks=_checks(exploration),
    )
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _statuses(exploration: Exploration) -> Mapping[int, int]:
    found: Counter[int] = Counter()
    for operation in exploration.operations:
        found.update(operation.statuses)
    return dict(sorted(found.items()))


def _models(exploration: Exploration) -> Mapping[str, list[str]]:
    """By model, the operations that changed its rows."""
    return {
        model: [each.operation for each in exploration.operations if model in each.models]
        for model in sorted(exploration.models)
    }


def _checks(exploration: Exploration) -> list[tuple[str, str, int]]:
    """The checks that were on, what each finds, and how often it did."""
    found = Counter(each.check for each in exploration.findings)
    return [(name, CHECKS[name], found[name]) for name in exploration.checks]
