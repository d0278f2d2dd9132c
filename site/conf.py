"""The documentation site: the pages of docs/, and the reference from the docstrings. `make docs` builds it.

Building needs no network, and fails where a link is dead; the pages load nothing from one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kailash_testkit.version import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "kailash_testkit"
author = "the kailash_testkit authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = f"kailash_testkit {version}"
html_copy_source = False
myst_heading_anchors = 4
default_role = "literal"  # docstrings have names in single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "inherited-members": False}
python_maximum_signature_line_length = 100
suppress_warnings = ["myst.header"]  # a page may go from its title to a third level

_PARAMETER = re.compile(r"\*{0,2}\w+(?:, \*{0,2}\w+)*: ")


def with_parameters_as_list(
    _app: Sphinx, _kind: str, _name: str, _thing: object, _options: Any, lines: list[str]
) -> None:
    """Makes list items of the lines `name: what it is`, which the docstrings have, with those that continue them."""
    found: list[str] = []
    in_list = False
    for line in lines:
        if _PARAMETER.match(line):
            if not in_list:
                found.append("")
            in_list = True
            name, text = line.split(": ", 1)
            found.append(f"- **{name.replace('*', '')}**: {text}")
        elif in_list and line.strip():
            found.append(f"  {line.strip()}")
        else:
            in_list = False
            found.append(line)
    lines[:] = found


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", with_parameters_as_list)
