"""The reading room's shell: the history of edits, and the lesions after them."""
