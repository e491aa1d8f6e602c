"""Any model, from its schema alone: an input like its own in, an output of its own shape out.

A folder of schemas becomes runners (`loading`). What a run asks for is read out of its input by
the names that most models use (`wishes`), the output is composed by walking the output schema
(`composing`), and the files in it are made last (`files`, `running`).
"""

from core.emulator.models.anything.loading import Loaded, load

__all__ = ["Loaded", "load"]
