"""The reliability programme: one module a test, each with `run(size, work) -> Score`; `python -m validation.reliability` runs them."""
