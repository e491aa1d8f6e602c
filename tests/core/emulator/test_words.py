"""The words of the offline demo: what they promise about form, length, honesty and safety."""

import json
import random
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator

import pytest

from core.emulator.words import Message, answer, conversation, tokens

AWKWARD_TEXTS = [
    "",
    " ",
    "Hello, extraordinary world! 1234567",
    "e\u0301te\u0301 \u0915\u094d\u0937 هَذَا",
    "漢字かな交じり文 한국어",
    "👩‍👩‍👧 🇫🇷 👍🏽 ☕️",
    "one\r\ntwo\rthree\n\n\nfour\u2028five\u0085six\x1cseven",
    "   indented\n\t\tand\ttabs   ",
    "a" * 500,
    "-" * 500,
    "\ud800 alone",
    "```python\nprint('x')\n```",
]


def ask(*turns: str, system_prompt: str = "", seed: int = 0) -> str:
    """Answer a conversation; the turns are the person's and the assistant's in alternation."""
    messages = [
        Message("assistant" if position % 2 else "user", text)
        for position, text in enumerate(turns)
    ]
    return answer(messages, system_prompt=system_prompt, seed=seed)


def items(text: str) -> list[str]:
    return re.findall(r"^(?:- |\d+\. )(.+)$", text, re.MULTILINE)


