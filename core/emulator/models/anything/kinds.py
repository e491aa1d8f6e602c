"""Guesses what a model makes, and in which format, from names and descriptions."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.emulator.models.anything.files import KINDS
from core.emulator.models.anything.reading import Document, mapping
from core.emulator.runner import ModelCard

Kind: TypeAlias = Literal["image", "video", "audio", "mesh", "archive", "text", "vector", "data"]

_WORDS: dict[Kind, str] = {
    "image": "image images img picture pictures photo photos photorealism art artwork painting "
    "portrait logo sticker sdxl flux imagen dalle ideogram recraft seedream inpainting upscale "
    "upscaler face faces mask depth segmentation background thumbnail hair png jpg webp",
    "video": "video videos clips film movie animate animation animated animates animatediff "
    "deforum lipsync gif gifs t2v i2v v2v veo sora kling hailuo wan seedance gen ray motion mp4",
    "audio": "audio speech tts voice voices vocals music musicgen song songs sound sounds sing "
    "melody bark spoken wav mp3 waveform stem stems podcast xtts demucs instrumental",
    "mesh": "mesh meshes glb gltf obj 3d",
    "archive": "zip archive weights lora loras trainer training checkpoint tar safetensors",
    "text": "llm chat instruct language llama gpt claude gemini deepseek caption captions "
    "captioner transcribe transcription transcript translation translate subtitles ocr text txt "
    "srt answer reasoning conversation petition",
    "vector": "embedding embeddings embed vector vectors features e5 mpnet imagebind",
    "data": "classifies classify classifier classification predictor predict assess detect "
    "detection detector recognition score scores scoring rating tagger analysis rerank reranker "
    "similarity",
}  # fmt: skip
_KIND_OF: dict[str, Kind] = {word: kind for kind, words in _WORDS.items() for word in words.split()}

_INPUTS: dict[Kind, str] = {
    "image": "num_outputs negative_prompt num_inference_steps num_images width height "
    "number_of_images safety_tolerance style_type",
    "video": "fps num_frames frames_per_second video_length first_frame_image last_frame "
    "last_frame_image start_image end_image camera_fixed generate_audio video max_frames",
    "audio": "voice voice_id speaker lyrics sample_rate bitrate text_temp waveform_temp",
    "text": "max_tokens max_new_tokens max_completion_tokens max_output_tokens system_prompt "
    "system_instruction top_k top_p messages",
}
_ENDING_OF: dict[Kind, str] = {
    "image": "png",
    "video": "mp4",
    "audio": "wav",
    "mesh": "glb",
    "archive": "zip",
    "text": "txt",
    "vector": "json",
    "data": "json",
}
_FORMATS: dict[Kind, frozenset[str]] = {
    "image": frozenset({"png", "jpg", "webp", "gif", "svg", "pdf"}),
    "video": frozenset({"mp4", "gif"}),
    "audio": frozenset({"wav", "mp3", "flac", "ogg", "m4a"}),
    "mesh": frozenset({"glb", "obj"}),
    "archive": frozenset({"zip", "tar", "safetensors", "npz"}),
    "text": frozenset({"txt", "md", "srt", "vtt", "csv", "html", "json", "pdf"}),
    "vector": frozenset({"json", "npz", "npy", "csv"}),
    "data": frozenset({"json", "csv"}),
}
_MAKES = re.compile(
    r"\b(?:to|into|generat\w*|creat\w*|mak\w*|produc\w*|synthesi\w*|turn\w* into)[ -]"
    r"(?:[\w-]+ ){0,3}?([\w]+)"
)
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Makes:
    """What a model seems to make.

    Attributes:
        kind: the likeliest one.
        file: the likeliest among those that come as files.
        is_sure: whether anything speaks for `kind`.
    """

    kind: Kind
    file: Kind
    is_sure: bool

    @property
    def is_files(self) -> bool:
        """Whether it surely makes files, even where its schema doesn't say so."""
        return self.is_sure and self.kind in _FILES


_FILES: tuple[Kind, ...] = ("image", "video", "audio", "mesh", "archive")
_ANALYSES: tuple[Kind, ...] = ("vector", "data")


_COLLECTIONS: dict[Kind, str] = {
    "image": "text-to-image",
    "video": "text-to-video",
    "text": "language-models",
    "mesh": "3d-models",
    "vector": "embedding-models",
}
_FROM_A_PROMPT = frozenset({"text-to-image", "text-to-video", "language-models"})


def makes(card: ModelCard, document: Document) -> Makes:
    """Guess by a model's name first, then by what is said of it, then by its inputs."""
    scores: dict[Kind, float] = dict.fromkeys(_WORDS, 0.0)

    def add(words: Iterable[str], weight: float) -> None:
        for kind in _kinds_named(words):
            # What is analysed is named as often as that it is analysed.
            scores[kind] += 2 * weight if kind in _ANALYSES else weight

    name, description = card.name.lower(), card.description.lower()
    said = [str(document.output.get(word, "")).lower() for word in ("title", "description")]
    add(_WORD.findall(name), 3)
    add(_MAKES.findall(description), 3)
    add(set(_WORD.findall(description)), 1)
    add(_WORD.findall(" ".join(said)), 4)
    if "clip" in _WORD.findall(name):  # in a description it may be a clip
        scores["vector"] += 6
    for kind, names in _INPUTS.items():
        scores[kind] += min(sum(one in card.input["properties"] for one in names.split()), 3)
    best = max(scores, key=lambda kind: scores[kind])
    return Makes(best, max(_FILES, key=lambda kind: scores[kind]), is_sure=scores[best] > 0)


def collections_of(guess: Makes, inputs: Iterable[str]) -> tuple[str, ...]:
    """Return the slugs of the collections in which somebody would look for such a model."""
    slug = _COLLECTIONS.get(guess.kind) if guess.is_sure else None
    # Without one, it makes something of what it is given, and that is another collection's.
    if slug is None or (slug in _FROM_A_PROMPT and "prompt" not in inputs):
        return ()
    return (slug,)


def ending_for(
    names: Iterable[str],
    model: Kind,
    asked: str | None,
    *,
    said: Mapping[str, object] | None = None,
) -> str:
    """Return the format of one file of an output, as the ending of its name.

    Args:
        names: what the output calls it, the nearest name first: `srt_file`.
        model: the kind that its model makes.
        asked: the format that the input asks for.
        said: the file's own schema, which may name its media type.
    """
    media_type = mapping(said).get("contentMediaType")
    for ending, made in KINDS.items():
        if made.media_type == media_type:
            return ending
    kind = model
    for name in names:
        words = _WORD.findall(name.lower().replace("jpeg", "jpg"))
        for word in words:
            if word in KINDS:
                return str(word)
        if named := _kinds_named(words):
            kind = named[0]
            break
    return asked if asked in _FORMATS[kind] else _ENDING_OF[kind]


def kind_of_input(name: str, description: str) -> Kind:
    """Guess what a file is that an input takes; most are pictures."""
    for text in (name, description):
        words = _WORD.findall(text.lower())
        if {"speaker", "audio", "voice", "song", "music", "wav", "mp3"} & set(words):
            return "audio"
        for kind in _kinds_named(words):
            if kind in _FILES:
                return kind
    return "image"


def _kinds_named(words: Iterable[str]) -> list[Kind]:
    return [_KIND_OF[word] for word in words if word in _KIND_OF]
