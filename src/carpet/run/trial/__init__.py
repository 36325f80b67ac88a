"""A whole trial: its folder, every scan, every patient's course, responses, tables and pages."""
