"""The patient's other facts: the trial's clinical tables, laboratory values in known units, toxicity with its scale."""

from carpet.clinical.labs import Lab, LdhRatio, ldh_ratio, nearest_before
from carpet.clinical.patients import Patient
from carpet.clinical.tables import ClinicalTables, read_tables
from carpet.clinical.templates import templates

__all__ = ["ClinicalTables", "Lab", "LdhRatio", "Patient", "ldh_ratio", "nearest_before", "read_tables", "templates"]
