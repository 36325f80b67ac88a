"""One door to all figures: what is to be drawn in, the figure and the rows of its data out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from carpet.report.cohort_figures import (
    alluvial,
    auc_over_time,
    calibration,
    cumulative_incidence,
    decision_curve,
    flow,
    forest,
    kaplan_meier,
    specification_curve,
    spider,
    swimmer,
    toxicity,
    waterfall,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[Any], "Figure"]
ToRows = Callable[[Any], list[dict[str, Any]]]
KINDS: Mapping[type, tuple[Draw, ToRows]] = MappingProxyType(
    {
        alluvial.AlluvialData: (alluvial.alluvial_figure, alluvial.alluvial_rows),
        auc_over_time.AucData: (auc_over_time.auc_over_time_figure, auc_over_time.auc_over_time_rows),
        calibration.CalibrationData: (calibration.calibration_figure, calibration.calibration_rows),
        cumulative_incidence.IncidenceData: (
            cumulative_incidence.cumulative_incidence_figure,
            cumulative_incidence.cumulative_incidence_rows,
        ),
        decision_curve.DecisionData: (decision_curve.decision_curve_figure, decision_curve.decision_curve_rows),
        flow.FlowData: (flow.flow_figure, flow.flow_rows),
        forest.ForestData: (forest.forest_figure, forest.forest_rows),
        kaplan_meier.KaplanMeierData: (kaplan_meier.kaplan_meier_figure, kaplan_meier.kaplan_meier_rows),
        specification_curve.SpecificationData: (
            specification_curve.specification_curve_figure,
            specification_curve.specification_curve_rows,
        ),
        spider.SpiderData: (spider.spider_figure, spider.spider_rows),
        swimmer.SwimmerData: (swimmer.swimmer_figure, swimmer.swimmer_rows),
        toxicity.ToxicityData: (toxicity.toxicity_figure, toxicity.toxicity_rows),
        waterfall.WaterfallData: (waterfall.waterfall_figure, waterfall.waterfall_rows),
    }
)


def drawn(data: object) -> tuple[Figure, list[dict[str, Any]]]:
    """The figure of any `…Data` of this folder, and the rows beside it."""
    draw, rows = KINDS[type(data)]
    return draw(data), rows(data)
