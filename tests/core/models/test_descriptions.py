"""What Replicate says of models, versions and collections is read, whatever it leaves out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import MalformedResponse
from core.models.descriptions import Collection, Model, SearchResults, Version

VERSION = "0123456789abcdef" * 4

FOX = {
    "url": "https://replicate.com/acme/fox",
    "owner": "acme",
    "name": "fox",
    "description": "Foxes",
    "visibility": "private",
    "is_official": True,
    "run_count": 7,
    "github_url": "https://github.com/acme/fox",
    "paper_url": "http://paper.test/fox.pdf",
    "license_url": "https://acme.test/licence",
    "cover_image_url": "https://x.test/fox.webp",
    "default_example": {"id": "p1", "status": "succeeded", "input": {"prompt": "a fox"}},
    "latest_version": {
        "id": VERSION,
        "created_at": "2026-03-01T12:00:00.5Z",
        "cog_version": "0.9.4",
        "openapi_schema": {"openapi": "3.0.2"},
    },
    "licence": "MIT",
}
"""A model as the API gives it, with a field that nobody knows."""


def test_a_model_is_read_with_all_that_is_told_of_it() -> None:
    model = Model.from_json(FOX)

    assert model == Model(
        owner="acme",
        name="fox",
        description="Foxes",
        is_official=True,
        run_count=7,
        visibility="private",
        cover_image_url="https://x.test/fox.webp",
        github_url="https://github.com/acme/fox",
        paper_url="http://paper.test/fox.pdf",
        license_url="https://acme.test/licence",
        default_example={"id": "p1", "status": "succeeded", "input": {"prompt": "a fox"}},
        version=Version(
            id=VERSION,
            created_at=datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC),
            cog_version="0.9.4",
            openapi_schema={"openapi": "3.0.2"},
        ),
        extra={"url": "https://replicate.com/acme/fox", "licence": "MIT"},
    )
    assert model.full_name == "acme/fox"
    assert (model.version_id, model.openapi_schema) == (VERSION, {"openapi": "3.0.2"})


def test_a_model_is_the_same_after_it_was_written_down() -> None:
    bare = Model("acme", "fox")

    assert Model.from_json(Model.from_json(FOX).to_json()) == Model.from_json(FOX)
    assert Model.from_json(bare.to_json()) == bare


def test_the_version_that_was_asked_for_goes_before_the_latest() -> None:
    model = Model.from_json(FOX, version={"id": "0a", "openapi_schema": {"openapi": "3.1.0"}})

    assert model.version == Version("0a", openapi_schema={"openapi": "3.1.0"})


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//x.test", "", 7, {}])
def test_what_is_no_link_is_none(link: Any) -> None:
    names = ("github_url", "paper_url", "license_url", "cover_image_url")

    model = Model.from_json({**FOX, **dict.fromkeys(names, link)})

    assert [getattr(model, name) for name in names] == [None] * 4


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"description": None, "run_count": None, "latest_version": None, "is_official": None},
        {"run_count": "many", "latest_version": [1]},
        {"run_count": {}, "latest_version": "x"},
        {"description": 7, "visibility": [], "default_example": "x", "latest_version": {}},
    ],
)
def test_a_model_may_lack_everything_but_its_name(odd: dict[str, Any]) -> None:
    model = Model.from_json({"owner": "acme", "name": "fox", **odd})

    assert (model.description, model.is_official, model.run_count) == ("", False, 0)
    assert (model.version_id, model.openapi_schema) == (None, None)
    assert (model.visibility, model.default_example) == ("public", None)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"owner": "acme"}, {"name": "fox"}])
def test_what_is_no_model_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse):
        Model.from_json(body)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"created_at": None, "cog_version": None, "openapi_schema": None},
        {"created_at": "yesterday", "cog_version": 7, "openapi_schema": "x"},
    ],
)
def test_a_version_may_lack_everything_but_its_id(odd: dict[str, Any]) -> None:
    assert Version.from_json({"id": VERSION, **odd}) == Version(VERSION)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"id": None}])
def test_what_is_no_version_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse, match="not a version"):
        Version.from_json(body)


def test_a_collection_is_read_with_its_models() -> None:
    body = {
        "slug": "super-resolution",
        "name": "Super resolution",
        "description": "Larger pictures",
        "full_description": "## Larger pictures",
        "models": [FOX],
    }

    collection = Collection.from_json(body)

    assert collection == Collection(
        slug="super-resolution",
        name="Super resolution",
        description="Larger pictures",
        full_description="## Larger pictures",
        models=(Model.from_json(FOX),),
    )


@pytest.mark.parametrize("odd", [{}, {"name": None, "description": 7, "models": None}])
def test_a_collection_may_lack_everything_but_its_slug(odd: dict[str, Any]) -> None:
    assert Collection.from_json({"slug": "faces", **odd}) == Collection("faces", "faces")


@pytest.mark.parametrize("body", [None, [], {}, {"slug": "x", "models": 7}, {"models": []}])
def test_what_is_no_collection_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse, match=r"read|not a collection"):
        Collection.from_json(body)


def test_a_search_finds_models_and_the_names_of_collections() -> None:
    body = {
        "query": "fox",
        "models": [{"model": FOX, "metadata": {"score": 1.2, "tags": []}}],
        "collections": [{"slug": "animals", "name": "Animals", "models": ["acme/fox"]}],
        "pages": [{"name": "Foxes", "href": "/docs/foxes"}],
    }

    found = SearchResults.from_json(body)

    assert found.models == (Model.from_json(FOX),)
    assert found.collections == (Collection("animals", "Animals"),)


def test_a_search_may_have_found_no_collections() -> None:
    assert SearchResults.from_json({"models": []}) == SearchResults()


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"models": [7]}, {"models": [{}]}, {"models": [], "collections": 7}],
)
def test_what_are_no_search_results_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse, match=r"read|not a model"):
        SearchResults.from_json(body)
