"""Every real model gets a form, a run on the emulator and a view of what came of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import pytest_asyncio
from pydantic import SecretStr

from core import AsyncReplicateClient, Settings
from core.emulator import Emulator
from core.history.archive import Archive
from core.history.media import MediaStore
from core.history.records import State
from core.jobs.jobs import Jobs
from core.models.schema import ModelSchema
from ui.bench.boxes import component
from ui.bench.form import Form
from ui.services import LOCAL_OWNER, Services
from ui.views.cards import details, result_card

SCHEMAS = Path(__file__).parents[3] / "shared" / "schemas"
GIVEN = {path.stem.replace("__", "/", 1): path for path in sorted(SCHEMAS.glob("*.json"))}

pytestmark = pytest.mark.skipif(
    not GIVEN, reason=f"the real models' schemas aren't here ({SCHEMAS})"
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, speed=100.0, rate_limits=False, schemas=SCHEMAS) as emulator:
        yield emulator


@pytest_asyncio.fixture
async def services(emulator: Emulator, tmp_path: Path) -> AsyncIterator[Services]:
    settings = Settings(base_url=emulator.url, replicate_api_token=SecretStr("any"))
    media = MediaStore(tmp_path / "media")
    async with (
        AsyncReplicateClient(settings) as client,
        Archive.open(f"sqlite:///{tmp_path / 'history.db'}") as archive,
        Jobs(client, archive, media, backend="emulator", max_running=12) as jobs,
    ):
        yield Services(None, client, archive, media, jobs)


def schema_of(model: str) -> ModelSchema:
    return ModelSchema.parse(json.loads(GIVEN[model].read_text())["openapi_schema"])


def test_there_are_all_of_them() -> None:
    assert len(GIVEN) == 92


@pytest.mark.parametrize("model", GIVEN)
async def test_its_form_is_drawn_and_left_as_it_is_says_nothing(model: str) -> None:
    schema = schema_of(model)

    form = Form.of(model, schema)

    named = {one.name for one in form.fields} | ({"prompt"} if form.takes_prompt else set())
    assert named == {one.name for one in schema.fields if not one.deprecated}
    for box in form.boxes:
        made = component(box, box.initial, classes="x")
        # What Gradio makes of a value on its way to the page and back is the same again.
        if not isinstance(made, gr.File):
            assert made.preprocess(made.postprocess(box.initial)) == box.initial, box.key
    assert form.read(form.shown) == {}
    assert form.to_json(form.shown) == "{}"


@pytest.mark.long
async def test_its_example_is_filled_in_run_and_shown(services: Services) -> None:
    """What the emulator shows as a model's example is an input as its owner might have given."""

    async def run(model: str) -> tuple[str, str]:
        described = await services.jobs.describe(model)
        example = described.model.default_example
        assert described.schema is not None
        assert example is not None
        form = Form.of(model, described.schema).filled(example["input"])
        prompt = example["input"].get("prompt") if form.takes_prompt else None
        given = form.read(form.shown, prompt)
        assert described.schema.validate(given) == described.schema.validate(example["input"])
        again, shown = form.from_json(form.to_json(form.shown, prompt), form.shown)
        assert form.read(shown, again) == given
        return model, await services.jobs.submit(model, given, owner=LOCAL_OWNER)

    jobs = dict(await asyncio.gather(*map(run, GIVEN)))
    for model, job_id in jobs.items():
        async for _ in services.jobs.watch(job_id):
            pass
        job = await services.archive.get(job_id)
        _, card = result_card(job, services.media)
        shown: Any = details(job, services.media)

        assert job.state is State.SUCCEEDED, (model, job.error)
        assert 'class="parts"' in card or "The model gave no output." in card, model
        assert len(job.files) == sum(f'data-file="{file.n}"' in card for file in job.files), model
        assert ("The model gave no output." in card) == (job.output in (None, "", [])), model
        assert 'aria-label="Output"' in shown["html"], model
