"""A few words of some languages: enough to notice them and to answer politely."""

import re
from dataclasses import dataclass

from core.emulator.words.plain import listed, quoted
from core.emulator.words.questions import STOP_WORDS


@dataclass(frozen=True)
class Language:
    """What can be said in a language; `{words}` are a question's keywords."""

    name: str
    greeting: str
    opening: str
    about: str
    note: str
    joiner: str


def language_of(text: str) -> Language | None:
    """Return the language that a text is written in, if it is a known one and not English."""
    head = text[:400]
    letters = sum(letter.isalpha() for letter in head)
    for script, name in _SCRIPTS:
        if 3 * len(script.findall(head)) > letters:
            return LANGUAGES[name]
    words = re.findall(r"[^\W\d_]+", head.lower())
    scores = {name: sum(word in marks for word in words) for name, marks in _MARKS.items()}
    best = max(scores, key=lambda name: scores[name])
    enough = scores[best] >= 2 or scores[best] == len(words) == 1
    return LANGUAGES[best] if enough and scores[best] > scores["English"] else None


def language_asked_for(text: str) -> Language | None:
    """Return the language in which a text asks to be answered, or None."""
    found = _ASKED.search(text[:600])
    return LANGUAGES[found[1].capitalize()] if found else None


def short_answer(language: Language, text: str) -> str:
    """Return a short answer in a language to a text in it."""
    words = [
        word for word in re.findall(r"[^\W\d_]{3,30}", text[:400]) if _says_much(word, language)
    ]
    topic = listed(
        [f"**{word}**" for word in dict.fromkeys(words[:3])], conjunction=language.joiner
    )
    return (
        f"{language.opening} {language.about.format(words=topic or quoted(text, max_letters=60))}"
    )


def _says_much(word: str, language: Language) -> bool:
    # Scripts without spaces have no words to pick; they are quoted instead.
    return (
        word.lower() not in _MARKS.get(language.name, STOP_WORDS) | STOP_WORDS
        and word[0] < "\u3000"
    )


LANGUAGES = {
    language.name: language
    for language in (
        Language(
            "German",
            "Hallo! Wobei kann ich helfen?",
            "Gern!",
            "Es geht also um {words}. Am besten beginnt man mit einem Beispiel und einer einfachen "
            "Frage: Was ist daran für dich wichtig?",
            "Offline-Demo: Es wurde kein Modell ausgeführt.",
            "und",
        ),
        Language(
            "French",
            "Bonjour ! Comment puis-je vous aider ?",
            "Avec plaisir !",
            "Il s'agit donc de {words}. Le mieux est de commencer par un exemple et une question "
            "simple : qu'est-ce qui compte ici pour vous ?",
            "Démo hors ligne : aucun modèle n'a été exécuté.",
            "et",
        ),
        Language(
            "Spanish",
            "¡Hola! ¿En qué puedo ayudarte?",
            "¡Con gusto!",
            "Se trata, pues, de {words}. Lo mejor es empezar con un ejemplo y una pregunta "
            "sencilla: "
            "¿qué es lo importante para ti?",
            "Demo sin conexión: no se ejecutó ningún modelo.",
            "y",
        ),
        Language(
            "Italian",
            "Ciao! Come posso aiutarti?",
            "Volentieri!",
            "Si tratta dunque di {words}. Conviene cominciare con un esempio e una domanda "
            "semplice: "
            "che cosa conta per te?",
            "Demo offline: nessun modello è stato eseguito.",
            "e",
        ),
        Language(
            "Portuguese",
            "Olá! Como posso ajudar?",
            "Com prazer!",
            "Trata-se então de {words}. O melhor é começar com um exemplo e uma pergunta simples: "
            "o que é importante para você?",
            "Demonstração offline: nenhum modelo foi executado.",
            "e",
        ),
        Language(
            "Dutch",
            "Hallo! Waarmee kan ik helpen?",
            "Graag!",
            "Het gaat dus over {words}. Begin het liefst met een voorbeeld en een eenvoudige "
            "vraag: "
            "wat is hieraan belangrijk voor jou?",
            "Offlinedemo: er is geen model uitgevoerd.",
            "en",
        ),
        Language(
            "Russian",
            "Здравствуйте! Чем могу помочь?",
            "С удовольствием!",
            "Тема вашего вопроса: {words}. Лучше всего начать с примера и с простого вопроса: "
            "что здесь важно для вас?",
            "Офлайн-демо: модель не запускалась.",
            "и",
        ),
        Language(
            "Japanese",
            "こんにちは！ご用件は何でしょうか。",
            "はい、喜んで。",
            "ご質問は{words}についてですね。まず一つの例から始めるとよいでしょう。",
            "オフラインデモ：モデルは実行されていません。",
            "と",
        ),
        Language(
            "Chinese",
            "你好！有什么可以帮您？",
            "好的。",
            "您的问题是{words}。最好先从一个例子开始。",
            "离线演示：没有运行任何模型。",
            "和",
        ),
        Language(
            "Korean",
            "안녕하세요! 무엇을 도와드릴까요?",
            "네, 좋습니다.",
            "질문하신 내용은 {words}입니다. 먼저 한 가지 예에서 시작하는 것이 좋습니다.",
            "오프라인 데모: 모델이 실행되지 않았습니다.",
            "및",
        ),
    )
}

