"""Cuts a text into the pieces in which a language model would stream it."""

import re
from itertools import pairwise

MAX_WHOLE_LETTERS = 9
"""A word of up to this many letters is one piece; a longer one comes in parts."""

_PART_LETTERS = 5


def tokens(text: str) -> list[str]:
    """Return the pieces of any text; joined, they are exactly that text.

    A word takes the space before it along, as in the vocabularies of real models; numbers come in
    up to three digits; punctuation and line ends come on their own.
    """
    pieces: list[str] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if match["word"] and len(piece) > MAX_WHOLE_LETTERS:
            pieces += _parts(piece)
        else:
            pieces.append(piece)
    return pieces


# What belongs to the character before it: accents, vowel signs, joiners, variants, skin tones.
_MARK = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff"
)
_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
_INDIC = "\u0900-\u0dff"  # letters and their vowel signs, which `\w` would leave out

# The last alternative takes any one character, so that nothing can be lost.
_PIECE = re.compile(
    rf"""
      \r\n | [\r\n\v\f\x1c-\x1e\x85\u2028\u2029]
    | [ ]{{1,15}}(?=[ ][^\s])
    | [ ]?(?:[{_CJK}][{_MARK}]*){{1,2}}
    | (?P<word>[ ]?(?:(?:(?![{_CJK}])[^\W\d_]|[{_INDIC}])[{_MARK}]*)+)
    | [ ]?\d{{1,3}}
    | [ ]?[\U0001f1e6-\U0001f1ff]{{2}}
    | [ ]?(?P<same>[^\w\s])(?P=same){{0,7}}(?:[{_MARK}]+(?:(?<=\u200d)[^\w\s])?){{0,16}}
    | [ \t]{{1,16}}
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_LETTER = re.compile(rf".[{_MARK}]*", re.DOTALL)


def _parts(word: str) -> list[str]:
    """Split a long word into parts of nearly equal length, accents kept on their letters."""
    letters = _LETTER.findall(word)
    count = -(-len(letters) // _PART_LETTERS)
    edges = [len(letters) * part // count for part in range(count + 1)]
    return ["".join(letters[a:b]) for a, b in pairwise(edges)]
