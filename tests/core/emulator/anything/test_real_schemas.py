"""Real models that the emulator is given by their schemas: all of them can be found and run."""

import asyncio
import io
import json
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import UnknownType
from PIL import Image
from pydantic import SecretStr
from referencing.exceptions import Unresolvable

from core import AsyncReplicateClient, NotFound, Prediction, Settings
from core.emulator import Emulator
from core.emulator.models import RUNNERS
from core.emulator.models.anything import files, load, wishes
from tests.core.emulator.clients import client_of

SCHEMAS = Path(__file__).parents[4].parent / "shared" / "schemas"
GIVEN = {path.stem.replace("__", "/", 1): path for path in sorted(SCHEMAS.glob("*.json"))}

pytestmark = pytest.mark.skipif(
    not GIVEN, reason=f"the real models' schemas aren't here ({SCHEMAS})"
)


def document_of(model: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(GIVEN[model].read_text())["openapi_schema"]
    return document


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One for all of them, with files as small as they can be, so that nobody waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "MAX_PIXELS", 96 * 64)
        patch.setattr(files, "MAX_FRAME", (64, 36))
        patch.setattr(wishes, "MAX_CLIP_SECONDS", 0.2)
        patch.setattr(wishes, "MAX_SOUND_SECONDS", 0.5)
        with Emulator(port=0, speed=1000.0, rate_limits=False, schemas=SCHEMAS) as emulator:
            yield emulator


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncReplicateClient]:
    settings = Settings(base_url=emulator.url, replicate_api_token=SecretStr("any"))
    async with AsyncReplicateClient(settings) as client:
        yield client


def test_they_are_read_in_no_time() -> None:
    known = [runner.card for runner in RUNNERS]
    load(SCHEMAS, known)  # what is made once: the files of example inputs

    started = time.perf_counter()
    loaded = load(SCHEMAS, known)

    assert time.perf_counter() - started < 0.5
    assert [runner.card.id for runner in loaded.runners] == list(GIVEN)
    assert loaded.refused == ()


def test_all_of_them_are_listed_with_their_schemas_exactly_as_they_are(emulator: Emulator) -> None:
    listed: dict[str, Any] = {}
    with client_of(emulator) as http:
        url: str | None = "/models"
        while url:
            page = http.get(url).json()
            listed |= {f"{model['owner']}/{model['name']}": model for model in page["results"]}
            url = page["next"]

    own = {runner.card.id for runner in RUNNERS}
    assert listed.keys() == GIVEN.keys() | own
    for model in GIVEN:
        shown = listed[model]["latest_version"]["openapi_schema"]
        assert json.dumps(shown) == json.dumps(document_of(model)), model


async def test_each_has_all_that_the_api_tells_of_a_model(emulator: Emulator) -> None:
    """Its versions, readme, examples and cover, and it is found by its name."""
    with client_of(emulator) as http:
        for model in GIVEN:
            shown = http.get(f"/models/{model}").json()
            version = shown["latest_version"]["id"]
            [listed] = http.get(f"/models/{model}/versions").json()["results"]
            one = http.get(f"/models/{model}/versions/{version}")
            [example] = http.get(f"/models/{model}/examples").json()["results"]
            readme = http.get(f"/models/{model}/readme")
            found = http.get("/search", params={"query": shown["name"], "limit": 50}).json()

            assert listed["id"] == one.json()["id"] == version
            assert example == shown["default_example"]
            assert example["output"] is not None
            assert "no model is run" in readme.text
            assert model in {
                f"{one['model']['owner']}/{one['model']['name']}" for one in found["models"]
            }


async def test_each_runs_with_its_example_and_puts_out_what_its_schema_says(
    client: AsyncReplicateClient, emulator: Emulator
) -> None:
    at_once = asyncio.Semaphore(12)

    async def run(model: str) -> Prediction:
        async with at_once:
            shown = await client.get_model(model)
            assert shown.default_example is not None
            given = shown.default_example["input"]
            prediction = await client.create_prediction(model, given)
            return await client.wait_for_prediction(prediction, timeout=60)

    ended = dict(zip(GIVEN, await asyncio.gather(*map(run, GIVEN)), strict=True))

    checked = [model for model, prediction in ended.items() if fits(model, prediction.output)]
    async with httpx2.AsyncClient() as http:
        urls = [
            url
            for prediction in ended.values()
            for url in strings_in(prediction.output)
            if url.startswith(emulator.url)
        ]
        for url in urls:
            answer = await http.get(url)
            assert answer.status_code == 200
            assert_is_of_its_kind(answer.content, answer.headers["content-type"], url)
    assert len(checked) > 60
    assert len(urls) > 60


async def test_a_community_model_runs_by_its_version_alone(
    client: AsyncReplicateClient, emulator: Emulator
) -> None:
    model = "tencentarc/gfpgan"
    shown = await client.get_model(model)
    assert not shown.is_official

    with client_of(emulator) as http:
        by_name = http.post(f"/models/{model}/predictions", json={"input": {}})
    prediction = await client.create_prediction(f"{model}:{shown.version_id}", {"img": PICTURE})

    assert by_name.status_code == 404
    assert (await client.wait_for_prediction(prediction)).output
    with pytest.raises(NotFound):
        await client.get_model("tencentarc/nothing")


PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWj"
    "R9awAAAABJRU5ErkJggg=="
)


def fits(model: str, output: Any) -> bool:
    """Check an output against its schema; False where that leads nowhere, or there is none."""
    document = document_of(model)
    if "Output" not in document["components"]["schemas"]:
        assert output is not None
        return False
    schema = {"$ref": "#/components/schemas/Output", **document}
    try:
        Draft202012Validator(schema).validate(output)
    except (Unresolvable, UnknownType):
        return False
    return True


def strings_in(output: Any) -> Iterator[str]:
    match output:
        case str():
            yield output
        case list():
            for item in output:
                yield from strings_in(item)
        case dict():
            for item in output.values():
                yield from strings_in(item)


def assert_is_of_its_kind(data: bytes, media_type: str, name: str) -> None:
    match media_type.partition(";")[0].split("/"):
        case ["image", kind]:
            with Image.open(io.BytesIO(data)) as image:
                assert image.get_format_mimetype() == f"image/{kind}"
                image.load()
        case ["audio" | "video" as kind, _]:
            with av.open(io.BytesIO(data)) as container:
                assert next(container.decode(**{kind: 0})) is not None  # type: ignore[arg-type]
        case ["application", "zip"]:
            assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
        case ["text", _] | ["application", "x-subrip"]:
            assert "no model was run" in data.decode()
        case other:
            raise AssertionError(f"{name} is {other}")
