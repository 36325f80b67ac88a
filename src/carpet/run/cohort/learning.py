"""Are there patients enough: what each model would need by Riley's criteria, and whether the first still learns from more of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from carpet.cohort.models.candidates import candidates
from carpet.cohort.models.learning_curve import learning_curve
from carpet.cohort.models.pipeline import Pipeline
from carpet.cohort.models.sample_size import sample_sizes
from carpet.cohort.table import Cohort
from carpet.core.errors import Refused
from carpet.run.cohort.content_input import Learning

SPLITS = 20  # [P] at each size: enough to see whether the curve still rises
MEASURE = "C (Harrell)"


def learning(cohort: Cohort, endpoint: str, *, pipelines: Sequence[Pipeline], day: int, seed: int) -> Iterator[Learning]:
    """A result a pipeline; the curve, by Harrell's C, of the first one only. What cannot be had is its reason."""
    for one in pipelines:
        found = Learning(one.name, endpoint)
        try:
            table = candidates(cohort, endpoint, one.terms)
            found = replace(found, sizes=sample_sizes(one, table, day=day, seed=seed))
            if one is pipelines[0]:
                curve = learning_curve(one, table, day=day, seed=seed, samples=SPLITS)
                found = replace(found, curve=tuple(size for size in curve if size.measure == MEASURE))
        except Refused as refused:
            found = replace(found, reason_missing=refused.codes[0])
        yield found