def code(text: str) -> tuple[str, str]:
    found = re.search(r"^```(\w+)\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    assert found, text
    return found[1], found[2]


def without_note(text: str) -> str:
    return re.sub(r"\n\n\*[^*\n]+\*\Z", "", text)


def random_texts(count: int) -> Iterator[str]:
    rng = random.Random(7)
    alphabets = (range(32, 127), range(0x300), range(0x3000, 0x3100), range(0x110000), b" \r\n\t")
    for _ in range(count):
        yield "".join(chr(rng.choice(rng.choice(alphabets))) for _ in range(rng.randrange(60)))


# --- tokens


@pytest.mark.parametrize("text", AWKWARD_TEXTS)
def test_pieces_joined_are_the_text(text: str) -> None:
    pieces = tokens(text)

    assert "".join(pieces) == text
    assert all(pieces)


def test_pieces_of_any_text_joined_are_the_text() -> None:
    for text in random_texts(2000):
        assert "".join(tokens(text)) == text


def test_a_word_takes_its_space_along_and_a_long_word_comes_in_parts() -> None:
    pieces = tokens("The extraordinary fox, twice.\n")

    assert pieces == ["The", " ext", "raord", "inary", " fox", ",", " twice", ".", "\n"]


def test_an_accent_and_a_family_of_emoji_stay_whole() -> None:
    assert tokens("🇫🇷👩‍👩‍👧e\u0301") == ["🇫🇷", "👩‍👩‍👧", "e\u0301"]


def test_no_piece_is_long() -> None:
    pieces = [piece for text in (*AWKWARD_TEXTS, "漢" * 500) for piece in tokens(text)]

    assert max(map(len, pieces)) <= 16


# --- conversations in one prompt


def test_a_plain_prompt_is_one_message_of_the_person() -> None:
    assert conversation("Why?\n\nUser: said so") == ("", [Message("user", "Why?\n\nUser: said so")])


def test_turns_written_out_are_read_back() -> None:
    prompt = "Be kind.\n\nUser: Hi\n\nthere\n\nAssistant: Hello.\n\nUser: Bye\n\nAssistant:"

    system_prompt, messages = conversation(prompt)

    assert system_prompt == "Be kind."
    assert messages == [
        Message("user", "Hi\n\nthere"),
        Message("assistant", "Hello."),
        Message("user", "Bye"),
    ]


def test_a_line_that_looks_like_a_turn_stays_in_its_message() -> None:
    prompt = "User: The log says\nUser: root\n\nAssistant:"

    _, messages = conversation(prompt)

    assert messages == [Message("user", "The log says\nUser: root")]


def test_the_template_of_llama_3_is_read_back() -> None:
    turns = (("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello."), ("user", "Bye"))
    written = "".join(
        f"<|start_header_id|>{role}<|end_header_id|>\n\n{text}<|eot_id|>" for role, text in turns
    )
    prompt = f"<|begin_of_text|>{written}<|start_header_id|>assistant<|end_header_id|>\n\n"

    system_prompt, messages = conversation(prompt)

    assert system_prompt == "Be kind."
    assert [message.text for message in messages] == ["Hi", "Hello.", "Bye"]


# --- honesty


@pytest.mark.parametrize(
    "question",
    [
        "Hi",
        "Why is the sky blue?",
        "Write a poem",
        "2+2",
        "",
        "In one sentence: why?",
        "In 5 words?",
        "Give me JSON about owls",
        "Write a function that adds",
        "Three ideas for a party",
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_an_answer_says_once_that_no_model_was_run(question: str, seed: int) -> None:
    text = ask(question, seed=seed)

    assert text.count("no model was run") == 1
    assert "ffline demo" in text


def test_equal_arguments_give_equal_answers_and_seeds_vary_them() -> None:
    answers = {ask("Tell me about otters", seed=seed) for seed in range(20)}

    assert ask("Tell me about otters", seed=4) == ask("Tell me about otters", seed=4)
    assert len(answers) > 3


# --- lists


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("Name three winds.", 3),
        ("List 12 fruits", 12),
        ("Give me five ideas for a birthday party", 5),
        ("7 steps to learn the guitar", 7),
        ("What are two reasons to read books?", 2),
        ("Suggest four names for my puppy", 4),
        ("Top 10 tips about sleep", 10),
        ("List 40 things about Mars as bullet points", 40),
        ("one step to happiness, in a list of 1", 1),
    ],
)
def test_as_many_of_something_as_asked_are_as_many_items(question: str, count: int) -> None:
    found = items(ask(question))

    assert len(found) == count
    assert len(set(found)) == count


def test_a_list_is_about_its_topic() -> None:
    text = ask("Give me five ideas for a birthday party")

    assert all("birthday party" in item for item in items(text))


def test_known_things_are_really_such_things() -> None:
    assert items(ask("Name three winds.")) == ["Mistral", "Sirocco", "Bora"]


# --- code and data

PROGRAMS = [
    "reverse a string",
    "count vowels",
    "print the fibonacci numbers",
    "check for primes",
    "compute a factorial",
    "do fizz buzz",
    "find palindromes",
    "sort a list of words",
    "say hello world",
    'parse "log" files \\ with """ quotes',
    "return class import lambda",
    "import",
    "漢字",
]


@pytest.mark.parametrize("task", PROGRAMS)
def test_python_compiles_and_runs(task: str) -> None:
    language, source = code(ask(f"Write a Python function to {task}"))
    namespace: dict[str, object] = {"print": lambda *values: None}

    exec(compile(source, "<answer>", "exec"), namespace)

    assert language == "python"


def test_a_function_is_named_after_what_it_does() -> None:
    _, source = code(ask("Write a Python function that merges two calendars"))

    assert "def merges_calendars(" in source


@pytest.mark.parametrize("task", PROGRAMS)
def test_javascript_is_valid(task: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    language, source = code(ask(f"Write a JavaScript function to {task}"))

    ran = subprocess.run([node, "-e", source], capture_output=True, check=False, timeout=20)

    assert language == "javascript"
    assert ran.returncode == 0, ran.stderr


def test_a_shell_script_is_valid() -> None:
    language, source = code(ask("Write a bash script to back up photos"))

    checked = subprocess.run(["bash", "-n", "-c", source], check=False, timeout=20)

    assert language == "bash"
    assert checked.returncode == 0


@pytest.mark.parametrize("topic", ["the top customers", "orders", "group by select", "x"])
def test_sql_is_valid(topic: str) -> None:
    language, source = code(ask(f"SQL query to find {topic}"))

    sqlite3.connect(":memory:").executescript(source).close()

    assert language == "sql"


@pytest.mark.parametrize(
    ("thing", "example"),
    [("an email address", "a@b.org"), ("dates", "2024-02-29"), ("foxes", "foxes")],
)
def test_a_regular_expression_matches_what_was_asked(thing: str, example: str) -> None:
    language, source = code(ask(f"Write a regex for {thing}"))

    assert language == "regex"
    assert re.fullmatch(source, example)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("C++", "cpp"),
        ("Rust", "rust"),
        ("TypeScript", "typescript"),
        ("Go", "go"),
        ("HTML", "html"),
    ],
)
def test_code_comes_in_the_language_that_was_asked_for(language: str, name: str) -> None:
    assert code(ask(f"Write a program in {language} that counts stars"))[0] == name


