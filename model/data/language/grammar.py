"""English morphology for the sentences: verbs, articles, lists, numbers, capital letters.

Pure functions on strings; nothing here depends on people or templates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "FIRST_PERSON",
    "PRONOUNS",
    "Pronouns",
    "capitalized",
    "conjugated",
    "fix_articles",
    "gerund",
    "is_plural",
    "joined",
    "number_in_words",
    "past_tense",
    "plural_noun",
    "third_person",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronouns:
    """The forms of one pronoun.

    `plural` is True where verbs after the subject form take no "s": "they like", "I like".
    """

    subject: str
    object: str
    possessive: str
    reflexive: str
    plural: bool


PRONOUNS = {
    "she": Pronouns(
        subject="she", object="her", possessive="her", reflexive="herself", plural=False
    ),
    "he": Pronouns(subject="he", object="him", possessive="his", reflexive="himself", plural=False),
    "they": Pronouns(
        subject="they", object="them", possessive="their", reflexive="themselves", plural=True
    ),
}
FIRST_PERSON = Pronouns(subject="I", object="me", possessive="my", reflexive="myself", plural=True)

_PLURAL = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go", "ties": "tie"}
# Verbs whose form does not depend on the subject: "she grew", "they grew".
_UNCHANGED = {"can", "would", "will", "grew", "won", "met", "lost"}

# Beginnings of words whose sound differs from their spelling: "an hour", "a unicycle" and, as an
# exception to "uni", "an unimpressed cat".
_AN_WORDS = ("hour", "honest", "heir", "honour")
_A_WORDS = ("uni", "use", "usu", "uti", "eu", "ewe", "one", "once", "uku", "ubi", "ura")
_AN_ANYWAY = ("unim", "unin", "unid")
# Letters whose names start with a vowel: "an HR manager".
_AN_LETTERS = "AEFHILMNORSX"
_AN_NUMBER = re.compile(r"(8\d*|11|18)(?!\d)")
_ARTICLE = re.compile(r"(?<![\w'-])(an?) (?=[\"']?(\w[\w.'-]*))")
_ARTICLE_FIRST = re.compile(r"(?:(?<=^)|(?<=[.!?] ))(An?) (?=[\"']?(\w[\w.'-]*))")

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def conjugated(verb: str, *, pronouns: Pronouns | None) -> str:
    """Return `verb`, given in the form that follows "she", in agreement with the subject.

    `pronouns` is None if the subject is a name. Only the first word of a phrase changes:
    "does not like" becomes "do not like".
    """
    first, space, rest = verb.partition(" ")
    if pronouns is None or not pronouns.plural:
        return verb
    if pronouns is FIRST_PERSON and first in ("is", "was"):
        return ("am" if first == "is" else "was") + space + rest
    return _plural(first) + space + rest


def _plural(verb: str) -> str:
    if verb in _PLURAL:
        return _PLURAL[verb]
    if verb in _UNCHANGED or not verb.endswith("s"):
        return verb
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    if verb.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return verb[:-2]
    return verb[:-1]


# Verbs of one syllable that double their last letter: "knit" becomes "knitted".
_DOUBLED = re.compile(r"[^aeiou]*[aeiou][bdgklmnprt]")
_IRREGULAR = {
    "shelf": "shelves",
    "scarf": "scarves",
    "leaf": "leaves",
    "wolf": "wolves",
    "mouse": "mice",
    "goose": "geese",
    "grandchild": "grandchildren",
    "cactus": "cacti",
    **{noun: f"{noun}es" for noun in ("volcano", "tomato", "potato", "mango", "hero", "domino")},
    **{noun: f"{noun[:-3]}men" for noun in ("fisherman", "postman", "snowman", "salesman")},
    **dict.fromkeys(("dice", "sheep", "moose", "deer", "shrimp", "squid")),
}


def third_person(verb: str) -> str:
    """Return the third person singular of a regular verb: "bakes" for "bake"."""
    return _with_s(verb)


def past_tense(verb: str) -> str:
    """Return the past tense of a regular verb: "baked" for "bake"."""
    if verb.endswith("e"):
        return f"{verb}d"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ied"
    return f"{_stem(verb)}ed"


def gerund(verb: str) -> str:
    """Return the form in -ing: "baking" for "bake"."""
    if verb.endswith("e") and not verb.endswith(("ee", "ye")):
        return f"{verb[:-1]}ing"
    return f"{_stem(verb)}ing"


def plural_noun(noun: str) -> str:
    """Return the plural of a noun: "foxes" for "fox", "sheep" for "sheep"."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun] or noun
    return _with_s(noun)


