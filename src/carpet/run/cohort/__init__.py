"""The cohort of a trial: its table, every analysis that the protocol asks for, their tables, figures and page."""
