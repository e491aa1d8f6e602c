"""Undoes gzip and deflate in pieces of bounded size, however much a few bytes expand to."""

import zlib
from collections.abc import Iterator

import httpx2

PIECE_BYTES = 256 * 1024
"""The largest piece that `feed` yields."""

ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class Inflater:
    """Decodes one body of a content encoding in `ENCODINGS`."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes decode to.

        Raises:
            httpx2.DecodingError: the body is damaged.
        """
        while data:
            if self._inflate.eof:  # a gzip body may have several members
                self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
            try:
                piece = self._inflate.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise httpx2.DecodingError(str(error)) from error
            if piece:
                yield piece
            data = self._inflate.unconsumed_tail or self._inflate.unused_data

    def finish(self) -> None:
        """Check that the body has come to its end.

        Raises:
            httpx2.DecodingError: it is cut.
        """
        if not self._inflate.eof:
            raise httpx2.DecodingError("the body ends before its end")
