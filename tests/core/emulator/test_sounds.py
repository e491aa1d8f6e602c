"""The emulator's sounds are sounds, as long as asked for, and the same for the same prompt."""

import io

import av
import numpy as np
import pytest

from core.emulator.sounds import ENDINGS, NOTE, play

FORMATS = {"wav": "wav", "mp3": "mp3", "flac": "flac", "ogg": "ogg", "m4a": "mov"}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_sound_has_its_format_its_length_and_a_note(ending: str) -> None:
    data = play("a calm evening", seconds=1.5, seed=7, ending=ending)

    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        notes = {**container.metadata, **stream.metadata}
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
        assert FORMATS[ending] in container.format.name
        samples = sum(frame.size for frame in frames)
        assert samples / stream.rate == pytest.approx(1.5, abs=0.1)
        assert max(np.abs(frame.astype(float)).max() for frame in frames) > 0
        assert NOTE in notes.values()


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_prompt_and_seed_sound_the_same(ending: str) -> None:
    first, same, other = (
        play("a calm evening", seconds=0.5, seed=seed, ending=ending) for seed in (1, 1, 2)
    )

    assert first == same
    assert first != other
