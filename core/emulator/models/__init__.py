"""The models that the emulator knows, as runners."""

from core.emulator.models.chats import CHATS
from core.emulator.models.images import IMAGES
from core.emulator.models.videos import VIDEOS
from core.emulator.runner import Runner

RUNNERS: tuple[Runner, ...] = (*IMAGES, *VIDEOS, *CHATS)
