"""A value of JSON becomes a tree that fits a page, and loses nothing when it is copied."""

import json
from typing import Any

import pytest

from ui.views.jsontree import Branch, Leaf, Node, raw, tree, without_content


def branch(node: Node) -> Branch:
    assert isinstance(node, Branch)
    return node


def count(node: Node) -> int:
    if isinstance(node, Leaf):
        return 1
    return 1 + sum(count(entry) for _, entry in node.entries)


@pytest.mark.parametrize(
    ("value", "leaf"),
    [
        ("é <b>", Leaf("text", '"é <b>"')),
        ('say "a"\n', Leaf("text", '"say \\"a\\"\\n"')),
        (0.25, Leaf("number", "0.25")),
        (10**30, Leaf("number", str(10**30))),
        (True, Leaf("word", "true")),
        (None, Leaf("word", "null")),
        ([], Leaf("line", "[]")),
        ({}, Leaf("line", "{}")),
        ([1, 2.5, None], Leaf("line", "[1, 2.5, null]")),
    ],
)
def test_what_fits_a_line_is_written_as_json(value: Any, leaf: Leaf) -> None:
    assert tree(value) == leaf


def test_an_object_is_a_branch_with_its_keys_in_their_order() -> None:
    assert tree({"b": 1, "a": [{"c": 2}]}) == Branch(
        False,
        2,
        (
            ("b", Leaf("number", "1")),
            ("a", Branch(True, 1, (("0", Branch(False, 1, (("c", Leaf("number", "2")),))),))),
        ),
    )


def test_of_long_lists_the_beginning_is_shown_and_how_many_more_there_are() -> None:
    whole = branch(tree({"vector": list(range(4000))}))
    [(_, entry)] = whole.entries
    vector = branch(entry)

    assert (vector.size, len(vector.entries), vector.more) == (4000, 40, 3960)
    assert whole.more == 0


def test_of_long_texts_the_beginning_is_shown_and_how_much_more_there_is() -> None:
    assert tree("x" * 840) == Leaf("text", '"' + "x" * 500 + '"', 340)


def test_however_wide_and_deep_a_value_is_its_tree_is_small() -> None:
    wide: Any = 1
    for _ in range(4):
        wide = [[wide] * 90] * 90
    deep: Any = {"end": 1}
    for _ in range(300):
        deep = {"a": deep}

    assert count(tree(wide)) < 2100
    assert count(tree(deep)) < 20


def test_copied_json_is_whole() -> None:
    value = {"vector": list(range(4000)), "text": "é" * 5000, "deep": {"a": [{"b": None}]}}

    assert json.loads(raw(value)) == value
    assert "é" in raw(value)


def test_data_urls_are_never_written_out() -> None:
    url = "data:image/png;base64," + "A" * 50_000

    for text in (raw({"a": [url]}), repr(tree({"a": url})), without_content(url)):
        assert "data:image/png;base64,… (50.0 kB)" in text
        assert "AAAA" not in text


@pytest.mark.parametrize("text", ["data: none", "data:,hi", "a fox", "https://e.example/a.png"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_content(text) == text


def test_an_endless_nest_is_cut_before_it_breaks_anything() -> None:
    nest: Any = []
    for _ in range(5000):
        nest = [nest]

    assert "…" in raw(nest)
    assert count(tree(nest)) < 20
