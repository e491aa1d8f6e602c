"""A search finds every job that holds all its words, however they are written."""

from contextlib import closing
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core.history import listing, searching
from core.history.archive import Archive, Filter, Job
from core.history.engines import bring_up_to_date, engine_for
from core.history.records import State
from core.history.rows import row_of
from core.history.searching import mentioned
from core.history.tables import JobRow
from core.models.chat import Turn
from tests.core.history.material import NOW, a_job, add


async def found(archive: Archive, words: str, **wanted: Any) -> set[str]:
    jobs = await archive.list("local", Filter(words=words, **wanted), limit=1000)
    return {job.id for job in jobs}


def newest_first(jobs: list[Job]) -> list[Job]:
    return sorted(jobs, key=lambda job: job.cursor, reverse=True)


def fits(job: Job, wanted: Filter) -> bool:
    """Tell by itself whether a job of `local` is what a filter wants."""
    words = f"{job.prompt}\n{job.model}"
    return (
        job.owner == "local"
        and (job.deleted_at is not None) == wanted.deleted
        and all(word in words for word in wanted.words.split())
        and wanted.kind in {None, job.kind}
        and wanted.model in {None, job.model}
        and (not wanted.states or job.state in wanted.states)
        and (wanted.since is None or job.created_at >= wanted.since)
        and (wanted.until is None or job.created_at < wanted.until)
        and (job.starred or not wanted.starred_only)
    )


def prompted(job_id: str, prompt: str, **changes: Any) -> Any:
    return a_job(job_id, input={"prompt": prompt}, **changes)


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("fox", {"fox"}),
        ("FOX red", {"fox"}),
        ("red", {"fox", "cat"}),
        ("red veo", {"cat"}),
        ("black-forest", {"fox"}),
        ("oo", {"fox", "cat"}),
        ("OO fox", {"fox"}),
        ("wool 100%", {"fox"}),
        ("%", {"fox"}),
        ("100_", set()),
        ("r_d", set()),
        ("_d", set()),
        ("red dog", set()),
        ("", {"fox", "cat"}),
        (" \t\n", {"fox", "cat"}),
    ],
)
async def test_all_words_are_in_the_prompt_or_the_models_name_and_signs_mean_themselves(
    archive: Archive, words: str, ids: set[str]
) -> None:
    await add(
        archive,
        prompted("fox", "A red Fox, 100% wool"),
        prompted("cat", "a redwood cat's wool", model="google/veo-3.1"),
    )

    assert await found(archive, words) == ids


@pytest.mark.parametrize("words", ["grün", "GRÜN", "ÜNE", "Ün", "ün", "МОСКВ", "москв", "МО", "мо"])
async def test_letters_beyond_ascii_have_no_case_either(archive: Archive, words: str) -> None:
    await add(archive, prompted("fox", "ein GRÜNER Fuchs, Москва"), prompted("cat", "eine Katze"))

    assert await found(archive, words) == {"fox"}


async def test_scripts_whose_words_are_short_are_searched_as_well(archive: Archive) -> None:
    await add(archive, prompted("fox", "雪の中の狐"), prompted("cat", "雪の中の猫"))

    assert await found(archive, "狐") == {"fox"}
    assert await found(archive, "雪の 猫") == {"cat"}
    assert await found(archive, "雪の中") == {"fox", "cat"}


async def test_a_models_answer_is_searched_from_when_it_is_there(archive: Archive) -> None:
    await add(archive, prompted("sky", "Why is it blue?", kind="chat"))
    before = await found(archive, "rayleigh")

    await archive.advance("sky", State.SUCCEEDED, text="Because of Rayleigh scattering.")

    assert (before, await found(archive, "rayleigh blue")) == (set(), {"sky"})


async def test_the_last_message_of_a_conversation_is_searched_and_not_all_of_it_again(
    archive: Archive,
) -> None:
    turns = (Turn("user", "a riddle"), Turn("assistant", "What walks?"), Turn("user", "a man"))
    await add(archive, a_job("talk", turns=turns, input={"prompt": "User: a riddle …"}))

    assert await found(archive, "a man") == {"talk"}
    assert await found(archive, "riddle") == set()


@pytest.mark.parametrize(
    "words",
    [
        '"',
        '"""',
        'fox"',
        '"fox',
        "fox AND",
        "AND OR NOT NEAR",
        "NEAR(fox cat)",
        "prompt:fox",
        "fox*",
        "^fox",
        "-fox",
        "(fox",
        "fox)",
        "{fox}",
        "fox + cat",
        "'; DROP TABLE jobs; --",
        "\\",
        "///",
        "?",
        ":fox",
        "\0",
        "fo\0x",
        "\ud83e",
        "fox\ud83e",
        "fox " * 10_000,
        " ".join(f"w{n}" for n in range(5000)),
        " ".join(map(chr, range(0x4E00, 0x6E00))),
        "".join(map(chr, range(1, 3000))),
        "x" * 200_000,
    ],
)
async def test_whatever_is_typed_is_a_search(archive: Archive, words: str) -> None:
    await add(archive, prompted("fox", "a fox"))

    assert await found(archive, words) <= {"fox"}


async def test_what_was_typed_is_found_as_it_was_typed(archive: Archive) -> None:
    prompt = 'say "hi" AND (x OR y*) NOT ^z: a-b {c} \\n /path/ 50% it\'s_so'
    await add(archive, prompted("signs", prompt), prompted("plain", "say hi and x or y not z"))

    assert await found(archive, prompt) == {"signs"}


