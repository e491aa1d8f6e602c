"""The benchmarks, a module each: `rows(bench)` yields its rows, and curves for the plot.

One that takes minutes says `ONLY_WHEN_NAMED = True`: it isn't among those that run by default.
"""
