"""The decoder of server-sent events: exact text, whatever the chunks, in bounded memory."""

import random

import pytest

from core.client.sse import Comment, EventDecoder, ServerSentEvent
from core.errors import MalformedResponse

AWKWARD_TEXTS = [
    "line\u2028separator",
    "paragraph\u2029separator",
    "next\u0085line",
    "vertical\x0btab and form\x0cfeed",
    "file\x1cgroup\x1drecord\x1eseparators",
    "🦊 é 漢字 e\u0301",
    "https://example.com/a.png",
    "data: image/png;base64,AAAA",
    "event: done",
    ": not a comment",
    "  leading and trailing spaces  ",
    "\ufeffnot a mark inside the stream",
    "",
    " ",
]


def decode(body: bytes, *, sizes: list[int] | None = None) -> list[ServerSentEvent | Comment]:
    decoder = EventDecoder()
    found = []
    while body:
        size = sizes.pop(0) if sizes else len(body)
        found += decoder.feed(body[:size])
        body = body[size:]
    return found


@pytest.mark.parametrize("text", AWKWARD_TEXTS)
def test_text_arrives_exactly_as_it_was_sent(text: str) -> None:
    body = f"event: output\nid: 1\ndata: {text}\n\n".encode()

    assert decode(body) == [ServerSentEvent("output", text, "1")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_of_the_standard_ends_a_line(end: str) -> None:
    body = end.join(["event: output", "data: one", "data: two", "", "data: three", "", ""])

    assert decode(body.encode()) == [
        ServerSentEvent("output", "one\ntwo"),
        ServerSentEvent("message", "three"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("seed", range(20))
def test_chunks_may_be_cut_anywhere(end: bytes, seed: int) -> None:
    lines = []
    for number, text in enumerate(AWKWARD_TEXTS):
        lines += [f"id: {number}", f"data: {text}", "data: second", ":comment", ""]
    body = end.join(line.encode() for line in lines) + end
    draw = random.Random(seed)
    sizes = [draw.choice([1, 1, 2, 3, 7, 40]) for _ in body]

    found = decode(body, sizes=sizes)

    events = [item for item in found if isinstance(item, ServerSentEvent)]
    assert [event.data for event in events] == [f"{text}\nsecond" for text in AWKWARD_TEXTS]
    assert [event.id for event in events] == [str(number) for number in range(len(AWKWARD_TEXTS))]
    assert len(found) - len(events) == len(AWKWARD_TEXTS)


def test_an_empty_chunk_does_not_split_a_crlf() -> None:
    decoder = EventDecoder()

    found = [
        item for chunk in (b"data: a\r", b"", b"\ndata: b\n\n") for item in decoder.feed(chunk)
    ]

    assert found == [ServerSentEvent("message", "a\nb")]


def test_a_byte_order_mark_is_dropped_at_the_start_only() -> None:
    body = "\ufeffdata: a\n\n\ufeffdata: b\n\n".encode()

    assert decode(body) == [ServerSentEvent("message", "a")]


def test_an_event_has_its_own_id_or_none() -> None:
    body = b"id: 7\ndata: a\n\ndata: b\n\nid: nul\0\ndata: c\n\n"

    assert [item.id for item in decode(body) if isinstance(item, ServerSentEvent)] == [
        "7",
        None,
        None,
    ]


def test_a_comment_is_told() -> None:
    assert decode(b":408: 408 Request Timeout\n\n") == [Comment("408: 408 Request Timeout")]


def test_one_space_after_the_colon_belongs_to_the_syntax_the_rest_to_the_text() -> None:
    body = b"data:tight\n\ndata: one\n\ndata:  two\n\n"

    assert [item.data for item in decode(body) if isinstance(item, ServerSentEvent)] == [
        "tight",
        "one",
        " two",
    ]


def test_unknown_fields_and_events_without_data_are_no_events() -> None:
    assert decode(b"colour: red\nretry: 5\nevent: output\n\n") == []


def test_an_unfinished_event_is_not_an_event() -> None:
    assert decode(b"data: whole\n\ndata: half") == [ServerSentEvent("message", "whole")]


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert decode(b"data: a\xffb\n\n") == [ServerSentEvent("message", "a\ufffdb")]


@pytest.mark.parametrize("endless", [b"x" * 100, b"data: " + b"x" * 20 + b"\n"])
def test_an_event_without_end_is_refused_at_the_cap(endless: bytes) -> None:
    decoder = EventDecoder(max_event_bytes=1000)
    fed = 0

    with pytest.raises(MalformedResponse, match="more than 1000 bytes"):  # noqa: PT012
        for _ in range(100):
            decoder.feed(endless)
            fed += len(endless)

    assert 900 <= fed <= 1100


def test_comments_and_many_events_do_not_add_up_to_the_cap() -> None:
    decoder = EventDecoder(max_event_bytes=1000)

    found = [item for _ in range(500) for item in decoder.feed(b": ping\ndata: token\n\n")]

    assert len(found) == 1000