def test_a_question_about_a_language_is_not_answered_with_code() -> None:
    assert "```" not in ask("What is Python?")


def test_json_has_the_keys_that_were_asked_for() -> None:
    language, source = code(ask("Give me JSON for a user with keys name, age and email"))

    assert language == "json"
    assert list(json.loads(source)) == ["name", "age", "email"]


def test_json_is_json_whatever_it_is_about() -> None:
    sources = [code(ask(f"Return JSON about {text!r}"))[1] for text in random_texts(100)]

    assert all(json.loads(source) for source in sources)


def test_a_comparison_has_a_column_for_each_side() -> None:
    lines = ask("Compare cats and dogs in a table").splitlines()

    table = [line for line in lines if line.startswith("|")]
    assert table[0] == "|  | Cats | Dogs |"
    assert len({line.count("|") for line in table}) == 1


# --- sums


@pytest.mark.parametrize(
    ("question", "result"),
    [
        ("what is 17 * 23?", "391"),
        ("What's 1,000 plus 24?", "1024"),
        ("0.1 + 0.2", "0.3"),
        ("10 divided by 4", "2.5"),
        ("2^10", "1024"),
        ("15% of 80", "12"),
        ("-(3+4)*2 =", "-14"),
        ("(-2)^3", "-8"),
        ("1^99999999999999999999 + 0^5", "1"),
        ("10/3", "3.333333"),
        ("please tell me what 7 x 8 is", "56"),
    ],
)
def test_a_sum_has_the_right_result(question: str, result: str) -> None:
    assert f"**{result}**" in ask(question)


@pytest.mark.parametrize(
    "bomb",
    [
        "9**9**9",
        "9^9^9^9",
        "10^100000000",
        "(" * 45 + "9" + ")" * 45 + "^999999999",
        "2^-99999999999",
        "99999999999999999999^99999999999999999999",
        "1/3^9999999",
        "((9^40)^40)^40",
        "7//0",
        "5 % 0",
    ],
)
def test_a_sum_that_can_not_be_worked_out_is_refused_at_once(bomb: str) -> None:
    began = time.process_time()

    text = ask(bomb)

    assert time.process_time() - began < 1
    assert "**" not in without_note(text).replace(bomb, "")
    assert len(text) < 400


# --- length and manner


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "about", ["Explain quantum computing", "Why do cats purr?", "Name three winds"]
)
def test_one_sentence_is_one_sentence(about: str, seed: int) -> None:
    text = ask(f"{about} in one sentence", seed=seed)

    assert len(re.findall(r"[.!?](?:\s|\Z)", text)) == 1
    assert "\n" not in text


def test_a_summary_in_one_sentence_is_one_of_many() -> None:
    sentences = ["The fox runs home.", "The fox eats.", "Rain falls on it all.", "The fox sleeps."]

    text = ask(f"Summarise this in one sentence: {' '.join(sentences)}")

    assert sum(sentence.rstrip(".") in text for sentence in sentences) == 1


