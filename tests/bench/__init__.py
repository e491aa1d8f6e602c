"""Measures speed and memory against peers: `python -m tests.bench`. No part of the test run.

A *side* is one way of doing a thing, in a process of its own; the sides of a comparison run in
turn, several rounds, and the medians are compared. What is judged is their ratio: it holds on any
machine, while milliseconds don't.
"""
