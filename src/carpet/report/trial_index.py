"""The first page of a trial: patients by time points, numbers and responses, each with its rule. One HTML file without script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def index_html(content: Mapping[str, Any]) -> str:
    """The page as text. content: `protocol`, `software`, `counts`, `patients` (their `rows` and `notes`), `refusals`, `flags`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("carpet.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["leads"] = _leads
    return environment.get_template("trial.html.j2").render(trial=content)


def _leads(path: str) -> str:
    """A path below the page as a relative link."""
    from urllib.parse import quote

    return quote(path)
