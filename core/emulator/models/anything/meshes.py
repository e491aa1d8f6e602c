"""A cube as a three-dimensional model, in the two usual formats."""

import json
import struct
from itertools import product

_CORNERS = [tuple(float(side) for side in corner) for corner in product((-1, 1), repeat=3)]
_TRIANGLES = [
    *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5)),
    *((0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6)),
    *((0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
]


def obj(note: str) -> str:
    """Return a cube as Wavefront OBJ, with a comment."""
    corners = "".join(f"v {x:g} {y:g} {z:g}\n" for x, y, z in _CORNERS)
    faces = "".join(f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in _TRIANGLES)
    return f"# {note}\n{corners}{faces}"


def glb(note: str) -> bytes:
    """Return a cube as binary glTF 2.0, with a word on where it comes from."""
    corners = b"".join(struct.pack("<3f", *corner) for corner in _CORNERS)
    triangles = b"".join(struct.pack("<3H", *triangle) for triangle in _TRIANGLES)
    views = [
        {"buffer": 0, "byteOffset": 0, "byteLength": len(corners), "target": 34962},
        {"buffer": 0, "byteOffset": len(corners), "byteLength": len(triangles), "target": 34963},
    ]
    low, high = [-1.0] * 3, [1.0] * 3
    of_corners = {"bufferView": 0, "componentType": 5126, "count": len(_CORNERS), "type": "VEC3"}
    accessors = [
        {**of_corners, "min": low, "max": high},
        {"bufferView": 1, "componentType": 5123, "count": 3 * len(_TRIANGLES), "type": "SCALAR"},
    ]
    scene = {
        "asset": {"version": "2.0", "generator": note},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": len(corners) + len(triangles)}],
        "bufferViews": views,
        "accessors": accessors,
    }
    text = json.dumps(scene).encode()
    chunks = _chunk(b"JSON", text, b" ") + _chunk(b"BIN\0", corners + triangles, b"\0")
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _chunk(kind: bytes, data: bytes, padding: bytes) -> bytes:
    data += padding * (-len(data) % 4)
    return struct.pack("<I4s", len(data), kind) + data
