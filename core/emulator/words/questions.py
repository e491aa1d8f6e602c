"""Reads what a question is about: its topic, its keywords, how many things it asks for."""

import re
from collections import Counter
from dataclasses import dataclass

from core.emulator.words.plain import listed, one_line

MAX_READ_LETTERS = 4000
"""A question is read up to here; what follows can't change its topic, and would cost time."""

MAX_COUNT = 100
MAX_TOPIC_WORDS = 8


@dataclass(frozen=True)
class Question:
    """What was understood of one message. All of it but `raw` is plain words, safe to repeat."""

    raw: str
    text: str  # one line, without markup; of a long message its beginning and end
    topic: str  # "quantum computing"; empty where no phrase was found
    keywords: tuple[str, ...]  # up to three
    task: str  # "bake bread", of "How do I bake bread?"; or empty
    count: int | None  # "three ideas"; at most MAX_COUNT

    @property
    def subject(self) -> str:
        """The topic, or else the keywords, as a phrase that can follow a preposition."""
        return self.topic or listed([f"“{word}”" for word in self.keywords]) or "whatever you like"

    @property
    def subject_again(self) -> str:
        """The subject when it is named again: "the party", after "a party"."""
        return re.sub(r"\Aan? (?=\w)", "the ", self.subject)

    @property
    def named(self) -> str:
        """The subject with its words in bold."""
        if self.topic:
            return f"**{self.topic}**"
        return listed([f"**{word}**" for word in self.keywords]) or "whatever you like"

    def asks(self, pattern: str) -> bool:
        """Whether the text matches a pattern, in any case."""
        return re.search(pattern, self.text, re.IGNORECASE) is not None


def read(raw: str) -> Question:
    """Read one message of any length."""
    whole = _without_markup(raw[:MAX_READ_LETTERS])
    text = _without_markup(_ends(raw))
    request = _request(text)
    task = _task(request)
    return Question(
        raw=raw,
        text=text,
        topic=f"how to {task}" if task else _topic(request),
        keywords=_keywords(request) or _keywords(_ASIDES.sub(" ", whole)),
        task=task,
        count=_count(text),
    )


def number(word: str) -> int | None:
    """Return the number that digits or an English word mean."""
    return int(word) if word.isdecimal() else _NUMBERS.get(word.lower())


def _ends(raw: str) -> str:
    """Return where a request stands in a long message: its beginning and its end."""
    return raw if len(raw) <= 800 else f"{raw[:500]}\n{raw[-200:]}"


_FROM_TWO = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "single": 1, "couple": 2, "dozen": 12} | {
    word: value for value, word in enumerate(_FROM_TWO.split(), start=2)
}
NUMBER = rf"(?:{'|'.join(_NUMBERS)}|\d{{1,4}})"
"""The pattern of what `number` understands."""

_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,200}>")
_UNSAFE = re.compile(r"[^\w\s.,;:!?'’+#%&/()-]|(?<!\w)[#_]|_(?!\w)|--+")


def _without_markup(text: str) -> str:
    return one_line(_UNSAFE.sub(" ", _TAG.sub(" ", text).replace("’", "'")))


