"""Each curated model that makes something to look at has a small picture of its own."""

from pathlib import Path

import pytest
from PIL import Image

from core.models.catalog import CatalogModel, models_of

FOLDER = Path(__file__).parents[2] / "ui" / "assets" / "models"
MODELS = [*models_of("image"), *models_of("video")]


def path_of(model: CatalogModel) -> Path:
    return FOLDER / f"{model.id.replace('/', '--')}.webp"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_a_model_has_a_small_picture(model: CatalogModel) -> None:
    path = path_of(model)

    with Image.open(path) as picture:
        picture.load()

    assert (picture.format, picture.size, picture.mode) == ("WEBP", (320, 240), "RGB")
    assert path.stat().st_size < 14_000


def test_no_picture_is_left_over_and_none_is_there_twice() -> None:
    pictures = {path: path.read_bytes() for path in FOLDER.iterdir()}

    assert set(pictures) == {path_of(model) for model in MODELS}
    assert len(set(pictures.values())) == len(pictures)
