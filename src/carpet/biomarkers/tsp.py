"""The shortest path through all lesions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from carpet.biomarkers.distances import centroids_mm, flagged_if_single
from carpet.biomarkers.measure import biomarker
from carpet.core.errors import NotMeasurable
from carpet.core.geometry import pairwise_mm
from carpet.core.lesion import Lesion
from carpet.core.record import Flagged
from carpet.core.space import Volume

MOST_BY_SUBSETS = 15  # 2^15 subsets in a tenth of a second
MOST_LESIONS = 40  # an exact answer takes seconds beyond this; a heuristic one would be a guess


@biomarker("tsp", unit="mm", source="Cottereau 2021, Cancers (New approaches in characterization of lesions dissemination)")
def tsp(lesions: Sequence[Lesion], suv: Volume) -> Flagged:
    """The length of the shortest open path that visits the centroid of every lesion once. One lesion: 0."""
    if len(lesions) > MOST_LESIONS:
        raise NotMeasurable("TOO_MANY_LESIONS")
    return flagged_if_single(lesions, shortest_open_path_mm(pairwise_mm(centroids_mm(lesions))))


def shortest_open_path_mm(distance_mm: NDArray[np.float64]) -> float:
    """The length of the shortest open path over all points, exactly: by dynamic programming, or for many as an integer programme."""
    if len(distance_mm) < 3:
        return float(distance_mm.max())
    return by_subsets(distance_mm) if len(distance_mm) <= MOST_BY_SUBSETS else by_integers(distance_mm)


def by_subsets(distance_mm: NDArray[np.float64]) -> float:
    """Held and Karp 1962 (J Soc Ind Appl Math 10:196): the best path over each subset that ends at each of its points."""
    n = len(distance_mm)
    subsets = np.arange(2**n)
    best = np.full((2**n, n), np.inf)
    best[1 << np.arange(n), np.arange(n)] = 0.0
    size = np.array([int(subset).bit_count() for subset in subsets])
    for points in range(1, n):
        chosen = subsets[size == points]
        for end in range(n):
            free = chosen[(chosen >> end) & 1 == 0]
            best[free | 1 << end, end] = (best[free] + distance_mm[:, end]).min(axis=1)
    return float(best[-1].min())


def by_integers(distance_mm: NDArray[np.float64]) -> float:
    """Dantzig, Fulkerson and Johnson 1954 (Oper Res 2:393): subtours are cut off as they appear.

    A dummy point at distance 0 from all turns the open path into a round trip.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(distance_mm)
    cost = np.zeros((n + 1, n + 1))
    cost[:n, :n] = distance_mm
    pairs = np.array(list(combinations(range(n + 1), 2)))
    length = cost[pairs[:, 0], pairs[:, 1]]
    ends_at = np.array([(pairs == point).any(axis=1) for point in range(n + 1)], dtype=float)
    cuts = [LinearConstraint(ends_at, 2, 2)]
    whole = np.ones(len(pairs), dtype=np.int8)
    while True:
        solved = milp(length, constraints=cuts, integrality=whole, bounds=Bounds(0, 1), options={"mip_rel_gap": 0.0})
        taken = np.asarray(solved.x) > 0.5
        graph = coo_array((np.ones(int(taken.sum())), tuple(pairs[taken].T)), shape=(n + 1, n + 1))
        tours, tour = connected_components(graph, directed=False)
        if tours == 1:
            return float(length[taken].sum())
        for one in range(tours):
            inside = (tour[pairs] == one).all(axis=1)
            cuts.append(LinearConstraint(inside.astype(float), -np.inf, int((tour == one).sum()) - 1))
