"""The image models: what each takes, and how large a picture it makes of it.

Names, ranges and defaults are those of the real models; so are sizes, where they are published.
"""

from core.emulator.models.images.flux import FLUX_FLEX, FLUX_PRO, FLUX_SCHNELL
from core.emulator.models.images.ideogram import IDEOGRAM
from core.emulator.models.images.nano_banana import NANO_BANANA
from core.emulator.models.images.qwen import QWEN
from core.emulator.models.images.recraft import RECRAFT
from core.emulator.models.images.sdxl import SDXL
from core.emulator.models.images.seedream import SEEDREAM
from core.emulator.runner import Runner

IMAGES: tuple[Runner, ...] = (
    FLUX_SCHNELL,
    FLUX_PRO,
    FLUX_FLEX,
    NANO_BANANA,
    SEEDREAM,
    IDEOGRAM,
    RECRAFT,
    QWEN,
    SDXL,
)
