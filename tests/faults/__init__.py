"""What a person sees when something goes wrong, and what it costs: one promise a test.

Each runs a job as the page does, on a real archive and media store, against the embedded emulator
over real HTTP with its faults scripted. What is promised of one part alone is tested in that
part's own folder.
"""
