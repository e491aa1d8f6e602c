"""The catalogue names only settings that the models have."""

import json
from pathlib import Path

import pytest

from core.models.catalog import CATALOG, CatalogModel, find, models_of
from core.models.schema import ModelSchema

SCHEMAS = Path(__file__).parents[4] / "shared" / "schemas"


def schema_of(model: CatalogModel) -> ModelSchema:
    path = SCHEMAS / f"{model.id.replace('/', '__')}.json"
    if not SCHEMAS.is_dir():
        pytest.skip(f"the models' real schemas aren't here ({SCHEMAS})")
    return ModelSchema.parse(json.loads(path.read_text())["openapi_schema"])


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_every_setting_that_is_named_is_one_the_model_has(model: CatalogModel) -> None:
    schema = schema_of(model)
    named = [*model.settings, *filter(None, [model.start_image])]

    assert [name for name in named if schema.field(name) is None] == []


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_every_model_has_two_or_three_settings_to_begin_with_and_a_line_of_praise(
    model: CatalogModel,
) -> None:
    assert 2 <= len(model.settings) <= 3
    assert 10 < len(model.blurb) < 90


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_every_model_has_an_example_of_its_own(model: CatalogModel) -> None:
    others = [one.example for one in CATALOG if one is not model]

    assert model.example == model.example.strip()
    assert 40 < len(model.example) < 200
    assert model.example not in others


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.id)
def test_an_example_is_an_input_that_the_model_takes(model: CatalogModel) -> None:
    given = {"prompt": model.example}

    assert schema_of(model).validate(given) == given


@pytest.mark.parametrize("model", models_of("video"), ids=lambda model: model.id)
def test_a_start_image_is_a_file(model: CatalogModel) -> None:
    if model.start_image is None:
        pytest.skip("it starts from text alone")
    field = schema_of(model).field(model.start_image)

    assert field is not None
    assert (field.type, field.deprecated) == ("file", False)


def test_every_kind_offers_models_and_none_twice() -> None:
    ids = [model.id for model in CATALOG]

    assert [len(models_of(kind)) for kind in ("image", "video", "chat")] == [8, 6, 6]
    assert len(set(ids)) == len(ids)


def test_a_pinned_version_is_still_the_curated_model() -> None:
    assert find("black-forest-labs/flux-schnell:abc") is find("black-forest-labs/flux-schnell")
    assert find("nobody/nothing") is None
