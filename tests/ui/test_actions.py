"""What a card's buttons do, and what they say when they can't."""

import threading
from collections.abc import Awaitable, Callable

import gradio as gr
import pytest

from core.emulator import Emulator
from core.history.filters import Filter
from core.history.records import State
from core.jobs.events import Starting
from tests.ui.world import LOST, begun, ended, event, newest_job, ran, seen
from ui.actions import Actions
from ui.services import LOCAL_OWNER, Services

Handler = Callable[[gr.EventData], Awaitable[object]]


@pytest.fixture
def actions(services: Services) -> Actions:
    return Actions(services)


async def test_details_open_for_the_run_that_was_asked_for(
    services: Services, actions: Actions
) -> None:
    job = await ran(services, prompt="a badger")

    shown = await actions.open(event(job.id))

    assert shown is not None
    assert shown["key"] == job.id
    assert "a badger" in shown["html"]


async def test_a_star_is_given_and_taken_away(services: Services, actions: Actions) -> None:
    job = await ran(services)

    await actions.star(event(job.id))
    first = await services.archive.get(job.id)
    await actions.star(event(job.id))
    second = await services.archive.get(job.id)

    assert (first.starred, second.starred) == (True, False)


async def test_a_star_that_is_given_in_the_dialog_shows_there(
    services: Services, actions: Actions
) -> None:
    job = await ran(services)
    before = await actions.open(event(job.id))

    after = await actions.star_opened(event(job.id))

    assert before is not None
    assert after is not None
    assert after["key"] == before["key"] == job.id
    assert after["html"].count('aria-pressed="true"') == 1
    assert 'aria-pressed="true"' not in before["html"]


async def test_what_is_deleted_leaves_the_history_and_the_message_leads_back(
    services: Services, actions: Actions
) -> None:
    job = await ran(services)

    said = await actions.delete(event(job.id))

    assert said is not None
    assert "Deleted." in said["html"]
    assert f'data-job="{job.id}"' in said["html"]
    assert 'data-act="restore"' in said["html"]
    assert await services.archive.list(LOCAL_OWNER) == []


async def test_what_is_deleted_comes_back(services: Services, actions: Actions) -> None:
    job = await ran(services)
    await actions.delete(event(job.id))

    said = await actions.restore(event(job.id))

    assert said is not None
    assert "It is back." in said["html"]
    assert [one.id for one in await services.archive.list(LOCAL_OWNER)] == [job.id]


async def test_several_come_back_at_once(services: Services, actions: Actions) -> None:
    jobs = [await ran(services) for _ in range(3)]
    ids = [job.id for job in jobs]
    await services.archive.delete(ids, owner=LOCAL_OWNER)

    said = await actions.restore(event(" ".join(ids[:2])))

    assert said is not None
    assert "It is back." in said["html"]
    assert {one.id for one in await services.archive.list(LOCAL_OWNER)} == {*ids[:2]}


async def test_of_several_that_come_back_each_has_to_be_there(
    services: Services, actions: Actions
) -> None:
    job = await ran(services)
    await actions.delete(event(job.id))

    with pytest.raises(gr.Error, match="The history holds no such run"):
        await actions.restore(event(f"{job.id} gone"))

    assert await services.archive.list(LOCAL_OWNER) == []


async def test_the_dialog_closes_when_its_run_is_deleted_or_restored(
    services: Services, actions: Actions
) -> None:
    job = await ran(services)

    after_delete, deleted = await actions.delete_opened(event(job.id))
    after_restore, restored = await actions.restore_opened(event(job.id))

    assert after_delete is None
    assert after_restore is None
    assert deleted is not None
    assert "Deleted." in deleted["html"]
    assert restored is not None
    assert "It is back." in restored["html"]


async def test_a_run_under_way_is_not_deleted_but_has_to_be_stopped_first(
    services: Services, actions: Actions, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services)

    said = await actions.delete(event(job_id))

    assert said is not None
    assert "stop it first" in said["html"]
    assert "data-act" not in said["html"]
    assert await services.archive.list(LOCAL_OWNER, Filter(deleted=True)) == []


async def test_deleting_twice_leads_back_as_well(services: Services, actions: Actions) -> None:
    """Two pages show it, or a button is pressed twice."""
    job = await ran(services)
    await actions.delete(event(job.id))

    said = await actions.delete(event(job.id))

    assert said is not None
    assert "Deleted." in said["html"]
    assert "stop it" not in said["html"]


async def test_a_run_is_stopped_on_replicate_too(
    services: Services, actions: Actions, go_on: threading.Event
) -> None:
    go_on.clear()
    job_id = await begun(services)
    await seen(services, job_id, Starting)

    await actions.stop(event(job_id))

    job = await ended(services, job_id)
    assert job.state is State.CANCELED
    assert job.prediction_id is not None
    assert (await services.client.get_prediction(job.prediction_id)).status == "canceled"


@pytest.mark.usefixtures("quick_look_ups")
async def test_an_uncertain_run_is_looked_for_again(
    services: Services, actions: Actions, emulator: Emulator
) -> None:
    emulator.inject(*LOST)
    job = await ran(services)

    said = await actions.look_again(event(job.id))

    assert job.state is State.UNCERTAIN
    assert said is not None
    assert "Looking again" in said["html"]
    assert (await ended(services, job.id)).state is State.SUCCEEDED


@pytest.mark.usefixtures("quick_look_ups")
async def test_an_uncertain_run_is_run_again_as_it_was(
    services: Services, actions: Actions, emulator: Emulator
) -> None:
    emulator.inject(*LOST)
    job = await ran(services)

    said = await actions.run_again(event(job.id))

    assert said is not None
    again = await newest_job(services)
    assert again.id != job.id
    assert (again.state, again.input) == (State.SUCCEEDED, job.input)


@pytest.mark.usefixtures("quick_look_ups")
async def test_the_dialog_closes_when_its_run_is_looked_for_or_run_again(
    services: Services, actions: Actions, emulator: Emulator
) -> None:
    emulator.inject(*LOST)
    job = await ran(services)

    looked, said_of_look = await actions.look_again_opened(event(job.id))
    ran_again, said_of_run = await actions.run_again_opened(event(job.id))

    assert (looked, ran_again) == (None, None)
    assert said_of_look is not None
    assert said_of_run is not None
    for one in await services.archive.list(LOCAL_OWNER):
        await ended(services, one.id)


async def test_what_is_not_uncertain_is_not_looked_for_and_one_sentence_tells(
    services: Services, actions: Actions
) -> None:
    job = await ran(services)

    with pytest.raises(gr.Error, match="nothing uncertain"):
        await actions.look_again(event(job.id))


async def test_stopping_what_has_ended_changes_nothing(
    services: Services, actions: Actions
) -> None:
    job = await ran(services)

    await actions.stop(event(job.id))

    assert await services.archive.get(job.id) == job


@pytest.mark.parametrize(
    "name",
    [
        *("open", "stop", "star", "star_opened"),
        *("look_again", "look_again_opened", "run_again", "run_again_opened"),
        *("delete", "delete_opened", "restore", "restore_opened"),
    ],
)
async def test_of_an_unknown_run_one_sentence_tells(actions: Actions, name: str) -> None:
    """Whatever a browser sends."""
    handler: Handler = getattr(actions, name)

    for asked in (event("gone"), event(), gr.EventData(None, {"job": 7}), gr.EventData(None, 7)):
        with pytest.raises(gr.Error, match="The history holds no such run") as refused:
            await handler(asked)
        assert not refused.value.print_exception