# Singular nouns that end in "s".
_SINGULAR = re.compile(
    r"(?:ss|ics|us|is|ness)$"
    r"|^(?:maths|news|lens|canvas|atlas|billiards|dominoes|darts|pilates)$"
)
# Plural nouns, most of which do not end in "s".
_PLURAL_NOUNS = frozenset(
    {"people", "children", "grandchildren", "kids", "mice", "feet", "teeth", "geese", "sheep"}
    | {"deer", "moose", "squid", "shrimp", "cattle", "women", "men", "dice", "lice", "oxen"}
)


def is_plural(phrase: str) -> bool:
    """Return whether a verb after this noun phrase or gerund is in the plural.

    True for "butterflies" and "puppets from Bali", False for "tea" and "restoring radios".
    """
    words = phrase.lower().split()
    if " and " in phrase:
        return True
    if not words or (words[0].endswith("ing") and len(words) > 1):
        return False
    head = words[-1]
    for place, word in enumerate(words[1:], start=1):
        if word in ("of", "from", "in", "on", "at", "with", "for", "to"):
            head = words[place - 1]
            break
    if head in _PLURAL_NOUNS:
        return True
    if words[0] in ("a", "an") or _SINGULAR.search(head):
        return False
    return head.endswith("s")


def _with_s(word: str) -> str:
    if word.endswith(("s", "sh", "ch", "x", "z")):
        return f"{word}es"
    return f"{word[:-1]}ies" if re.search(r"[^aeiou]y$", word) else f"{word}s"


def _stem(verb: str) -> str:
    return verb + verb[-1] if _DOUBLED.fullmatch(verb) or verb == "forget" else verb


def fix_articles(text: str) -> str:
    """Return `text` with every "a" and "an" corrected to suit the sound of the next word."""

    def chosen(match: re.Match[str]) -> str:
        article = match[1][0]
        return f"{article}n " if _sounds_like_vowel(match[2]) else f"{article} "

    return _ARTICLE_FIRST.sub(chosen, _ARTICLE.sub(chosen, text))


def _sounds_like_vowel(word: str) -> bool:
    if word[0].isdigit():
        return _AN_NUMBER.match(word) is not None
    head = word.split("-", maxsplit=1)[0]
    if head.isupper() and len(head) <= 3:
        return head[0] in _AN_LETTERS
    lower = word.lower()
    if lower.startswith(_AN_WORDS):
        return True
    if lower.startswith(_A_WORDS):
        return lower.startswith(_AN_ANYWAY)
    return lower[0] in "aeiouáàâäåãāăąæéèêëēęěíìîïīįóòôöõøōőœúùûüūůű"


def joined(items: Sequence[str], *, word: str = "and") -> str:
    """Return the items as an English list: "a", "a and b" or "a, b and c".

    `word` comes before the last item, after a comma where an item contains `word` itself:
    "rock and roll, and tea".
    """
    if len(items) == 1:
        return items[0]
    comma = "," if any(f" {word} " in item for item in items) else ""
    return f"{', '.join(items[:-1])}{comma} {word} {items[-1]}"


def number_in_words(number: int) -> str:
    """Return a number in words, for example "thirty-six".

    Raises:
        ValueError: The number is below 0 or above 99.
    """
    if not 0 <= number <= 99:
        raise ValueError(f"number must be from 0 to 99, got {number}")
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def capitalized(sentence: str) -> str:
    """Return `sentence` with its first letter in upper case and the rest unchanged."""
    for position, character in enumerate(sentence):
        if character.isalnum():
            return sentence[:position] + character.upper() + sentence[position + 1 :]
    return sentence
