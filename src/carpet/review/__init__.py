"""The reading room: who may do what, which case is in what state, who sees what, edits as data, accounts. It computes no number."""
