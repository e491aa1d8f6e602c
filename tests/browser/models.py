"""Small models of very different kinds, as documents that the offline demo serves."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = {"type": "string", "format": "uri"}
WORDS = {"type": "string"}


def _document(
    properties: Mapping[str, Any], output: Any, *, needs: tuple[str, ...] = ()
) -> dict[str, Any]:
    given = {"type": "object", "properties": properties, "required": list(needs)}
    return {"components": {"schemas": {"Input": given, "Output": output}}}


PROMPT = {"prompt": WORDS}

DOCUMENTS = {
    "demo/picture": _document(PROMPT, FILE | {"title": "Image"}, needs=("prompt",)),
    "demo/gallery": _document(
        PROMPT
        | {
            "count": {"type": "integer", "default": 2, "minimum": 1, "maximum": 4},
            "style": {"enum": ["ink", "oil", "chalk", "pastel", "gouache"], "default": "ink"},
        },
        {"type": "array", "items": FILE, "title": "Images"},
    ),
    "demo/clip": _document(
        PROMPT | {"seconds": {"type": "number", "default": 1, "minimum": 0.5, "maximum": 2}},
        FILE | {"title": "Video"},
    ),
    "demo/speech": _document(
        {"text": WORDS, "voice": {"enum": ["low", "high"], "default": "low"}},
        FILE | {"title": "Audio"},
        needs=("text",),
    ),
    "demo/writer": _document(
        PROMPT | {"api_key": {"type": "string", "format": "password"}},
        {
            "type": "array",
            "items": WORDS,
            "x-cog-array-type": "iterator",
            "x-cog-array-display": "concatenate",
        },
    ),
    "demo/caption": _document({"image": FILE}, WORDS, needs=("image",)),
    "demo/counter": _document(
        {"numbers": {"type": "array", "items": {"type": "number"}}}, {"type": "integer"}
    ),
    "demo/tagger": _document(
        {"labels": {"type": "array", "items": WORDS}, "threshold": {"type": "number"}},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"label": WORDS, "score": {"type": "number"}},
            },
        },
    ),
    "demo/scribe": _document(
        {"audio": FILE, "translate": {"type": "boolean", "default": False}},
        {
            "type": "object",
            "properties": {"text": WORDS, "subtitles": FILE, "language": WORDS},
        },
    ),
    "demo/mesh": _document(
        {"image": FILE, "detail": {"type": "integer"}}, FILE | {"title": "Mesh"}
    ),
    "demo/anything": _document(
        {"settings": {"type": "object"}, "odd": {"$ref": "#/components/schemas/Gone"}}, {}
    ),
    "demo/nothing": _document({}, WORDS),
}
"""Models by name."""


def write_models(folder: Path) -> Path:
    """Write the documents into a folder, as the demo reads them, and return it."""
    for name, document in DOCUMENTS.items():
        path = folder / f"{name.replace('/', '__')}.json"
        path.write_text(json.dumps({"model": name, "openapi_schema": document}))
    return folder
