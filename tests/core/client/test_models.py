"""What there is to run is found, and each question is asked again exactly when that may help."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.client.models import PastRun
from core.emulator.faults import Fault
from core.errors import ApiError, InvalidInput, MalformedResponse, NotFound, Unauthenticated
from core.models.descriptions import SearchResults, Version
from core.prediction import Prediction
from tests.core.parts import Lookups, Parts
from tests.core.runners import COMMUNITY_VERSION, PINNED_VERSION

PICTURES = "acme/pictures"

Question = Callable[[Lookups], Awaitable[Any]]

QUESTIONS: dict[str, Question] = {
    "search": lambda lookups: lookups.search("pictures"),
    "model": lambda lookups: lookups.get_model(PICTURES),
    "models": lambda lookups: lookups.list_models(),
    "collections": lambda lookups: lookups.list_collections(),
    "collection": lambda lookups: lookups.get_collection("text-to-image"),
    "versions": lambda lookups: lookups.list_versions(PICTURES),
    "examples": lambda lookups: lookups.list_examples(PICTURES),
    "readme": lambda lookups: lookups.get_readme(PICTURES),
}


def questions(*left_out: str) -> Any:
    asked = {name: ask for name, ask in QUESTIONS.items() if name not in left_out}
    return pytest.mark.parametrize("ask", asked.values(), ids=asked.keys())


def page(*results: Any, after: str | None = None) -> str:
    link = f"https://x.test/v1/models?cursor={after}" if after else None
    return json.dumps({"results": results, "next": link, "previous": None})


def a_run(**changes: Any) -> Prediction:
    made = Prediction("p1", "acme/fox", "hidden", "succeeded", {"prompt": "a fox"}, ["a.webp"])
    return replace(made, **changes)


# Search and collections


async def test_models_are_found_by_words(parts: Parts) -> None:
    found = await parts.lookups.search("community", limit=5)

    assert [model.full_name for model in found.models] == ["acme/community"]
    assert found.collections == ()


async def test_collections_are_found_by_words(parts: Parts) -> None:
    found = await parts.lookups.search("generate images")

    assert [one.slug for one in found.collections] == ["text-to-image"]


async def test_as_many_models_are_found_as_were_asked_for(parts: Parts) -> None:
    found = await parts.lookups.search("tests", limit=2)

    assert len(found.models) == 2


async def test_blanks_find_nothing_and_nothing_is_asked(parts: Parts) -> None:
    assert await parts.lookups.search(" \n") == SearchResults()
    assert parts.emulator.requests == []


async def test_collections_are_listed(parts: Parts) -> None:
    [collection] = await parts.lookups.list_collections()

    assert (collection.slug, collection.name) == ("text-to-image", "Generate images")
    assert collection.models == ()


async def test_all_pages_of_collections_are_read(parts: Parts) -> None:
    parts.emulator.inject(
        Fault(status=200, body=page({"slug": "one"}, after="2")),
        Fault(status=200, body=page({"slug": "two"})),
    )

    collections = await parts.lookups.list_collections()

    assert [one.slug for one in collections] == ["one", "two"]
    assert parts.count("GET", "/v1/collections") == 2


async def test_pages_that_never_end_are_left_some_time(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=200, body=page({"slug": "one"}, after="1"), times=None))

    collections = await parts.lookups.list_collections()

    assert len(collections) == len(parts.emulator.requests) == 20


async def test_a_collection_is_given_with_its_models(parts: Parts) -> None:
    collection = await parts.lookups.get_collection("text-to-image")

    assert "pictures" in [model.name for model in collection.models]
    assert all(model.openapi_schema for model in collection.models)


async def test_a_collection_that_isnt_there_is_not_found(parts: Parts) -> None:
    with pytest.raises(NotFound):
        await parts.lookups.get_collection("image-to-text")


@pytest.mark.parametrize("slug", ["", "..", "a/b", "text to image", "a?b"])
async def test_what_is_no_slug_is_refused_and_nothing_is_asked(parts: Parts, slug: str) -> None:
    with pytest.raises(InvalidInput, match="isn't a collection"):
        await parts.lookups.get_collection(slug)

    assert parts.emulator.requests == []


# Models


async def test_models_are_listed(parts: Parts) -> None:
    page = await parts.lookups.list_models()

    assert {model.name for model in page.results} >= {"pictures", "words", "community"}
    assert page.next_cursor is None


async def test_the_next_page_of_models_is_asked_for_by_its_cursor(parts: Parts) -> None:
    first = page({"owner": "a", "name": "b"}, after="none")
    parts.emulator.inject(Fault(status=200, body=first))

    models = await parts.lookups.list_models()

    assert models.next_cursor == "none"
    with pytest.raises(ApiError, match="Invalid cursor"):
        await parts.lookups.list_models(models.next_cursor)


# A model


async def test_a_model_is_found_with_its_schema(parts: Parts) -> None:
    model = await parts.lookups.get_model(PICTURES)

    assert (model.owner, model.name, model.is_official) == ("acme", "pictures", True)
    assert model.openapi_schema is not None
    assert "prompt" in model.openapi_schema["components"]["schemas"]["Input"]["properties"]


async def test_a_version_that_is_named_is_the_one_that_is_described(parts: Parts) -> None:
    model = await parts.lookups.get_model(f"acme/pinned:{PINNED_VERSION}")

    assert model.version_id == PINNED_VERSION
    assert {request.path for request in parts.emulator.requests} == {
        "/v1/models/acme/pinned",
        f"/v1/models/acme/pinned/versions/{PINNED_VERSION}",
    }


@pytest.mark.parametrize("name", ["acme/none", f"acme/pinned:{'9' * 64}"])
async def test_a_model_or_version_that_isnt_there_is_not_found(parts: Parts, name: str) -> None:
    with pytest.raises(NotFound):
        await parts.lookups.get_model(name)


async def test_versions_are_listed_with_their_dates(parts: Parts) -> None:
    versions = await parts.lookups.list_versions("acme/community")

    [version] = versions.results
    assert version.id == COMMUNITY_VERSION
    assert version.created_at == datetime(2024, 1, 1, tzinfo=UTC)
    assert version.cog_version
    assert version.openapi_schema is not None
    assert versions.next_cursor is None


async def test_the_next_page_of_versions_is_asked_for_by_its_cursor(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=200, body=page({"id": "0a"}, after="none")))

    versions = await parts.lookups.list_versions(PICTURES)

    assert (versions.results, versions.next_cursor) == ((Version("0a"),), "none")
    with pytest.raises(ApiError, match="Invalid cursor"):
        await parts.lookups.list_versions(PICTURES, versions.next_cursor)


async def test_a_readme_is_text(parts: Parts) -> None:
    readme = await parts.lookups.get_readme(f"acme/pinned:{PINNED_VERSION}")

    assert readme.startswith("# pinned\n")


async def test_a_model_without_a_readme_has_an_empty_one(parts: Parts) -> None:
    parts.emulator.inject(Fault(status=404))

    assert await parts.lookups.get_readme(PICTURES) == ""


async def test_a_readme_in_no_known_writing_is_read_as_far_as_that_goes(parts: Parts) -> None:
    parts.emulator.inject(
        Fault(status=200, body="# Füchse", headers={"Content-Type": "text/plain; charset=ascii"})
    )

    assert await parts.lookups.get_readme(PICTURES) == "# Füchse"


async def test_examples_are_predictions(parts: Parts) -> None:
    [example] = await parts.lookups.list_examples(PICTURES)

    assert (example.model, example.status) == ("acme/pictures", "succeeded")
    assert example.input == {"prompt": "a fox"}
    assert example.output == [f"{parts.emulator.url}/examples/acme/pictures/0/out-0.webp"]
    again = await parts.predictions.get(example.id)
    assert again == example


@pytest.mark.parametrize("name", [PINNED_VERSION, "deployments/acme/pictures", "fox"])
@pytest.mark.parametrize(
    "ask", [Lookups.get_model, Lookups.list_versions, Lookups.get_readme, Lookups.list_examples]
)
async def test_what_names_no_model_is_refused_and_nothing_is_asked(
    parts: Parts, name: str, ask: Callable[..., Awaitable[Any]]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await ask(parts.lookups, name)

    assert caught.value.field == "model"
    assert parts.emulator.requests == []


# A run that was made before


@pytest.mark.parametrize(
    ("run", "model"),
    [
        (a_run(), "acme/fox"),
        (a_run(version=PINNED_VERSION), f"acme/fox:{PINNED_VERSION}"),
        (a_run(version="dp-0123456789abcdef"), "acme/fox"),
        (a_run(version=""), "acme/fox"),
        (a_run(model="", version=PINNED_VERSION), PINNED_VERSION),
    ],
)
def test_a_past_run_names_what_to_run_again(run: Prediction, model: str) -> None:
    past = PastRun.of(run)

    assert past == PastRun("p1", model, "succeeded", {"prompt": "a fox"}, ["a.webp"])
    assert past.notice is None


def test_a_run_of_no_model_is_malformed() -> None:
    with pytest.raises(MalformedResponse, match="which model ran as p1"):
        PastRun.of(a_run(model="", version="hidden"))


@pytest.mark.parametrize(
    ("given", "words"), [({}, "settings and output"), ({"prompt": "a fox"}, "this run's output")]
)
def test_what_replicate_has_deleted_is_said(given: Mapping[str, Any], words: str) -> None:
    past = PastRun.of(a_run(input=given, output=None, data_removed=True))

    assert past.model == "acme/fox"
    assert past.notice is not None
    assert words in past.notice
    assert past.notice.endswith("after one hour.")


# Each question


@questions()
async def test_every_question_survives_a_passing_error(parts: Parts, ask: Question) -> None:
    parts.emulator.inject(Fault(status=503), Fault(drop=True))

    answer = await ask(parts.lookups)

    assert answer
    assert len(parts.emulator.requests) == 3


@questions()
async def test_every_question_is_asked_once_if_the_token_is_wrong(
    parts: Parts, ask: Question
) -> None:
    parts.emulator.inject(Fault(status=401, times=None))

    with pytest.raises(Unauthenticated):
        await ask(parts.lookups)

    assert len(parts.emulator.requests) == 1


@questions("readme")  # which is any text
@pytest.mark.parametrize(
    "body", ["<html>", "7", "null", '{"models": [1], "results": [1]}', '[{"a": "b"}]']
)
async def test_an_answer_that_isnt_what_was_asked_for_is_malformed(
    parts: Parts, ask: Question, body: str
) -> None:
    parts.emulator.inject(Fault(status=200, body=body, times=None))

    with pytest.raises(MalformedResponse, match=r"read|not a"):
        await ask(parts.lookups)
