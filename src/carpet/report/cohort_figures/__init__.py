"""Figures of a cohort as a journal prints them: plain frozen data in, a figure and the rows of what it draws out."""
