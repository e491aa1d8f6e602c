"""Texts inside an output: by what the output calls them, and honest where they would be prose."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from core.emulator.models.anything.reading import Facts

_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_QUOTED_LETTERS = 60
_LABELS = ("fox", "heron", "lighthouse", "bicycle", "teapot", "maple", "harbour", "violin")


def text_for(names: tuple[str, ...], facts: Facts, prompt: str, rng: Random) -> str:
    """Return a text for a place in an output.

    Args:
        names: what leads to the place, the nearest name first.
    """
    if made := _of_format(facts.get("format"), rng):
        return made
    name = names[0].lower() if names else ""
    if "lang" in name:
        return "en"
    if name in ("id", "uuid", "hash", "key") or name.endswith("_id"):
        return f"{rng.getrandbits(64):016x}"
    if name in ("label", "class", "class_name", "category", "tag", "tags", "name", "object"):
        return rng.choice(_LABELS)
    quoted = " ".join(prompt.split())[:_QUOTED_LETTERS]
    what = name.replace("_", " ").capitalize() or "Text"
    return f"{what} for “{quoted}” (offline demo: no model was run)"


def _of_format(wanted: object, rng: Random) -> str | None:
    moment = _FIRST_DAY + timedelta(seconds=rng.randrange(86_400 * 365))
    match wanted:
        case "date-time":
            return moment.isoformat()
        case "date":
            return moment.date().isoformat()
        case "time":
            return moment.time().isoformat()
        case "uuid":
            return str(UUID(int=rng.getrandbits(128), version=4))
        case "email":
            return "nobody@example.com"
        case "ipv4":
            return "192.0.2.1"
        case "hostname":
            return "example.com"
        case _:
            return None