_ASIDES = re.compile(  # How to answer, rather than what.
    rf"""\b(?:
      please|kindly|pls|thanks|thank[ ]you|briefly|concisely|quickly|in[ ](?:short|brief|detail)
    | (?:in|with|using|within)[ ](?:(?:just|only|exactly|about|at[ ]most|under|around|up[ ]to
      |less[ ]than|fewer[ ]than|no[ ]more[ ]than)[ ])?{NUMBER}[ ](?:short[ ]|simple[ ]|single[ ])?
      (?:sentence|word|paragraph|line|bullet[ ]point|bullet|step)s?(?:[ ]or[ ](?:less|fewer))?
    | in[ ](?:very[ ]|more[ ])?(?:simple|plain|easy|layman's|your[ ]own)[ ](?:terms|words|english)
    | to[ ]a[ ](?:child|beginner|\w+[ -]year[ -]old)
    | (?:like|as[ ]if)[ ]i(?:'m|[ ]am|[ ]was|[ ]were)?[ ](?:five|\d+|a[ ]child|a[ ]beginner)
    | (?:as|in|into|using)[ ](?:(?:a|an|valid|raw|markdown|bulleted|bullet|numbered)[ ])*
      (?:table|json|list|bullets|points|code[ ]block)(?:[ ]format)?(?![ ]of)
    | with[ ](?:the[ ]|these[ ])?(?:keys?|columns?|fields?)\b.*
    | with[ ](?:an[ ]|some[ ]|a[ ]few[ ])?examples?
    | step[ ]by[ ]step
    | (?:keep[ ]it|be)[ ](?:brief|short|concise)
    | in[ ](?:french|german|spanish|italian|portuguese|dutch|english)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_LEAD = re.compile(
    r"""\A(?:
      (?:hi|hello|hey|ok|okay|so|well|now|and|but|then|also|just|yes|no)\b[,!.:\s]*
    | (?:can|could|would|will)[ ]you[ ]
    | i(?:'d[ ]like|[ ]would[ ]like|[ ]want|[ ]need)[ ](?:you[ ])?(?:to[ ])?
    | (?:do[ ]you[ ]know|i[ ]wonder|tell[ ]me)[ ](?=what|who|how|why|when|where|which)
    | help[ ]me[ ](?:to[ ]|with[ ])?
    | let's[ ]
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def _request(text: str) -> str:
    """Return what is asked, without courtesies and without how it shall be answered."""
    request = one_line(_ASIDES.sub(" ", text[:400]))
    for _ in range(4):  # "Hi, could you please tell me why …"
        request = _LEAD.sub("", request).lstrip(" ,.!:")
    return request.lower() if request.isupper() and " " in request else request


_TASK = re.compile(
    r"""\b(?:
      how[ ](?:do|can|should|would|could|might)[ ](?:i|you|we|one|people)
    | (?<!\bknow[ ])(?<!\bexplain[ ])how[ ]to
    | (?:steps?|ways?|tips?|ideas?|function|script|program|code|command|query|regex|one-liner)
      (?:[ ]in[ ]\w+)?[ ](?:to|that[ ]can|that|which)
    )[ ](.+)""",
    re.IGNORECASE | re.VERBOSE,
)


def _task(request: str) -> str:
    found = _TASK.search(request)
    return _phrase(found[1]) if found else ""


_FORM = (
    "poems?|haikus?|limericks?|songs?|verses?|story|stories|tale|essay|article|post|paragraphs?"
    "|sentences?|e?mail|letter|note|message|speech|summary|overview|introduction|definition"
    "|table|list|ideas?|tips|reasons?|ways|things|examples?|facts|questions?|names?|titles?|steps"
    "|advantages|benefits|kinds|types|cons|jokes?|outline|plan|slogans?|recipe|itinerary"
    "|function|script|program|code|snippet|class|query|regex|expression|page|json|object"
)
_ASKING = r"\A(?:(?:why|when|where|how) )?(?:do|does|did|is|are|was|were|can|will|should)"
_DECISION = re.compile(r"reasons? (?:why i should |(?:not )?to )(.+)", re.IGNORECASE)
_CHOICE = re.compile(r"should (?:i|we|you) (.+)", re.IGNORECASE)
_TOPICS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{_FORM})\b.{{0,40}}?\b(?:about|on|of|for|describing|explaining|featuring) (.+)",
        r"\b(?:about|regarding|concerning) (.+)",
        r"\Awho (?:\w+ed|wrote|made|built|won|sang|found) (.+)",
        r"\A(?:what|who)(?:'s| is| are| was| were) (.+)",
        (
            r"\A(?:explain|describe|define|discuss|introduce|review|(?:teach|show|give|tell) me"
            r"|list|name|suggest|recommend|plan|imagine|make|create|write|draft) (.+)"
        ),
        # The subject of a question, where its end is plain: a name, or the last word but one.
        rf"{_ASKING} ((?:(?:the|an?|my|your|our) )?(?-i:[A-Z]\w+(?: [A-Z]\w+)*)) (?-i:[a-z])",
        rf"{_ASKING} ((?:the|an?|my|your|our) \w+|\w+s)(?= \w+\W*\Z)",
    )
)


def _topic(request: str) -> str:
    if (found := _CHOICE.match(request)) and (phrase := _phrase(found[1])):
        return f"whether to {phrase}"
    if (found := _DECISION.search(request)) and (phrase := _phrase(found[1])):
        return f"the decision to {phrase}"
    for pattern in _TOPICS:
        if (found := pattern.search(request)) and (phrase := _phrase(found[1])):
            return phrase
    return ""


