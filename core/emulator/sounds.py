"""Sounds for the emulator: a few plucked notes that follow from a prompt, in a usual format."""

import io
from random import Random

import av
import numpy as np
import numpy.typing as npt

from core.emulator.drawing.brief import digest

NOTE = "Offline demo: no model was run."
"""Stands in each file, as a comment."""

_RATE = 24_000
_NOTE_SECONDS = 0.3
_RING_SECONDS = 2
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)  # half tones above the lowest note: a pentatonic scale
_ENCODINGS = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "mp3": ("mp3", "libmp3lame", "s16p"),
    "flac": ("flac", "flac", "s16"),
    "ogg": ("ogg", "libopus", "s16"),
    "m4a": ("ipod", "aac", "fltp"),
}

ENDINGS = tuple(_ENCODINGS)
"""The formats that there are, as the endings of their names."""


def play(prompt: str, *, seconds: float, seed: int, ending: str = "wav") -> bytes:
    """Return a melody as a mono sound file; the same arguments give the same one.

    Args:
        seconds: at least a tenth.
        ending: one of `ENDINGS`.
    """
    container_format, codec, sample_format = _ENCODINGS[ending]
    samples = _melody(Random(digest(prompt, seed)), max(seconds, 0.1))
    pcm = (samples * 32_000).astype(np.int16).reshape(1, -1)
    buffer = io.BytesIO()
    # Bit-exact, or an Ogg file would get a random number.
    options = {"fflags": "+bitexact"}
    with av.open(buffer, "w", format=container_format, container_options=options) as container:
        stream = container.add_stream(codec, rate=_RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        for metadata in (container.metadata, stream.metadata):
            metadata["comment"] = NOTE
        stream.format = av.AudioFormat(sample_format)
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = _RATE
        frame.pts = 0
        resampler = av.AudioResampler(
            sample_format, "mono", _RATE, frame_size=stream.codec_context.frame_size or 1024
        )
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _melody(rng: Random, seconds: float) -> npt.NDArray[np.float64]:
    """Return samples between -1 and 1: notes that ring out while the next ones begin."""
    samples = np.zeros(round(seconds * _RATE))
    lowest = rng.choice((196.0, 220.0, 246.9, 261.6))
    place = rng.randrange(len(_SCALE))
    for start in range(0, len(samples), round(_NOTE_SECONDS * _RATE)):
        place = min(max(place + rng.choice((-2, -1, 1, 2)), 0), len(_SCALE) - 1)
        ringing = samples[start : start + _RING_SECONDS * _RATE]
        time = np.arange(len(ringing)) / _RATE
        tone = np.sin(2 * np.pi * lowest * 2 ** (_SCALE[place] / 12) * time)
        ringing += 0.25 * tone * np.minimum(time / 0.01, 1) * np.exp(-4 * time)
    fade = np.minimum(np.arange(len(samples))[::-1] / (0.05 * _RATE), 1)
    return np.clip(samples * fade, -1, 1)