@pytest.mark.parametrize("count", [12, 20, 50, 120])
def test_so_many_words_are_not_exceeded(count: int) -> None:
    words = ask(f"Explain black holes in {count} words").split()

    assert count / 3 <= len(words) <= count


def test_paragraphs_are_as_many_as_asked() -> None:
    text = without_note(ask("Tell me about bees in three paragraphs"))

    assert len(text.split("\n\n")) == 3


def test_the_system_prompt_sets_length_voice_form_and_persona() -> None:
    question = "Why is the sky blue?"

    assert "\n" not in ask(question, system_prompt="Answer in one sentence.")
    assert "Arr" in ask(question, system_prompt="Speak like a pirate.")
    assert json.loads(code(ask(question, system_prompt="Answer in JSON"))[1])
    assert ask(question, system_prompt="You are Ada, a teacher.").startswith("Ada here.")
    assert "Ada" in ask("Who are you?", system_prompt="You are Ada, a teacher.")


def test_a_remark_about_someone_makes_no_persona() -> None:
    assert "here." not in ask("Hello", system_prompt="You are wrong about that.")


def test_a_helpful_assistant_is_nobody_to_introduce() -> None:
    with_prompt = ask("Hello", system_prompt="You are a helpful assistant.")

    assert with_prompt == ask("Hello")


@pytest.mark.parametrize(
    ("question", "opening"),
    [
        ("Was ist ein schwarzes Loch?", "Gern!"),
        ("Quelle est la capitale de la France ?", "Avec plaisir"),
        ("¿Qué es un agujero negro?", "¡Con gusto!"),
        ("日本の首都はどこですか", "はい"),
        ("Why is the sky blue? Answer in French.", "Avec plaisir"),
    ],
)
def test_a_question_in_another_language_is_answered_in_it(question: str, opening: str) -> None:
    assert ask(question).startswith(opening)


def test_a_haiku_has_three_lines_and_a_limerick_five() -> None:
    haiku = without_note(ask("Write a haiku about the sea"))
    limerick = without_note(ask("Write a limerick about a cat"))

    assert len(haiku.split("  \n")) == 3
    assert "sea" in haiku.lower()
    assert len(limerick.split("  \n")) == 5


def test_a_summary_is_made_of_sentences_of_the_text() -> None:
    sentences = ["The fox lives in the forest.", "It hunts mice.", "In winter its coat is thick."]

    text = ask(f"Summarise the following: {' '.join(sentences)} Rain fell.")

    assert sum(sentence in text for sentence in sentences) >= 1
    assert "Summarise" not in text


# --- follow-ups

LIST = (
    "Some ideas:\n\n1. **Start.** Try it.\n2. **Share it.** Let others add.\n3. **Mix.** Combine."
    "\n\n*Offline demo: no model was run.*"
)


def test_what_was_asked_first_is_quoted() -> None:
    text = ask("Why do cats purr?", "Well.", "And dogs?", "Well.", "What did I ask first?")

    assert "“Why do cats purr?”" in text


def test_a_name_that_was_told_is_remembered() -> None:
    assert "**Max**" in ask("Hi, I'm Max", "Hello.", "I like trains", "Nice.", "What is my name?")


def test_the_second_one_is_the_second_item() -> None:
    text = ask("Three ideas for a party", LIST, "Tell me more about the second one")

    assert "> **Share it.** Let others add." in text
    assert "Mix" not in text


def test_what_is_only_code_can_not_be_shortened() -> None:
    text = ask("Write a function", "```python\nprint(1 < 2)\n```", "shorter")

    assert "print" not in text


def test_shorter_is_shorter_than_before() -> None:
    first = ask("Explain black holes in three paragraphs")

    assert len(ask("Explain black holes", first, "shorter, please")) < len(first)


def test_again_is_another_answer_of_the_same_form() -> None:
    text = ask("Give me three ideas for a party", LIST, "again")

    assert len(items(text)) == 3
    assert "party" in text


