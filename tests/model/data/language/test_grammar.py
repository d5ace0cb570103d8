"""English morphology: verbs, articles, lists, numbers, capital letters, plurals."""

from __future__ import annotations

import pytest

from model.data.language.grammar import (
    FIRST_PERSON,
    PRONOUNS,
    capitalized,
    conjugated,
    fix_articles,
    gerund,
    is_plural,
    joined,
    number_in_words,
    past_tense,
    plural_noun,
    third_person,
)


@pytest.mark.parametrize(
    ("verb", "plural"),
    [
        ("is", "are"),
        ("has", "have"),
        ("does not like", "do not like"),
        ("carries", "carry"),
        ("ties", "tie"),
        ("watches", "watch"),
        ("uses", "use"),
        ("loses", "lose"),
        ("plays", "play"),
        ("can", "can"),
        ("grew", "grew"),
        ("finished", "finished"),
    ],
)
def test_verb_after_they_has_no_s(verb: str, plural: str) -> None:
    assert conjugated(verb, pronouns=PRONOUNS["they"]) == plural
    assert conjugated(verb, pronouns=PRONOUNS["she"]) == verb
    assert conjugated(verb, pronouns=None) == verb


def test_to_be_has_a_form_for_the_first_person() -> None:
    assert conjugated("is afraid", pronouns=FIRST_PERSON) == "am afraid"
    assert conjugated("was there", pronouns=FIRST_PERSON) == "was there"
    assert conjugated("has a cat", pronouns=FIRST_PERSON) == "have a cat"


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("a engineer", "an engineer"),
        ("an teacher", "a teacher"),
        ("a 8-year-old, a 11-year-old", "an 8-year-old, an 11-year-old"),
        ("a 18-year-old and an 36-year-old", "an 18-year-old and a 36-year-old"),
        ("a 83-year-old, an 110-year-old", "an 83-year-old, a 110-year-old"),
        ("an university, an one-eyed cat, an European", "a university, a one-eyed cat, a European"),
        ("a hour, a honest man", "an hour, an honest man"),
        ("an UX designer and a HR manager", "a UX designer and an HR manager"),
        ("a unimpressed cat", "an unimpressed cat"),
        ("A old friend. A eager one.", "An old friend. An eager one."),
        ("an starship cook, a unicycle repairer", "a starship cook, a unicycle repairer"),
        ("a élan coach, a øresund pilot", "an élan coach, an øresund pilot"),
        ("an uranium miner, a umbrella maker", "a uranium miner, an umbrella maker"),
        ("vitamin A experts", "vitamin A experts"),
        ("grade-a eggs", "grade-a eggs"),
    ],
)
def test_article_suits_the_sound_of_the_next_word(text: str, fixed: str) -> None:
    assert fix_articles(text) == fixed


def test_items_are_joined_as_an_english_list() -> None:
    assert joined(["chess"]) == "chess"
    assert joined(["chess", "tea"]) == "chess and tea"
    assert joined(["chess", "tea", "jazz"]) == "chess, tea and jazz"
    assert joined(["rock and roll", "tea"]) == "rock and roll, and tea"


def test_number_from_0_to_99_is_written_in_words() -> None:
    assert [number_in_words(n) for n in (0, 8, 13, 20, 36, 99)] == [
        "zero",
        "eight",
        "thirteen",
        "twenty",
        "thirty-six",
        "ninety-nine",
    ]
    with pytest.raises(ValueError, match="from 0 to 99"):
        number_in_words(100)


def test_first_letter_is_capitalized_after_punctuation() -> None:
    assert capitalized('"try again" is a motto') == '"Try again" is a motto'
    assert capitalized("...") == "..."


@pytest.mark.parametrize(
    ("base", "third", "past", "doing"),
    [
        ("paint", "paints", "painted", "painting"),
        ("bake", "bakes", "baked", "baking"),
        ("study", "studies", "studied", "studying"),
        ("polish", "polishes", "polished", "polishing"),
        ("knit", "knits", "knitted", "knitting"),
        ("row", "rows", "rowed", "rowing"),
        ("water", "waters", "watered", "watering"),
        ("repair", "repairs", "repaired", "repairing"),
    ],
)
def test_regular_verb_is_inflected(base: str, third: str, past: str, doing: str) -> None:
    assert (third_person(base), past_tense(base), gerund(base)) == (third, past, doing)
    assert conjugated(third, pronouns=PRONOUNS["they"]) == base


def test_noun_gets_its_plural() -> None:
    nouns = ("moth", "fox", "diary", "donkey", "shelf", "sheep", "tomato", "cactus")
    assert [plural_noun(noun) for noun in nouns] == [
        "moths",
        "foxes",
        "diaries",
        "donkeys",
        "shelves",
        "sheep",
        "tomatoes",
        "cacti",
    ]


@pytest.mark.parametrize(
    ("phrase", "plural"),
    [
        ("butterflies", True),
        ("old radios", True),
        ("chess", False),
        ("physics", False),
        ("restoring radios", False),
        ("puppets from Bali", True),
        ("the history of trains", False),
        ("the stars", True),
        ("a box of coins", False),
        ("grandchildren", True),
        ("rock and roll", True),
        ("tennis", False),
    ],
)
def test_noun_phrase_is_singular_or_plural(phrase: str, plural: bool) -> None:
    assert is_plural(phrase) is plural
