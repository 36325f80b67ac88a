"""The files of the cohort report: every figure as SVG, PDF, PNG and CSV, the page as HTML and PDF."""

from __future__ import annotations

from carpet.report.cohort_content import CohortContent
from carpet.report.cohort_figures.drawn import drawn
from carpet.report.cohort_figures.figure_files import figure_files
from carpet.report.cohort_page import cohort_html, cohort_pdf
from carpet.run.cohort.content import cohort_content
from carpet.run.cohort.content_input import Analysed

PAGE, PAPER = "reports/cohort.html", "reports/cohort.pdf"
FOLDER = "figures/cohort/"


def cohort_files(analysed: Analysed) -> dict[str, bytes]:
    """Path below results/ → content; the same results give the same bytes."""
    content = cohort_content(analysed)
    figures = figures_of(content)
    svgs = {one.name: figures[f"{one.name}.svg"] for one in content.pictures()}
    pages = {PAGE: cohort_html(content, svgs).encode(), PAPER: cohort_pdf(content, svgs)}
    return pages | {f"{FOLDER}{name}": data for name, data in figures.items()}


def figures_of(content: CohortContent) -> dict[str, bytes]:
    """File name → content of every picture of the page; each is drawn once and saved in four ways."""
    files: dict[str, bytes] = {}
    for picture in content.pictures():
        figure, rows = drawn(picture.data)
        files |= figure_files(figure, rows, picture.name)
    return files
