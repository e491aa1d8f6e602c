"""Runs as people see them: complete, and harmless whatever strangers wrote."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.history.media import MediaStore
from core.history.records import Job, State
from core.jobs.events import Processing, Stopping, Waiting
from core.models.catalog import models_of
from core.models.chat import Turn
from tests.ui.jobs import FILE, HOSTILE, NOW, a_job
from ui.services import Backend
from ui.views import pieces
from ui.views.cards import (
    conversation_cards,
    day_and_time,
    details,
    file_url,
    result_card,
    running_card,
    small_cards,
)

ESCAPED = ("&lt;img src=x", "\\u003cimg src=x")


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path)


def test_a_run_under_way_shows_what_happens_for_how_long_and_how_far() -> None:
    job = a_job(state=State.PROCESSING, completed_at=None)

    key, html = running_card(job, Processing("job1", 0.25, "Using seed: 7"), elapsed_seconds=3.21)

    assert key == "job1"
    assert "Processing, 25%" in html
    assert 'aria-valuenow="25"' in html
    assert 'data-elapsed="3.2"' in html
    assert "Using seed: 7" in html
    assert 'data-act="stop"' in html


def test_a_result_shows_its_files_facts_and_what_can_be_done_with_it(media: MediaStore) -> None:
    job = a_job(state=State.SUCCEEDED, files=(FILE,))

    _, html = result_card(job, media)

    assert f'src="{file_url(media.path(FILE.key))}"' in html
    assert all(fact in html for fact in ("FLUX Schnell", "1024 × 768", "seed 7", "in 2.5 s"))
    actions = ("reuse", "open", "star", "delete", "use_image", "animate")
    assert all(f'data-act="{action}"' in html for action in actions)
    assert 'download="a-fox-job1.webp"' in html


def test_a_failed_run_says_why_with_its_logs_behind_a_fold(media: MediaStore) -> None:
    job = a_job(state=State.FAILED, error="The model failed: out of memory", logs="line 1\nline 2")

    _, html = result_card(job, media)

    assert "The model failed: out of memory" in html
    assert "<details><summary>Details</summary>" in html
    assert "line 1\nline 2" in html


def test_an_uncertain_run_can_be_looked_for_or_run_again_and_the_latter_asks_first(
    media: MediaStore,
) -> None:
    error = "May have been charged: it was sent, and its answer was lost."
    job = a_job(state=State.UNCERTAIN, error=error)

    for html in (result_card(job, media)[1], details(job, media)["html"]):
        assert error in html
        assert html.count('data-act="look_again"') == html.count('data-act="run_again"') == 1
        fold = html.partition('<details class="sure">')[2].partition("</details>")[0]
        assert 'data-act="run_again"' in fold
        assert "you pay for both" in fold
        assert 'data-act="look_again"' not in fold
    [(_, small)] = small_cards([job], media)
    assert 'data-act="look_again"' in small
    assert 'data-act="run_again"' not in small


@pytest.mark.parametrize("state", [state for state in State if state is not State.UNCERTAIN])
def test_of_any_other_run_nothing_is_to_be_looked_for(media: MediaStore, state: State) -> None:
    _assert_nothing_to_look_for(a_job(state=state), media)


def test_an_uncertain_run_in_the_bin_has_to_come_back_first(media: MediaStore) -> None:
    _assert_nothing_to_look_for(a_job(state=State.UNCERTAIN, deleted_at=NOW), media)


def _assert_nothing_to_look_for(job: Job, media: MediaStore) -> None:
    [(_, small)] = small_cards([job], media)
    for html in (small, result_card(job, media)[1], details(job, media)["html"]):
        assert "look_again" not in html
        assert "run_again" not in html


def test_what_is_stopping_says_so_and_isnt_stopped_twice(media: MediaStore) -> None:
    job = a_job(state=State.PROCESSING, completed_at=None, stop_asked_at=NOW)

    _, running = running_card(
        job,
        Stopping("job1", "The cancel hasn't reached Replicate yet.", 4),
        elapsed_seconds=1,
    )
    [(_, small)] = small_cards([job], media)

    assert "Stopping… The cancel hasn&#39;t reached Replicate yet." in running
    for html in (small, details(job, media)["html"]):
        assert "stopping…" in html
    for html in (running, small, details(job, media)["html"]):
        assert 'data-act="stop"' not in html


def test_one_of_many_shows_a_small_picture(media: MediaStore) -> None:
    [(key, html)] = small_cards([a_job(state=State.SUCCEEDED, files=(FILE,))], media)

    assert key == "job1"
    assert FILE.thumbnail_key is not None
    assert f'src="{file_url(media.path(FILE.thumbnail_key))}"' in html
    assert file_url(media.path(FILE.key)) not in html


@pytest.mark.parametrize("state", [state for state in State if not state.is_settled])
def test_a_run_under_way_is_no_failure_and_can_be_stopped(media: MediaStore, state: State) -> None:
    job = a_job(state=state, completed_at=None)

    [(_, small)] = small_cards([job], media)
    whole = details(job, media)["html"]

    for html in (small, whole):
        assert f"{state.value}…" in html
        assert 'data-act="stop"' in html
        assert 'data-act="delete"' not in html
        assert "tone-bad" not in html
        assert "alert" not in html


@pytest.mark.parametrize(
    ("kind", "conversation_id", "offered"),
    [
        ("image", None, "Reuse settings"),
        ("chat", "talk1", "Open conversation"),
        ("chat", None, None),
    ],
)
def test_a_run_offers_what_of_it_can_be_used_again(
    media: MediaStore, kind: str, conversation_id: str | None, offered: str | None
) -> None:
    job = a_job(kind=kind, conversation_id=conversation_id, state=State.SUCCEEDED, text="Hi.")

    [(_, small)] = small_cards([job], media)

    for html in (small, details(job, media)["html"], result_card(job, media)[1]):
        assert ('data-act="reuse"' in html) == (offered is not None)
        assert offered is None or offered in html


def test_what_has_ended_can_be_thrown_away(media: MediaStore) -> None:
    job = a_job(state=State.FAILED, error="Out of memory.")

    [(_, small)] = small_cards([job], media)
    whole = details(job, media)["html"]

    assert "tone-bad" in small
    assert 'role="alert"' in whole
    for html in (small, whole):
        assert 'data-act="delete"' in html
        assert 'data-act="stop"' not in html


def test_what_is_in_the_bin_can_only_come_back(media: MediaStore) -> None:
    [(_, html)] = small_cards([a_job(state=State.SUCCEEDED, deleted_at=NOW)], media)

    assert 'data-act="restore"' in html
    assert 'data-act="delete"' not in html


def test_the_details_hold_everything_that_is_known(media: MediaStore) -> None:
    job = a_job(
        state=State.SUCCEEDED,
        files=(FILE,),
        logs="Using seed: 7",
        metrics={"predict_time": 1.234},
        started_at=NOW + timedelta(seconds=1),
    )

    shown = details(job, media)

    assert shown["key"] == "job1"
    for part in ("&#34;seed&#34;: 7", "Python", "curl", "JavaScript", "Using seed: 7", "1.2"):
        assert part in shown["html"]


URL = "https://replicate.delivery/xezq/{}"
MIXED = a_job(
    state=State.SUCCEEDED,
    output={
        "image": URL.format(0),
        "clip": URL.format(1),
        "stems": {"drums": URL.format(2)},
        "mesh": URL.format(3),
        "score": 0.5,
        "boxes": [{"x": n} for n in range(140)],
    },
    files=(
        replace(FILE, place=("image",)),
        replace(FILE, n=1, place=("clip",), media_type="video/mp4"),
        replace(FILE, n=2, place=("stems", "drums"), media_type="audio/wav", thumbnail_key=None),
        replace(FILE, n=3, place=("mesh",), media_type="model/gltf-binary"),
    ),
)


def test_each_part_of_an_output_is_shown_as_what_it_is(media: MediaStore) -> None:
    for html in (result_card(MIXED, media)[1], details(MIXED, media)["html"]):
        shown = html.partition('<div class="parts">')[2]
        places = [
            shown.index(mark)
            for mark in (
                '<h3 class="name">image</h3>',
                "<img",
                '<h3 class="name">clip</h3>',
                "<video controls",
                '<h3 class="name">stems</h3>',
                '<h4 class="name">drums</h4>',
                "<audio controls",
                '<h3 class="name">mesh</h3>',
                "model/gltf-binary · 1.2 kB",
                '<span class="key">score</span><span class="value number">0.5</span>',
                '<details><summary><span class="key">boxes</span><span class="more">140 items',
                "… 100 more",
            )
        ]
        assert places == sorted(places)


def test_each_file_is_asked_for_by_its_own_number(media: MediaStore) -> None:
    html = result_card(MIXED, media)[1]

    for n, acts in enumerate((["use_image", "animate"], ["go_on"], [], [])):
        of_file = html.partition(f'data-file="{n}"')[2].partition("data-file")[0]
        assert [act for act in ("use_image", "animate", "go_on") if act in of_file] == acts
        assert f'download="a-fox-job1-{n + 1}.webp"' in of_file


def test_the_details_hold_the_whole_output_to_copy(media: MediaStore) -> None:
    html = details(MIXED, media)["html"]

    fold = html.partition('<details class="fold">')[2].partition("</details>")[0]
    assert "data-copy" in fold
    assert "&#34;x&#34;: 139" in fold
    assert "fold" not in details(a_job(state=State.SUCCEEDED, text="Hi."), media)["html"]


def test_headings_go_no_deeper_than_html_has_them(media: MediaStore) -> None:
    output: Any = URL.format(0)
    for _ in range(6):
        output = {"inner": output}
    job = a_job(state=State.SUCCEEDED, output=output, files=(replace(FILE, place=("inner",) * 6),))

    html = result_card(job, media)[1]

    assert html.count('<h6 class="name">inner</h6>') == 3
    assert "<h7" not in html


def test_an_end_without_output_says_so_and_a_failure_says_why_instead(media: MediaStore) -> None:
    for state, says in ((State.SUCCEEDED, True), (State.FAILED, False), (State.CANCELED, False)):
        html = result_card(a_job(state=state), media)[1]
        assert ("The model gave no output." in html) == says


def test_an_output_of_strangers_keys_and_texts_is_escaped(media: MediaStore) -> None:
    long = HOSTILE * 9
    file = replace(FILE, place=(HOSTILE,), media_type="text/<b>")
    output = {HOSTILE: URL.format(0), "a": HOSTILE, "b": {HOSTILE: [long]}, f"{HOSTILE}2": long}
    job = a_job(state=State.SUCCEEDED, output=output, files=(file,))

    for html in (result_card(job, media)[1], details(job, media)["html"]):
        assert "<img src=x" not in html
        assert "<b>" not in html
        assert html.count(ESCAPED[0]) > 4


def test_a_conversation_is_known_by_its_first_question() -> None:
    turns = (Turn("user", "What is tea?"), Turn("assistant", "A leaf."), Turn("user", "Which?"))
    job = a_job(kind="chat", conversation_id="talk1", turns=turns, state=State.SUCCEEDED)

    [(key, html)] = conversation_cards([job])

    assert key == "talk1"
    assert "What is tea?" in html
    assert 'data-job="talk1"' in html


def test_strangers_words_are_escaped_wherever_they_are_shown(media: MediaStore) -> None:
    job = a_job(
        input={"prompt": HOSTILE},
        model=HOSTILE,
        error=HOSTILE,
        text=HOSTILE,
        logs=HOSTILE,
        state=State.FAILED,
        conversation_id=HOSTILE,
        turns=(Turn("user", HOSTILE),),
        metrics={HOSTILE: HOSTILE},
    )
    shown = [
        running_card(job, Waiting("job1", HOSTILE, 1), elapsed_seconds=0)[1],
        running_card(job, Processing("job1", None, HOSTILE), elapsed_seconds=0)[1],
        result_card(job, media)[1],
        small_cards([job], media)[0][1],
        conversation_cards([job])[0][1],
        details(replace(job, model="a/b"), media)["html"],
        pieces.masthead(Backend(label=HOSTILE, simulated=False)),
        pieces.notice(HOSTILE),
        pieces.toast(HOSTILE, undo=[HOSTILE])["html"],
        pieces.model_picker(models_of("image"), HOSTILE),
    ]

    for html in shown:
        assert "<img src=x" not in html
        assert any(escaped in html for escaped in ESCAPED)


def test_the_masthead_marks_the_offline_demo() -> None:
    offline = pieces.masthead(Backend(label="Offline demo", simulated=True))
    online = pieces.masthead(Backend(label="Replicate · ada", simulated=False))

    assert "badge simulated" in offline
    assert "simulated" not in online


def test_the_picker_shows_each_model_and_marks_the_chosen_one() -> None:
    models = models_of("image")

    html = pieces.model_picker(models, models[1].id)

    assert all(model.blurb in html for model in models)
    assert html.count('aria-pressed="true"') == 1
    assert f"Model: {models[1].title}." in html


def test_a_year_is_told_where_it_is_not_this_one() -> None:
    assert day_and_time(NOW.replace(year=2001)) == "1 Mar 2001, 12:00"
