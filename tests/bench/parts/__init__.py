"""The benchmarks, a module each: `rows(bench)` yields its rows, and curves for the plot."""