_PHRASE_END = re.compile(
    r"[.?!;:()](?:\s|\Z)|\s-\s|,? (?:and|then|but) (?:then|make|give|also|explain)\b"
)
_ENUMERATION = re.compile(r",[^,]{1,30} (?:and|or) ")
_WORD = re.compile(r"[^\W_][\w'+#&/.-]*")
_BEFORE_TOPIC = re.compile(rf"(?:(?:me|us|some|any|short|{NUMBER}) )+(?=\S)", re.IGNORECASE)
_PREPOSITION = re.compile(r"\A(?:in|on|at|of|for|to|with|from|by) ", re.IGNORECASE)
_ARTICLES = {"a", "an"}
_MIRRORED = {  # The person's words, said back.
    "my": "your",
    "mine": "yours",
    "me": "you",
    "i": "you",
    "i'm": "you're",
    "myself": "yourself",
    "your": "my",
    "yours": "mine",
    "yourself": "myself",
    "am": "are",
}


def _phrase(text: str) -> str:
    """Return the first words of a text as a phrase without a full stop, or nothing."""
    text = _PHRASE_END.split(text, maxsplit=1)[0].rstrip(" .?!,;:")
    if not _ENUMERATION.search(text):
        text = text.split(", ", 1)[0]
    if (lead := _BEFORE_TOPIC.match(text)) and lead[0].strip().lower() not in _ARTICLES:
        text = text[lead.end() :]
    text = _PREPOSITION.sub("", text)
    words = [
        _MIRRORED.get(word.lower(), word) + ("," if comma else "")
        for word, comma in re.findall(rf"({_WORD.pattern})(,?)", text)
    ][:MAX_TOPIC_WORDS]
    is_clause = words[:1] and words[0].lower() in ("what", "who", "how", "why", "where", "when")
    while words and not is_clause and words[-1].lower().rstrip(",") in _DANGLING:
        words.pop()
    content = [word for word in words if word.lower().strip(",'") not in STOP_WORDS]
    return " ".join(words)[:80].rstrip(" ,.-") if content else ""


def _keywords(text: str) -> tuple[str, ...]:
    """Return up to three words of substance: the most frequent, in the order of the text."""
    words = [word.rstrip(".'-&/") for word in _WORD.findall(text)]
    words = [
        w for w in words if 2 < len(w) <= 30 and w.lower() not in STOP_WORDS and not w.isdigit()
    ]
    spellings: dict[str, str] = {}
    for word in words:
        spellings.setdefault(word.lower(), word)
    best = {word for word, _ in Counter(word.lower() for word in words).most_common(3)}
    return tuple(spelling for word, spelling in spellings.items() if word in best)


_UNCOUNTED = (
    "sentences?|words?|paragraphs?|lines?|years?|hours?|minutes?|seconds?|days?|times?|is|was"
)
_COUNT = re.compile(
    rf"\b({NUMBER})[ ](?:(?!{_UNCOUNTED}\b)[\w'-]+[ ]){{0,3}}?(?!{_UNCOUNTED}\b)(?:\w+s|people)\b",
    re.IGNORECASE,
)
_TOP = re.compile(r"\b(?:top|list of|list|number of) (\d{1,3})\b", re.IGNORECASE)


def _count(text: str) -> int | None:
    for pattern in (_COUNT, _TOP):
        for found in pattern.finditer(text):
            value = number(found[1])
            if value and found[1].lower() not in _ARTICLES and value <= 1000:
                return min(value, MAX_COUNT)
    return None


_LITTLE_WORDS = "a an the and or but of to in on for with by at from as is are so"
_WORDS_WITHOUT_TOPIC = """
    idea ideas tips reasons facts fact steps names
    about above actually after again all also always am another answer any anyone anything be
    because been before being below best between both briefly bullet bullets can cause causes
    code come could describe did do does doing don't down during each else essay even ever every
    exactly example examples explain feel feels felt few find first get give go going good got
    had haiku happen happens has have having he hello help her here hers hey hi him his how
    however i i'd i'll i'm i've if into invented it it's its itself json just know last least
    less let let's like limerick list long look made make makes many may maybe me mean means
    might mine more most much must my myself name need never new nice no not nothing now off ok
    okay old once one only other our ours out over own paragraph paragraphs please poem possible
    question questions quite rather really right said same say script second see sentence
    sentences shall she short should show simple since snippet some someone something still
    story such suggest sure table take tell than thank thanks that that's the their them then
    there there's these they thing things think third this those though three through today
    tomorrow too two under until up us use used using very want was way we well were what what's
    when where whether which while who whom whose why will without word words work works would
    write yes yesterday yet you you'd you'll you're you've your yours yourself
"""
_DANGLING = frozenset(_LITTLE_WORDS.split())
STOP_WORDS = _DANGLING | frozenset(_WORDS_WITHOUT_TOPIC.split())
"""Words that say nothing of a topic."""
