"""The workbench: a model, its form, and its runs beside it."""