async def test_a_search_goes_with_the_other_filters_and_with_pages(archive: Archive) -> None:
    await add(archive, *(prompted(f"fox{n}", "a fox", kind="video") for n in range(3)))
    await add(archive, prompted("cat", "a cat", kind="video"), prompted("other", "a fox"))
    await add(archive, prompted("anns", "a fox", owner="ann", kind="video"))

    wanted = Filter(words="fox", kind="video")
    first = await archive.list("local", wanted, limit=2)
    rest = await archive.list("local", wanted, limit=2, before=first[-1].cursor)

    assert [job.id for job in [*first, *rest]] == ["fox2", "fox1", "fox0"]


async def test_the_newest_come_first_in_whatever_order_they_were_written(
    archive: Archive,
) -> None:
    seconds = [3.2, 7, 3.9, 1, 3.2, 5, 0, 9, 3.2, 1]
    jobs = [
        prompted(f"job{n}", "a fox", created_at=NOW + timedelta(seconds=second))
        for n, second in enumerate(seconds)
    ]
    await add(archive, *jobs)

    pages = [await archive.list("local", Filter(words="fox"), limit=3)]
    while pages[-1]:
        place = pages[-1][-1].cursor
        pages.append(await archive.list("local", Filter(words="fox"), limit=3, before=place))

    assert [job.id for page in pages for job in page] == [job.id for job in newest_first(jobs)]


FILTERS: list[dict[str, Any]] = [
    {},
    {"kind": "video"},
    {"kind": "audio"},
    {"model": "b/two"},
    {"states": (State.FAILED, State.EXPIRED)},
    {"states": (State.SUCCEEDED, State.FAILED)},
    {"starred_only": True},
    {"deleted": True},
    {"since": NOW + timedelta(seconds=90), "until": NOW + timedelta(seconds=200)},
    {"until": NOW + timedelta(seconds=30), "states": (State.FAILED,)},
]


@pytest.fixture(scope="module")
def many_jobs() -> list[Job]:
    chance = Random(1)
    return [
        prompted(
            f"job{chance.getrandbits(64):x}",
            " ".join(chance.choices(["fox", "cat", "ox", "two"], k=2)),
            kind=chance.choice(["image", "video"]),
            model=chance.choice(["a/one", "b/two"]),
            state=chance.choice([State.SUCCEEDED] * 9 + [State.FAILED]),
            created_at=NOW + timedelta(seconds=chance.randrange(300)),
            starred=chance.random() < 0.05,
            deleted_at=NOW if chance.random() < 0.1 else None,
            owner=chance.choice(["local", "local", "ann"]),
        )
        for _ in range(400)
    ]


@pytest.fixture(scope="module")
def many(many_jobs: list[Job], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A history of them."""
    url = f"sqlite:///{tmp_path_factory.mktemp('many') / 'history.db'}"
    engine = engine_for(url)
    bring_up_to_date(engine)
    with Session(engine) as session, session.begin():
        session.add_all(row_of(job, lease_holder="me", lease_until=NOW) for job in many_jobs)
    engine.dispose()
    return url


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
@pytest.mark.parametrize("words", ["", "fox", "x", "two fox", "zebra"])
@pytest.mark.parametrize("patience", [0, 3, 1000])
async def test_whatever_leads_the_search_finds_the_same(
    many: str,
    many_jobs: list[Job],
    wanted: dict[str, Any],
    words: str,
    patience: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "_HITS_IN_ADVANCE", patience)
    monkeypatch.setattr(searching, "_HITS_PER_JOB", patience)
    monkeypatch.setattr(listing, "_FEW", patience)
    monkeypatch.setattr(listing, "_VERY_FEW", patience // 2)
    expected = [
        job.id for job in newest_first(many_jobs) if fits(job, Filter(words=words, **wanted))
    ]

    async with Archive.open(many) as archive:
        first = await archive.list("local", Filter(words=words, **wanted), limit=7)
        place = first[-1].cursor if first else None
        more = await archive.list("local", Filter(words=words, **wanted), limit=7, before=place)

    assert [job.id for job in first] == expected[:7]
    assert [job.id for job in more] == (expected[7:14] if first else [])


async def test_the_search_stays_right_when_the_database_is_packed_or_jobs_are_gone(
    archive: Archive,
) -> None:
    await add(archive, *(prompted(f"job{n}", f"number{n} fox") for n in range(20)))
    await archive.release("me")
    for n in range(20):
        await archive.advance(f"job{n}", State.SUCCEEDED, text=f"answer{n}")
    gone = [f"job{n}" for n in range(0, 20, 2)]
    await archive.delete(gone, owner="local")
    await archive.remove(gone)
    with closing(archive._engine.raw_connection()) as connection:
        connection.execute("VACUUM")
    await add(archive, prompted("new", "number2 fox"))

    assert await found(archive, "number2") == {"new"}
    assert await found(archive, "answer2") == set()
    assert await found(archive, "answer3 number3") == {"job3"}
    assert len(await found(archive, "fox")) == 11
    with archive._writing.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM job_words").scalar_one() == 11
        check = "INSERT INTO job_words_index (job_words_index, rank) VALUES ('integrity-check', 1)"
        connection.exec_driver_sql(check)  # raises when the index and the words differ


async def test_other_databases_search_the_same_columns(archive: Archive) -> None:
    await add(
        archive,
        prompted("fox", "A red Fox, 100% wool"),
        prompted("cat", "a red cat", model="google/veo-3.1", text="Meow"),
    )

    def ids(words: str) -> list[str]:
        query = select(JobRow.id).where(mentioned(words.split()))
        with archive._engine.connect() as connection:
            return list(connection.scalars(query))

    assert ids("fox RED") == ["fox"]
    assert ids("red veo MEOW") == ["cat"]
    assert ids("0%") == ["fox"]
    assert ids("r_d") == []
    spoken = select(JobRow.id).where(mentioned(["fox"]))
    assert "ILIKE" in str(spoken.compile(dialect=postgresql.dialect()))
