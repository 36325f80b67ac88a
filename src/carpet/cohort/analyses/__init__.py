"""What a cohort's table says: each file is one question, asked of a cohort and answered with a frozen result or the reason for none."""
