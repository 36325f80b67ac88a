"""The patients and columns a model may use: follow-up, and values on the scale of the model, with gaps where there is no value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from carpet.cohort import notices
from carpet.cohort.analyses.terms import endpoint_columns, term
from carpet.cohort.survival import BoolArray, FloatArray, IntArray, Survival, labelled
from carpet.cohort.table import PATIENT, Cohort
from carpet.core.errors import ProtocolError, Refused

MOST_MISSING = 0.5  # [P] share of patients without a value above which a term is not imputed but refused
SITE, NO_SITE = "site", -1


@dataclass(frozen=True, eq=False)
class Candidates:
    """n patients with the endpoint. values (n, p): per doubling, per step, or 0 and 1 for levels, NaN where missing; columns (p,): their
    names; per (p,): what a ratio is for; of (p,): the index of each column's term. site (n,): index of the patient's site, NO_SITE where
    there is none; or None where nobody has one.

    left_out: patients without the endpoint or, for want of a doubling, with a value of 0. told: codes of each term.
    """

    survival: Survival
    rows: IntArray
    terms: tuple[str, ...]
    columns: tuple[str, ...]
    per: tuple[str, ...]
    of: IntArray
    values: FloatArray
    site: IntArray | None
    left_out: int
    told: tuple[tuple[str, ...], ...]

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(sorted({code for one in self.told for code in one}))

    @property
    def patients(self) -> int:
        return int(self.survival.rows)

    @property
    def events(self) -> int:
        return int((self.survival.event > 0).sum())

    def taken(self, kept: BoolArray) -> Candidates:
        """Some of the patients (n,); the others are left out."""
        gone, site = self.left_out + int((~kept).sum()), None if self.site is None else self.site[kept]
        return replace(self, survival=self.survival.take(kept), rows=self.rows[kept], values=self.values[kept], site=site, left_out=gone)

    def only(self, terms: Sequence[str]) -> Candidates:
        """The same patients with some of the terms."""
        kept = [self.terms.index(name) for name in terms]
        chosen = [k for one in kept for k in np.flatnonzero(self.of == one).tolist()]
        of = np.array([kept.index(int(self.of[k])) for k in chosen], dtype=np.int64)
        names, per = (tuple(each[k] for k in chosen) for each in (self.columns, self.per))
        told = tuple(self.told[k] for k in kept)
        return Candidates(self.survival, self.rows, tuple(terms), names, per, of, self.values[:, chosen], self.site, self.left_out, told)


def candidates(cohort: Cohort, endpoint: str, terms: Sequence[str]) -> Candidates:
    """The table of these terms. The first event of a cause counts, competing ones are censored (cause-specific).

    Raises Refused: NO_PATIENTS, NO_EVENTS, COVARIATE_CONSTANT, ONE_PATIENT, VALUES_TOO_FEW (a term that most patients lack).
    """
    if not terms:
        raise ProtocolError("a model needs terms")
    known = cohort.known(endpoint_columns(endpoint))
    doubled = [name for name in terms if cohort.column(name).doubling]
    rows = np.array([n for n in known if not any(_zero(cohort, name, int(n)) for name in doubled)], dtype=np.int64)
    if not rows.size:
        raise Refused(notices.NO_PATIENTS.at(endpoint))
    survival = cohort.survival(endpoint, rows).of_cause(1)
    if not survival.event.any():
        raise Refused(notices.NO_EVENTS.at(endpoint))
    made = [_columns(cohort, name, rows) for name in terms]
    of = np.repeat(np.arange(len(terms)), [len(one[0]) for one in made]).astype(np.int64)
    fewer = {notices.NOT_POSITIVE.code} if rows.size < known.size else set()  # they lack in the models of all terms
    patients = [str(cohort.rows[n][PATIENT]) for n in rows]
    told = [fewer.union(*(cohort.flags.get((who, name), ()) for who in patients)) for name in terms]
    return Candidates(
        survival,
        rows,
        tuple(terms),
        tuple(name for one in made for name in one[0]),
        tuple(text for one in made for text in one[1]),
        of,
        np.column_stack([one[2] for one in made]),
        _sites(cohort, rows),
        len(cohort.rows) - rows.size,
        tuple(tuple(sorted(codes)) for codes in told),
    )


def of_all(cohort: Cohort, endpoint: str, terms: Sequence[str]) -> tuple[Candidates | None, dict[str, str]]:
    """One table of the terms that can be used, so that models of some of them are of the same patients, and the codes why others can't.

    No table: under "" the code of why.
    """
    reasons: dict[str, str] = {}
    while len(reasons) < len(terms):
        left = [name for name in terms if name not in reasons]
        try:
            return candidates(cohort, endpoint, left), reasons
        except Refused as refused:
            where = refused.notices[0].where
            if where not in left:
                return None, reasons | {"": refused.codes[0]}
            reasons[where] = refused.codes[0]
    return None, reasons | {"": next(iter(reasons.values()))}


def _zero(cohort: Cohort, name: str, row: int) -> bool:
    value = cohort.rows[row][name]
    return value is not None and float(value) <= 0.0


def _columns(cohort: Cohort, name: str, rows: IntArray) -> tuple[tuple[str, ...], tuple[str, ...], FloatArray]:
    """Names, what a ratio is per, and values (n, q) of one term."""
    known = np.array([cohort.rows[n][name] is not None for n in rows])
    if known.mean() < 1.0 - MOST_MISSING:
        raise Refused(notices.VALUES_TOO_FEW.at(name, f"{int(known.sum())} of {rows.size} patients"))
    made = term(cohort, name, rows[known])
    if not made.covariates or any(np.ptp(column) == 0.0 for column in made.covariates.values()):
        raise Refused((notices.COVARIATE_CONSTANT if known.sum() > 1 else notices.ONE_PATIENT).at(name))
    values = np.full((rows.size, len(made.covariates)), np.nan)
    values[known] = np.column_stack(list(made.covariates.values()))
    return tuple(made.covariates), tuple(made.per[label] for label in made.covariates), values


def _sites(cohort: Cohort, rows: IntArray) -> IntArray | None:
    """None where the cohort has no column of sites, or none of these patients has one."""
    if SITE not in {column.name for column in cohort.columns}:
        return None
    values = cohort.values(SITE)
    known = np.array([values[n] is not None for n in rows])
    if not known.any():
        return None
    found = np.full(rows.size, NO_SITE, dtype=np.int64)
    found[known] = labelled(np.array([str(values[n]) for n in rows[known]]), int(known.sum()))[1]
    return found
