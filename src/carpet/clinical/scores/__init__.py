"""Clinical facts and biomarkers become one score. One file is one score."""
