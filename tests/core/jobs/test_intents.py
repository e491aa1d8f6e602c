"""What is written down can be sent again exactly, and what can't be sent is never written down."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core import InvalidInput
from core.history.media import MediaStore
from core.jobs.intents import Intents, hidden_fields, restored
from core.models.chat import Conversation, Turn
from core.models.schema import ModelSchema

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEED = {"type": "integer"}


class Schemas:
    def __init__(self, properties: dict[str, Any] | None, output: dict[str, Any]) -> None:
        schemas = {"Input": {"properties": properties}, "Output": output}
        self._schema = ModelSchema.parse({"components": {"schemas": schemas}})
        self._is_known = properties is not None

    async def find(self, model: str) -> ModelSchema | None:
        return self._schema if self._is_known else None


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


def intents(
    media: MediaStore,
    properties: dict[str, Any] | None = None,
    output: dict[str, Any] | None = None,
) -> Intents:
    return Intents(
        Schemas(properties, output or {"type": "object"}),  # type: ignore[arg-type]
        media,
        backend="b",
        now=lambda: NOW,
        draw_seed=lambda lowest, largest: largest,
    )


async def drawn(intents: Intents, model: str = "a/b", **model_input: Any) -> Any:
    return await intents.draw_up(model, model_input, owner="ann", kind=None)


@pytest.mark.parametrize(
    ("declared", "given", "sent"),
    [
        (SEED, {}, {"seed": 2**31 - 1}),
        ({**SEED, "maximum": 100}, {}, {"seed": 100}),
        ({**SEED, "minimum": -1, "maximum": 2**40}, {}, {"seed": 2**31 - 1}),
        (SEED, {"seed": None}, {"seed": 2**31 - 1}),
        (SEED, {"seed": 0}, {"seed": 0}),
        ({"type": "string"}, {}, {}),
    ],
)
async def test_a_seed_is_chosen_where_there_is_a_number_for_one_and_none_was_given(
    media: MediaStore, declared: dict[str, Any], given: dict[str, Any], sent: dict[str, Any]
) -> None:
    intent = await drawn(intents(media, {"seed": declared}), **given)

    assert intent.to_send == intent.job.input == sent


async def test_files_wherever_they_are_come_back_from_the_record_as_paths(
    media: MediaStore, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpeg"
    photo.write_bytes(b"\xff\xd8\xff photo")
    given = {"images": [photo, io.BytesIO(b"text"), "https://a.example/b.png"], "n": {"a": photo}}

    intent = await drawn(intents(media), prompt="media:ann", **given)

    assert restored(intent.job, media) == intent.to_send
    names = [Path(value).name for value in intent.job.input["images"]]
    assert names == ["input-0.jpg", "input-1.bin", "b.png"]
    assert intent.to_send["images"][0].read_bytes() == photo.read_bytes()
    assert intent.to_send["prompt"] == "media:ann"


async def test_a_conversations_images_lie_in_the_store_once_and_the_record_has_their_keys(
    media: MediaStore, tmp_path: Path
) -> None:
    fox, cat = tmp_path / "fox.jpeg", tmp_path / "cat.jpeg"
    fox.write_bytes(b"\xff\xd8\xff fox")
    cat.write_bytes(b"\xff\xd8\xff cat")
    earlier = await media.put(fox, "ann/2026-02/earlier/input-0")
    turns = (
        Turn("user", "What is this?", (earlier,)),
        Turn("assistant", "A fox."),
        Turn("user", "And these?", (cat, fox)),
    )

    intent = await intents(media).draw_up(
        "a/b",
        {"prompt": "written out", "images": [media.path(earlier), cat]},
        owner="ann",
        kind="chat",
        conversation=Conversation("talk", turns),
    )

    job = intent.job
    folder = f"ann/2026-03/{job.id}"
    assert (job.conversation_id, job.prompt) == ("talk", "And these?")
    assert [turn.images for turn in job.turns] == [
        (earlier,),
        (),
        (f"{folder}/input-1.jpg", f"{folder}/input-2.jpg"),
    ]
    assert intent.to_send["images"][0].read_bytes() == fox.read_bytes()
    assert restored(job, media) == intent.to_send
    names = sorted(path.name for path in media.path(folder).iterdir())
    assert names == ["input-0.jpg", "input-1.jpg", "input-2.jpg"]


async def test_an_image_that_cannot_be_read_leaves_nothing(media: MediaStore) -> None:
    talk = Conversation("talk", (Turn("user", "And this?", (Path("nowhere.png"),)),))

    with pytest.raises(InvalidInput, match=r"nowhere|No such file"):
        await intents(media).draw_up(
            "a/b", {"file": io.BytesIO(b"text")}, owner="ann", kind="chat", conversation=talk
        )

    assert not [path for path in media.root.rglob("*") if path.is_file()]


async def test_another_jobs_files_do_not_come_back_as_paths(media: MediaStore) -> None:
    intent = await drawn(intents(media), image="media:bob/2026-03/job/input-0.png")

    assert restored(intent.job, media) == {"image": "media:bob/2026-03/job/input-0.png"}


async def test_secrets_are_hidden_in_the_record_only(media: MediaStore) -> None:
    secret = {"key": {"type": "string", "format": "password"}, "prompt": {"type": "string"}}

    intent = await drawn(intents(media, secret), key="hunter2", prompt="a fox")

    assert intent.to_send["key"] == "hunter2"
    assert intent.job.input == {"key": "[hidden]", "prompt": "a fox"}
    assert hidden_fields(restored(intent.job, media)) == ["key"]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1, 2}, object(), Path("nowhere.png")]
)
async def test_what_cannot_be_sent_is_refused_by_its_name_and_leaves_nothing(
    media: MediaStore, value: Any
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await drawn(intents(media), first=io.BytesIO(b"text"), wrong=value)

    assert refused.value.field == "wrong"
    assert not [path for path in media.root.rglob("*") if path.is_file()]


async def test_an_empty_file_is_refused_by_its_own_name(media: MediaStore, tmp_path: Path) -> None:
    empty = tmp_path / "fox.png"
    empty.touch()

    with pytest.raises(InvalidInput, match=r"^image: fox\.png is empty\.$") as refused:
        await drawn(intents(media), image=empty)

    assert refused.value.field == "image"
    assert not list(media.root.rglob("*.*"))


async def test_a_file_that_replicate_would_not_take_is_refused_before_it_is_copied(
    media: MediaStore, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(100_000_001)

    with pytest.raises(InvalidInput, match="larger than the 100 MB"):
        await drawn(intents(media), video=huge)


@pytest.mark.parametrize(
    ("model", "output", "kind"),
    [
        ("google/veo-3.1", {"type": "string", "format": "uri"}, "video"),
        ("a/b", {"type": "string"}, "chat"),
        ("a/b", {"type": "string", "format": "uri"}, "other"),
    ],
)
async def test_a_kind_is_the_catalogues_else_what_the_schema_tells(
    media: MediaStore, model: str, output: dict[str, Any], kind: str
) -> None:
    intent = await drawn(intents(media, {}, output), model)

    assert intent.job.kind == kind
