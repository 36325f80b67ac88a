"""What the cohort report shows: sections of words, tables and pictures as frozen data, the same for the HTML page and the PDF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from carpet.core.errors import ProtocolError
from carpet.report.cohort_figures.alluvial import AlluvialData
from carpet.report.cohort_figures.auc_over_time import AucData
from carpet.report.cohort_figures.calibration import CalibrationData
from carpet.report.cohort_figures.cumulative_incidence import IncidenceData
from carpet.report.cohort_figures.decision_curve import DecisionData
from carpet.report.cohort_figures.flow import FlowData
from carpet.report.cohort_figures.forest import ForestData
from carpet.report.cohort_figures.kaplan_meier import KaplanMeierData
from carpet.report.cohort_figures.specification_curve import SpecificationData
from carpet.report.cohort_figures.spider import SpiderData
from carpet.report.cohort_figures.swimmer import SwimmerData
from carpet.report.cohort_figures.toxicity import ToxicityData
from carpet.report.cohort_figures.waterfall import WaterfallData

FigureData = (
    AlluvialData
    | AucData
    | CalibrationData
    | IncidenceData
    | DecisionData
    | FlowData
    | ForestData
    | KaplanMeierData
    | SpecificationData
    | SpiderData
    | SwimmerData
    | ToxicityData
    | WaterfallData
)
Align = Literal["text", "number"]
Heads = tuple[tuple[str, Align], ...]  # head of a column, how it is set


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph. exploratory: of what the data themselves suggested; warning: what goes with the numbers; quiet: how to read
    them. lead: its first words, set apart."""

    text: str
    tone: Literal["plain", "quiet", "warning", "exploratory"] = "plain"
    lead: str = ""


@dataclass(frozen=True, slots=True)
class References:
    """A numbered list, cited as [1]."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a table; a heading has one and spans the table. indented: a level below the row above it."""

    cells: tuple[str, ...]
    heading: bool = False
    indented: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """caption: what it shows, of whom. columns: (head, how it is set). widths: relative, for paper; empty: by what the cells hold."""

    name: str
    caption: str
    columns: Heads
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    widths: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        wrong = [row for row in self.rows if len(row.cells) != (1 if row.heading else len(self.columns))]
        if wrong or (self.widths and len(self.widths) != len(self.columns)):
            raise ProtocolError(f"table {self.name}: {len(self.columns)} columns, but a row or the widths have another number")


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure: its files' name, what it shows, patients and events in words, units of its axes, and what is drawn."""

    name: str
    caption: str
    counts: str
    unit: str
    data: FigureData


Block = Words | References | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page; without a block it says in `empty` why."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class CohortContent:
    """The whole page. facts: (what, text) below the title. key_results: sentences, each with its interval, patients and events."""

    title: str
    says: str
    facts: tuple[tuple[str, str], ...]
    key_results: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: str

    def pictures(self) -> Iterator[Picture]:
        """In the order of the page."""
        return (block for section in self.sections for block in section.blocks if isinstance(block, Picture))

    def tables(self) -> Iterator[Table]:
        """In the order of the page."""
        return (block for section in self.sections for block in section.blocks if isinstance(block, Table))
