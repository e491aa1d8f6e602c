"""Draws the emulator's pictures: a prompt → a brief → a scene of layers → a finished picture.

`brief` reads what the prompt asks for, `palettes` chooses the colours, `landscapes`, `city`,
`interiors`, `underwater`, `space`, `abstracts` and `isometric` build the scenes on a `stage`,
`finish` gives them a medium, and `lettering` sets the words. `composing` joins them.
"""
