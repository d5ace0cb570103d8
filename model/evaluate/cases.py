"""Draws what is asked: forms and conversations that training never saw, and those by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from random import Random

from model.data import Conversation, conversations
from model.data.conversation import Turn
from model.data.people.person import Person
from model.data.persona.typed import typed_answer, typed_keywords
from model.data.prompts import persona_messages
from model.evaluate.case import Ask, Case, Fact
from model.evaluate.forms import hand_written, hand_written_follow_ups, small_talk
from model.evaluate.requests import chat_request, persona_request, schema_of, typed_parameters
from model.evaluate.seeds import seed_of
from model.evaluate.words import pronouns_in, says

__all__ = ["SEEDS", "TOLD_OTHERWISE", "case_of", "make_cases", "persona_cases"]

# Kinds of turns that write about the person, and do not just speak of them.
_WRITTEN = ("persona", "typed", "rewrite")
_IN_GRAMMAR = ("name", "age", "occupation")
# Who types "is famous for her pie" may hear "friends come over for her pie": where the generator
# has put such words together itself it tells them as they are, but lexicon/notes.txt has the same
# words with other ways to tell them, and nothing in the form says which of both it was.
TOLD_OTHERWISE: Mapping[str, Sequence[str]] = {
    "a big fan of": ("fan of", "love for"),
    "a collector of": ("collects", "can tell the story of each one", "shelves are full of"),
    "afraid of": ("frightens",),
    "allergic to": ("allergy",),
    "famous for": ("legendary", "nobody forgets", "come over for", "famous among friends"),
    "fluent in": ("speaks",),
    "scared of": ("afraid of", "frightens"),
}
# So often one form is asked for, each time with another seed.
SEEDS = 20
_FORM = {
    "name": "Ada",
    "age": "36",
    "occupation": "mathematician",
    "interests": "chess, tea, jazz",
    "tone": "warm",
}


def make_cases(*, count: int, seed: int) -> list[Case]:
    """Return the cases in an order that spreads every group evenly.

    `count` forms are drawn, asked for as prose and as JSON, and conversations with as many
    further turns; to each kind come those by hand, at most as many. The same arguments give the
    same cases.
    """
    talks = [*small_talk()]
    cases = [
        *islice(persona_cases(seed), count),
        *islice(hand_written(typed=False), count),
        *islice(_typed(seed), count),
        *islice(hand_written(typed=True), count),
        *_follow_ups(seed, count),
        *islice(hand_written_follow_ups(), count),
        *Random(seed).sample(talks, min(count, len(talks))),
        *islice(_seeds(), max(count, 2)),
    ]
    Random(seed).shuffle(cases)
    return cases


def persona_cases(seed: int) -> Iterator[Case]:
    """Yield one case after the other for forms that training never saw, asked for as prose."""
    for number, turn in enumerate(_forms(seed)):
        key = f"persona/{number}"
        messages, request = persona_request(turn.fields, typed=False, seed=seed_of(key))
        ask = replace(_ask(turn, told=[*turn.fields.values()]), messages=messages, request=request)
        yield Case(id=key, group="persona", asks=[ask])


def _typed(seed: int) -> Iterator[Case]:
    for number, turn in enumerate(_forms(seed)):
        key = f"typed/{number}"
        messages, request = persona_request(turn.fields, typed=True, seed=seed_of(key))
        ask = replace(
            _ask(turn, told=[*turn.fields.values()]),
            kind="typed",
            messages=messages,
            request=request,
            keywords=_fitting(turn),
            schema=schema_of(turn.fields),
        )
        yield Case(id=key, group="typed", asks=[ask])


def _follow_ups(seed: int, count: int) -> Iterator[Case]:
    """Yield conversations until they have `count` turns after the first."""
    several = (one for one in conversations(seed, "valid") if _goes_on(one))
    turns = 0
    for number, conversation in enumerate(several):
        if turns >= count:
            return
        turns += len(conversation.turns) - 1
        yield case_of(conversation, key=f"follow-up/{number}")


def _goes_on(conversation: Conversation) -> bool:
    first, *later = conversation.turns
    return bool(later) and first.kind in ("persona", "typed")


def case_of(conversation: Conversation, *, key: str, first: int = 1) -> Case:
    """Return the case that replays a conversation; turns are judged from number `first`."""
    asks: list[Ask] = []
    told: list[str] = []
    fields: Mapping[str, str] = {}
    gone: tuple[str, ...] = ()
    for number, turn in enumerate(conversation.turns):
        fields = turn.fields or fields
        anew = _is_anew(turn)
        gone = () if anew else _gone(gone, turn, told)
        told += turn.fields.values() if anew and turn.fields else _said(turn)
        seed = seed_of(f"{key}/{number}")
        typed = turn.kind == "typed"
        request = typed_parameters(fields, seed=seed) if typed else chat_request(seed=seed)
        asks.append(
            replace(
                _ask(turn, told=tuple(told)),
                absent=gone if turn.kind in _WRITTEN else turn.absent,
                anew=anew,
                request=request,
                schema=schema_of(fields) if typed else None,
                judged=number >= first,
            )
        )
    return Case(id=key, group="follow-up", asks=asks)


def _said(turn: Turn) -> list[str]:
    # A grammar tells these, whatever the words say.
    return [
        turn.asked[-1].content,
        *(value for name, value in turn.fields.items() if name in _IN_GRAMMAR),
    ]


def _gone(before: tuple[str, ...], turn: Turn, told: Sequence[str]) -> tuple[str, ...]:
    """Return what visitors told of the person and took back, until they tell it again."""
    if turn.kind not in _WRITTEN:
        return before
    earlier, said = "\n".join(told), turn.asked[-1].content
    still = [word for word in before if not says(said, word)]
    return (*still, *(word for word in turn.absent if says(earlier, word)))


def _is_anew(turn: Turn) -> bool:
    # A persona that is wanted as JSON has fields, too, but no form was filled in for it.
    is_form = turn.kind == "typed" and turn.fields
    form = persona_messages(turn.fields, typed=True) if is_form else ()
    return turn.kind == "persona" or turn.asked[-1].content in [one["content"] for one in form]


def _seeds() -> Iterator[Case]:
    for seed in range(1, SEEDS + 1):
        messages, request = persona_request(_FORM, typed=False, seed=seed)
        ask = Ask(kind="persona", messages=messages, request=request, told=[*_FORM.values()])
        yield Case(id=f"seed/{seed}", group="seed", asks=[ask])


def _forms(seed: int) -> Iterator[Turn]:
    """Yield single personas from a form that training never saw."""
    for conversation in conversations(seed, "valid", part=1):
        turn = conversation.turns[0]
        if len(conversation.turns) == 1 and turn.kind == "persona" and turn.fields:
            yield turn


def _ask(turn: Turn, *, told: Sequence[str]) -> Ask:
    person = turn.person
    return Ask(
        kind=turn.kind,
        messages=[message._asdict() for message in turn.asked],
        keywords=_with_ways(turn.keywords),
        told=told,
        name=person.name.full if person and person.named else "",
        pronouns=_pronouns(person, told) if person else "",
        years=person.age.years if person and person.age else None,
    )


def _pronouns(person: Person, told: Sequence[str]) -> str:
    """Return the pronoun that what was told determines: by a field, the notes or the name."""
    subject = person.name.pronouns.subject
    if person.pronoun_field or person.pronoun_typed or pronouns_in(" ".join(told)):
        return subject
    # Of names that anybody may have, or nobody has, none follows.
    return subject if person.named and subject != "they" else ""


def _fitting(turn: Turn) -> dict[str, Sequence[str]]:
    """Return the keywords that have a place in the JSON: it limits how long its parts may be."""
    assert turn.person is not None
    answers = [typed_answer(turn.person, Random(seed), fields=turn.fields) for seed in range(3)]
    held = {
        name: tuple(word for word in words if any(says(answer, word) for answer in answers))
        for name, words in typed_keywords(turn.person, turn.fields).items()
    }
    return _with_ways({name: words for name, words in held.items() if words})


def _with_ways(keywords: Fact) -> dict[str, Sequence[str]]:
    return {
        fact: ["|".join((word, *TOLD_OTHERWISE.get(word, ()))) for word in words]
        for fact, words in keywords.items()
    }
