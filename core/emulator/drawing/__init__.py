"""Draws the emulator's pictures: words → a brief → a scene of layers → a finished picture.

brief (what the prompt asks for) → palettes → landscapes, interiors and abstracts (the scenes),
which place motifs on layers; then finish (the medium: watercolour, pencil, …) and lettering.
"""
