"""What must be known with the numbers of a section: every flag of its columns and results as a sentence, with how many it concerns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from carpet.cohort.analyses.terms import endpoint_columns
from carpet.cohort.notices import NEVER_ASSESSED
from carpet.cohort.table import PATIENT, Cohort
from carpet.report.cohort_content import Section, Words
from carpet.run.cohort.columns import BASELINE_ROLES
from carpet.run.cohort.content_effects import QUIET_FLAGS
from carpet.run.cohort.content_input import Analysed
from carpet.run.cohort.content_words import label, patients_text, reason_text, sentence

LEAD = "What must be known with these numbers"
RESPONSES, GRADES = ("response",), ("toxicity",)  # roles of columns
MOST_NAMED = 3  # columns: a longer list says no more than the tables do
Names = tuple[str, ...]


@dataclass(frozen=True)
class _Shown:
    """What a section shows: columns of the cohort, and the flags of each of its results that its tables do not print. never_assessed: the
    number of patients behind the flag of that name."""

    columns: Names
    flags: tuple[Names, ...] = ()
    never_assessed: int = 0


def with_flags(analysed: Analysed, section: Section) -> Section:
    """The section, and below it a paragraph of what must be known; the same section where there is nothing, or nothing is shown."""
    if not section.blocks or section.anchor not in SHOWN:
        return section
    said = tuple(_sentences(analysed.cohort, SHOWN[section.anchor](analysed)))
    if not said:
        return section
    return replace(section, blocks=(*section.blocks, Words(" ".join(said), lead=LEAD)))


def _sentences(cohort: Cohort, shown: _Shown) -> Iterator[str]:
    """By code: first the flags of patients' values, then those of results."""
    of = _patients(cohort, shown.columns)
    for code, held in sorted(of.items()):
        yield f"{_said(code)} ({_named(column for column, _ in held)}{patients_text(len({who for _, who in held}))})."
    results = Counter(code for flags in shown.flags for code in set(flags))
    for code, number in sorted(results.items()):
        if code == NEVER_ASSESSED.code:
            yield f"{_said(code)} ({patients_text(shown.never_assessed)})."
        elif code not in of:
            yield f"{_said(code)} ({number} of {len(shown.flags)} result{'' if len(shown.flags) == 1 else 's'})."


def _patients(cohort: Cohort, columns: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Code → (column, patient) of each value that has it, among these columns."""
    names = [one.name for one in cohort.columns if one.name in set(columns)]
    found: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        for who in (str(row[PATIENT]) for row in cohort.rows if row[name] is not None):
            for code in cohort.flags.get((who, name), ()):
                found.setdefault(code, []).append((name, who))
    return found


def _named(columns: Iterable[str]) -> str:
    """`Two-factor group; `: whose flag it is, where few columns have it."""
    labels = dict.fromkeys(_label(one) for one in columns)
    return f"{', '.join(labels)}; " if len(labels) <= MOST_NAMED else ""


def _label(column: str) -> str:
    """Of an endpoint its name, whichever of its columns it is."""
    endpoint = column.removesuffix("_days").removesuffix("_event")
    return label(column) if endpoint == column else endpoint.upper()


def _said(code: str) -> str:
    return sentence(reason_text(code))


def _of(endpoints: Iterable[str], *columns: str) -> Names:
    """The columns of these endpoints, and those besides."""
    return (*(name for one in dict.fromkeys(endpoints) for name in endpoint_columns(one)), *columns)


def _roles(analysed: Analysed, roles: Iterable[str]) -> Names:
    return tuple(one.name for one in analysed.cohort.columns if one.role in set(roles))


def _survival(analysed: Analysed) -> _Shown:
    found = analysed.survival
    return _Shown(_of((one.endpoint for one in found), *(one.group_by for one in found)), tuple(one.flags for one in found))


def _effects(analysed: Analysed) -> _Shown:
    found = [one for one in analysed.effects if one.rules == analysed.protocol.cohort.rules]
    flags = tuple(tuple(code for code in one.flags if code not in QUIET_FLAGS) for one in found)
    never = max((one.never_assessed for one in found), default=0)
    return _Shown(_of((one.endpoint for one in found), *(one.term for one in found)), flags, never)


def _cuts(analysed: Analysed) -> _Shown:
    return _Shown(_of((one.endpoint for one in analysed.cuts), *(one.marker for one in analysed.cuts)))


def _competing(analysed: Analysed) -> _Shown:
    found = analysed.competing
    return _Shown(_of((one.endpoint for one in found), *(one.group_by for one in found)), tuple(one.flags for one in found))


def _toxicity(analysed: Analysed) -> _Shown:
    return _Shown((*_roles(analysed, GRADES), *(one.marker for one in analysed.associations)))


def _models(analysed: Analysed) -> _Shown:
    asked = analysed.protocol.cohort
    return _Shown(_of((one.endpoint for one in analysed.performances), *asked.markers, *asked.adjusted_for))


def _robustness(analysed: Analysed) -> _Shown:
    found = [one.effect for one in analysed.specifications]
    return _Shown((), tuple(one.flags for one in found))


SHOWN: Mapping[str, Callable[[Analysed], _Shown]] = MappingProxyType(  # section → what it shows
    {
        "characteristics": lambda analysed: _Shown(_roles(analysed, BASELINE_ROLES)),
        "response": lambda analysed: _Shown(_roles(analysed, RESPONSES)),
        "survival": _survival,
        "effects": _effects,
        "cut-points": _cuts,
        "competing": _competing,
        "toxicity": _toxicity,
        "models": _models,
        "robustness": _robustness,
    }
)