PHRASES = {
    "hello": {"German": "hallo", "French": "bonjour", "Spanish": "hola", "Italian": "ciao"},
    "good morning": {
        "German": "guten Morgen",
        "French": "bonjour",
        "Spanish": "buenos días",
        "Italian": "buongiorno",
        "Portuguese": "bom dia",
        "Dutch": "goedemorgen",
    },
    "good night": {
        "German": "gute Nacht",
        "French": "bonne nuit",
        "Spanish": "buenas noches",
        "Italian": "buonanotte",
        "Portuguese": "boa noite",
        "Dutch": "goedenacht",
    },
    "thank you": {
        "German": "danke",
        "French": "merci",
        "Spanish": "gracias",
        "Italian": "grazie",
        "Portuguese": "obrigado",
        "Dutch": "dank je",
        "Japanese": "ありがとう",
    },
    "goodbye": {
        "German": "auf Wiedersehen",
        "French": "au revoir",
        "Spanish": "adiós",
        "Italian": "arrivederci",
        "Portuguese": "adeus",
        "Dutch": "tot ziens",
    },
    "hello world": {
        "German": "hallo Welt",
        "French": "bonjour le monde",
        "Spanish": "hola mundo",
        "Italian": "ciao mondo",
        "Portuguese": "olá mundo",
        "Dutch": "hallo wereld",
    },
    "i love you": {
        "German": "ich liebe dich",
        "French": "je t'aime",
        "Spanish": "te quiero",
        "Italian": "ti amo",
        "Portuguese": "eu te amo",
        "Dutch": "ik hou van je",
    },
    "how are you": {
        "German": "wie geht es dir?",
        "French": "comment ça va ?",
        "Spanish": "¿cómo estás?",
        "Italian": "come stai?",
        "Portuguese": "como vai?",
        "Dutch": "hoe gaat het?",
    },
}
"""The few phrases that can be translated without a model."""

LANGUAGE_NAMES = "|".join(LANGUAGES)
_ASKED = re.compile(
    rf"\b(?:in|into|to|speak|always|only) (?:simple |plain )?({LANGUAGE_NAMES})\b",
    re.IGNORECASE,
)
# Kana before Han: Japanese has both.
_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "Japanese"),
    (re.compile("[\uac00-\ud7af]"), "Korean"),
    (re.compile("[\u4e00-\u9fff]"), "Chinese"),
    (re.compile("[\u0400-\u04ff]"), "Russian"),
)
_MARKS = {
    name: frozenset(words.split())
    for name, words in {
        "English": (
            "the a an is are of and to in what how why who i me my you your it that this for "
            "with on at do does can was be no not if or has have write give tell list name "
            "explain"
        ),
        "German": (
            "der die das und ist ein eine einen wie was warum wer ich du mir nicht für von "
            "mit zu den dem kannst bitte über hallo danke auf es sind nenne schreibe erkläre "
            "guten morgen tag abend"
        ),
        "French": (
            "le la les un une des et est que qui quoi comment pourquoi je tu vous moi pour "
            "avec dans sur du au bonjour merci salut sont ce cette ne pas écris donne "
            "explique quel quelle"
        ),
        "Spanish": (
            "el la los las un una y es que qué quién cómo por para con en del al hola gracias "
            "yo tú me no son este esta escribe explica dime cuál dónde cuándo buenos días"
        ),
        "Italian": (
            "il lo la gli un una e è che chi come perché per con nel della del di ciao grazie "
            "io tu mi non sono questo scrivi spiega dimmi qual dove quando buongiorno"
        ),
        "Portuguese": (
            "o a os as um uma e é que quem como por para com em do da no na olá obrigado eu "
            "você me não são este escreva explique diga qual onde quando bom dia"
        ),
        "Dutch": (
            "de het een en is wat hoe waarom wie ik jij je mij niet voor van met op dat dit "
            "zijn hallo dank schrijf geef leg uit over goedemorgen"
        ),
    }.items()
}
"""Little words that give a language away."""