def test_a_question_without_a_topic_takes_the_earlier_one() -> None:
    as_table = ask("Explain rust ownership", "Sure.", "and as a table?")
    in_javascript = ask("Write a Python function to reverse a string", "Sure.", "Now in JavaScript")

    assert "| " in as_table
    assert "rust ownership" in as_table
    assert code(in_javascript) == code(ask("Write a JavaScript function to reverse a string"))


# --- whatever else comes

HOSTILE = [
    "<script>alert(1)</script>",
    "Explain <img src=x onerror=alert(1)> in detail",
    'Summarise: The <b onclick="x">fox</b> runs far today. It <script>alert(1)</script> sleeps.',
    "List three <iframe src=//evil> things",
    "Compare <b>a</b> and <i>b</i>",
    "Translate: <svg/onload=alert(1)>",
    "Translate `<u>` ![x](http://evil) into German",
    "What about <scr<script>ipt>?",
    "write an email to my <h1>boss</h1> about <a href=javascript:x>this</a>",
]


@pytest.mark.parametrize("question", HOSTILE)
@pytest.mark.parametrize("follow_up", ["", "What did I ask?", "the first one", "shorter"])
def test_markup_in_a_question_never_comes_back_alive(question: str, follow_up: str) -> None:
    turns = (question, "Sure.", follow_up) if follow_up else (question,)

    text = re.sub(r"```.*?```", "", ask(*turns), flags=re.DOTALL)

    assert not re.search(r"<[A-Za-z/!]", text)
    assert not re.search(r"(?<!\\)!?(?<!\\)\[[^\]]*(?<!\\)\]\(", text)


@pytest.mark.parametrize("follow_up", ["the first one", "shorter"])
def test_markup_in_an_earlier_answer_is_not_repeated_alive(follow_up: str) -> None:
    text = ask("Give me ideas", "1. <script>alert(1)</script>\n2. <b>two</b>", follow_up)

    assert "script" in text
    assert "<" not in text


def test_tags_are_not_taken_for_words() -> None:
    assert "**bold**" in ask("What is <i>bold</i>?")


HUGE = [
    *("word " * 4000, "a" * 20_000, " " * 20_000, "\n" * 20_000, "<" * 20_000, "(1+" * 7000),
    *(
        "compare " * 3000,
        "how to " * 3000,
        "1+" * 9000,
        "'" * 20_000,
        "- x\n" * 6000,
        "漢" * 20_000,
    ),
    *("summarise " + "It is so. " * 2000, "User: x\n\n" * 3000 + "Assistant:", "[" * 20_000),
    *(
        "you are " * 3000,
        "in one sentence " * 1500,
        "*" * 20_000,
        "vs " * 6000,
        "\U0001f98a" * 20_000,
    ),
]


@pytest.mark.parametrize("text", HUGE, ids=lambda text: text[:10])
def test_a_huge_prompt_gets_a_short_answer_soon(text: str) -> None:
    system_prompt, messages = conversation(text)
    began = time.process_time()

    answers = [
        answer(messages, system_prompt=system_prompt),
        answer([Message("user", "Hi")], system_prompt=text),
        ask(text, text, "shorter"),
        ask(text, text, text),
    ]

    assert time.process_time() - began < 1
    assert max(len(tokens(each)) for each in answers) <= 400


def test_any_text_gets_an_answer_of_bounded_length() -> None:
    for text in (*AWKWARD_TEXTS, *random_texts(500)):
        assert 0 < len(tokens(ask(text))) <= 400
        assert ask(text, text, text, system_prompt=text)


def test_no_messages_at_all_get_an_answer_too() -> None:
    assert answer([])
    assert answer([Message("assistant", "Hello")])


def test_an_ordinary_question_takes_milliseconds() -> None:
    ask("warm up")
    began = time.process_time()

    for seed in range(20):
        ask("Why is the sky blue?", seed=seed)

    assert (time.process_time() - began) / 20 < 0.05
