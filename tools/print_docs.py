"""Prints docs/reference from the code: methods, criteria, notices, settings, commands. `--check` compares and exits 1."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

import carpet
from carpet.clinical.cut_offs import CUT_OFFS
from carpet.clinical.score import NOT_BUILT
from carpet.core.errors import NoticeKind
from carpet.core.protocol import Protocol, Section
from carpet.response import criteria
from carpet.review.edits import Edit
from carpet.review.roles import matrix_rows
from carpet.run.methods_list import methods_list

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
MADE = "Printed from the code by `tools/print_docs.py`; a test holds them together.\n"
PLURALS = {"criterion": "criteria"}
SEVERITIES = {"E": "refuses", "W": "flags", "I": "informs"}


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def methods_page() -> str:
    parts = ["# Methods\n", MADE]
    rows = methods_list(None)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        parts.append(f"\n## {PLURALS.get(kind, kind + 's').capitalize()}\n")
        chosen = [row for row in rows if row["kind"] == kind]
        parts.append(
            table(["name", "unit", "what it does", "source"], [[f"`{r['name']}`", r["unit"], r["says"], r["source"]] for r in chosen])
        )
    return "\n".join([*parts, *_cut_offs()])


def _cut_offs() -> list[str]:
    """The registry of published cut-offs, and the scores that are not built."""
    head = ["name", "high where", "delineation", "population", "found at", "worse", "not verified", "source"]
    rows = [
        [
            f"`{one.name}`",
            f"{one.biomarker} {one.sign} {one.value:g} {one.unit}",
            one.delineation or "–",
            one.population,
            ", ".join(one.timepoints),
            one.worse or "not stated",
            one.unverified or "–",
            one.source,
        ]
        for one in CUT_OFFS.values()
    ]
    said = (
        "A volume of another delineation is refused (`CUTOFF_OTHER_DELINEATION`) unless somebody overrides the cut-off by its name, which"
        " is then told with the result. Another time point or population is flagged.\n"
    )
    absent = [[f"`{name}`", why] for name, why in NOT_BUILT.items()]
    return ["\n## Published cut-offs\n", said, table(head, rows), "\n## Scores that are not built\n", table(["name", "why"], absent)]


def criteria_page() -> str:
    parts = ["# Criteria of response\n", MADE, "\nThe first rule that holds decides; every verdict names it.\n"]
    for one in criteria().values():
        parts.append(f"\n## {one.says}\n\n`{one.name}@{one.version}`. {one.source}.\n")
        parts.append(table(["rule", "category", "when"], [[f"`{rule}`", category, says] for rule, category, says in one.table()]))
    return "\n".join(parts)


def every_notice() -> list[NoticeKind]:
    """All notice kinds of all rooms, by code; two of one code must be the same sentence about the same thing."""
    found: dict[tuple[str, str], NoticeKind] = {}
    for info in pkgutil.walk_packages(carpet.__path__, "carpet."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, NoticeKind):
                found[value.code, value.severity.value] = value
    return [found[key] for key in sorted(found)]


def notices_page() -> str:
    rows = [[f"`{n.code}`", SEVERITIES[n.severity.value], n.message, n.allowed or "–", n.remedy or "–"] for n in every_notice()]
    text = (
        "# Refusals and flags\n\n" + MADE + "\nA refusal gives no number. A flag travels with the number into every table, SR and report. "
        "Each names where it was found (tag, file, cell) and what was found there, never a patient.\n\n"
    )
    return text + table(["code", "", "what is wrong", "what is allowed", "what to do"], rows)


def settings_page() -> str:
    parts = [
        "# The protocol\n",
        MADE,
        "\nA TOML file given with `--protocol`; what is not written has the default. Unknown keys are refused.\n",
    ]
    parts.append(table(["key", "default", "what it decides"], _settings(Protocol, "")))
    return "\n".join(parts)


def _settings(section: type[Section], prefix: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for name, info in section.model_fields.items():
        default: Any = info.default
        if isinstance(default, Section):
            rows += _settings(type(default), f"{prefix}{name}.")
        elif isinstance(default, Mapping):
            rows += [[f"`{prefix}{name}.{key}`", f"`{_shown(value)}`", info.description or ""] for key, value in default.items()]
        else:
            shown = getattr(default, "value", default)
            rows.append([f"`{prefix}{name}`", f"`{list(shown) if isinstance(shown, tuple) else shown}`", info.description or ""])
    return rows


def _shown(value: Any) -> str:
    """A section inside a mapping, key by key; anything else as it is."""
    return ", ".join(f"{key} = {part}" for key, part in value.model_dump().items()) if isinstance(value, Section) else str(value)


def commands_page() -> str:
    import typer

    from carpet.run.cli import app

    group: Any = typer.main.get_command(app)
    parts = ["# Commands\n", MADE]
    for name, command in sorted(group.commands.items()):
        parts.append(f"\n## carpet {name}\n\n{command.help}\n")
        rows = []
        for parameter in command.params:
            names = (
                ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
                if parameter.param_type_name == "option"
                else f"`{parameter.name.upper()}`"
            )
            rows.append([names, getattr(parameter, "help", "") or ""])
        parts.append(table(["", "what it does"], rows))
    return "\n".join(parts)


ROUTERS = ("session", "cases", "pictures", "edits", "signing")
EDITS_HEAD = ["kind", "what it says", "fields"]
INTERFACE_SAYS = """
The page of the reading room speaks with its server in JSON; `/api/openapi.json` of an open room describes every field. Positions are
DICOM patient coordinates (LPS, mm). A write carries the session's cookie, its form token (`X-CSRF-Token`) and the version of the reading
that was seen (`If-Match`); 409 says what was missed. A refusal is a list of notices, see [notices](notices.md). Every edit may carry a
`reason`.
"""


def interface_page() -> str:
    """The reading room as other programs meet it: who may do what, the routes, the edits."""
    head, *rows = matrix_rows()
    parts = ["# The interface of the reading room\n", MADE, INTERFACE_SAYS, "\n## Who may do what\n", table(head, rows), "\n## Routes\n"]
    modules = [importlib.import_module(f"carpet.run.review.routes_{name}") for name in ROUTERS]
    routes = [route for module in modules for route in module.router.routes]
    parts.append(table(["", "route", "what it does"], [[min(one.methods), f"`{one.path}`", _first_line(one.endpoint)] for one in routes]))
    parts += ["\n## Edits\n", table(EDITS_HEAD, [_edit(one) for one in get_args(Edit)])]
    return "\n".join(parts)


def _edit(kind: type[BaseModel]) -> list[str]:
    fields = [f"`{name}`" for name in kind.model_fields if name not in ("kind", "reason")]
    return [f"`{kind.model_fields['kind'].default}`", (kind.__doc__ or "").partition("\n")[0], ", ".join(fields)]


def _first_line(function: Any) -> str:
    return str(function.__doc__ or "").partition("\n")[0]


PAGES: dict[str, Callable[[], str]] = {
    "methods.md": methods_page,
    "criteria.md": criteria_page,
    "notices.md": notices_page,
    "protocol.md": settings_page,
    "commands.md": commands_page,
    "interface.md": interface_page,
}


def main() -> int:
    stale = [name for name, page in PAGES.items() if not (REFERENCE / name).is_file() or (REFERENCE / name).read_text("utf-8") != page()]
    if "--check" in sys.argv:
        print("\n".join(f"stale: docs/reference/{name}" for name in stale) or "docs/reference is as the code says")
        return 1 if stale else 0
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(PAGES[name](), "utf-8")
    print(f"{len(stale)} pages written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
