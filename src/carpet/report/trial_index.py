"""The first page of a trial: patients by time points, numbers and responses, each with its rule. One HTML file without script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carpet.report.numbers import capital


def index_html(content: Mapping[str, Any]) -> str:
    """The page as text. content: as run/trial/index.py collects it: patients with their overview, rows and findings; refusals, counts."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("carpet.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"leads": _leads, "capitalize_first": capital}
    return environment.get_template("trial.html.j2").render(trial=content)


def _leads(path: str) -> str:
    """A path below the page as a relative link."""
    from urllib.parse import quote

    return quote(path)
