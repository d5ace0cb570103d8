"""Generate the cases: forms and conversations unseen in training, and hand-written ones."""

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
from model.evaluate.words import contains, pronouns_in

__all__ = ["PARAPHRASES", "SEEDS", "case_of", "make_cases", "persona_cases"]

# Kinds of turns whose answer is a persona.
_WRITTEN = ("persona", "typed", "rewrite")
_IN_GRAMMAR = ("name", "age", "occupation")
# For the input "is famous for her pie", "friends come over for her pie" is correct, too: the
# generator copies the phrases that it has composed, but lexicon/notes.txt has the same phrases with
# paraphrases, and the form does not show which of the two it is.
PARAPHRASES: Mapping[str, Sequence[str]] = {
    "a big fan of": ("fan of", "love for"),
    "a collector of": ("collects", "can tell the story of each one", "shelves are full of"),
    "afraid of": ("frightens",),
    "allergic to": ("allergy",),
    "best at": ("subject is",),
    "famous for": ("legendary", "nobody forgets", "come over for", "famous among friends"),
    "fluent in": ("speaks",),
    "scared of": ("afraid of", "frightens"),
}
# The number of requests with the same form and different seeds.
SEEDS = 20
_FORM = {
    "name": "Ada",
    "age": "36",
    "occupation": "mathematician",
    "interests": "chess, tea, jazz",
    "tone": "warm",
}


def make_cases(*, count: int, seed: int) -> list[Case]:
    """Return the cases in an order that distributes every group evenly.

    There are `count` generated forms, each requested as prose and as JSON, and conversations with
    as many follow-up turns, plus hand-written cases of each kind, at most as many. The same
    arguments give the same cases.
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
    """Yield cases for forms that are unseen in training, requested as prose."""
    for number, turn in enumerate(_forms(seed)):
        key = f"persona/{number}"
        messages, request = persona_request(turn.fields, typed=False, seed=seed_of(key))
        ask = replace(
            _ask(turn, inputs=[*turn.fields.values()]), messages=messages, request=request
        )
        yield Case(id=key, group="persona", asks=[ask])


def _typed(seed: int) -> Iterator[Case]:
    for number, turn in enumerate(_forms(seed)):
        key = f"typed/{number}"
        messages, request = persona_request(turn.fields, typed=True, seed=seed_of(key))
        ask = replace(
            _ask(turn, inputs=[*turn.fields.values()]),
            kind="typed",
            messages=messages,
            request=request,
            keywords=_fitting_keywords(turn),
            schema=schema_of(turn.fields),
        )
        yield Case(id=key, group="typed", asks=[ask])


def _follow_ups(seed: int, count: int) -> Iterator[Case]:
    """Yield conversations until they have `count` turns after the first."""
    several = (one for one in conversations(seed, "valid") if _has_follow_up(one))
    turns = 0
    for number, conversation in enumerate(several):
        if turns >= count:
            return
        turns += len(conversation.turns) - 1
        yield case_of(conversation, key=f"follow-up/{number}")


def _has_follow_up(conversation: Conversation) -> bool:
    first, *later = conversation.turns
    return bool(later) and first.kind in ("persona", "typed")


def case_of(conversation: Conversation, *, key: str, first: int = 1) -> Case:
    """Return the case that replays a conversation; turns from number `first` are judged."""
    asks: list[Ask] = []
    inputs: list[str] = []
    fields: Mapping[str, str] = {}
    retracted: tuple[str, ...] = ()
    for number, turn in enumerate(conversation.turns):
        fields = turn.fields or fields
        new_person = _is_new_person(turn)
        retracted = () if new_person else _retracted(retracted, turn, inputs)
        inputs += turn.fields.values() if new_person and turn.fields else _new_inputs(turn)
        seed = seed_of(f"{key}/{number}")
        typed = turn.kind == "typed"
        request = typed_parameters(fields, seed=seed) if typed else chat_request(seed=seed)
        asks.append(
            replace(
                _ask(turn, inputs=tuple(inputs)),
                absent=retracted if turn.kind in _WRITTEN else turn.absent,
                new_person=new_person,
                request=request,
                schema=schema_of(fields) if typed else None,
                judged=number >= first,
            )
        )
    return Case(id=key, group="follow-up", asks=asks)


def _new_inputs(turn: Turn) -> list[str]:
    # A grammar enforces these fields, whatever the message says.
    return [
        turn.asked[-1].content,
        *(value for name, value in turn.fields.items() if name in _IN_GRAMMAR),
    ]


def _retracted(before: tuple[str, ...], turn: Turn, inputs: Sequence[str]) -> tuple[str, ...]:
    """Return the facts that the user has retracted and not given again."""
    if turn.kind not in _WRITTEN:
        return before
    earlier, message = "\n".join(inputs), turn.asked[-1].content
    still = [word for word in before if not contains(message, word)]
    return (*still, *(word for word in turn.absent if contains(earlier, word)))


def _is_new_person(turn: Turn) -> bool:
    # A request for JSON in a conversation has fields, too, but is not a form.
    is_form = turn.kind == "typed" and turn.fields
    form = persona_messages(turn.fields, typed=True) if is_form else ()
    return turn.kind == "persona" or turn.asked[-1].content in [one["content"] for one in form]


def _seeds() -> Iterator[Case]:
    for seed in range(1, SEEDS + 1):
        messages, request = persona_request(_FORM, typed=False, seed=seed)
        ask = Ask(kind="persona", messages=messages, request=request, inputs=[*_FORM.values()])
        yield Case(id=f"seed/{seed}", group="seed", asks=[ask])


def _forms(seed: int) -> Iterator[Turn]:
    """Yield turns with a persona from a form that is unseen in training."""
    for conversation in conversations(seed, "valid", part=1):
        turn = conversation.turns[0]
        if len(conversation.turns) == 1 and turn.kind == "persona" and turn.fields:
            yield turn


def _ask(turn: Turn, *, inputs: Sequence[str]) -> Ask:
    person = turn.person
    return Ask(
        kind=turn.kind,
        messages=[message._asdict() for message in turn.asked],
        keywords=_with_alternatives(turn.keywords),
        inputs=inputs,
        name=person.name.full if person and person.named else "",
        pronouns=_pronouns(person, inputs) if person else "",
        years=person.age.years if person and person.age else None,
    )


def _pronouns(person: Person, inputs: Sequence[str]) -> str:
    """Return the pronoun that the inputs determine by a field, the notes or the name, or ""."""
    subject = person.name.pronouns.subject
    if person.pronoun_field or person.pronoun_typed or pronouns_in(" ".join(inputs)):
        return subject
    # Unisex and invented names do not determine a pronoun.
    return subject if person.named and subject != "they" else ""


def _fitting_keywords(turn: Turn) -> dict[str, Sequence[str]]:
    """Return the keywords that fit in the JSON, whose values have a maximum length."""
    assert turn.person is not None
    answers = [typed_answer(turn.person, Random(seed), fields=turn.fields) for seed in range(3)]
    fitting = {
        name: tuple(word for word in words if any(contains(answer, word) for answer in answers))
        for name, words in typed_keywords(turn.person, turn.fields).items()
    }
    return _with_alternatives({name: words for name, words in fitting.items() if words})


def _with_alternatives(keywords: Fact) -> dict[str, Sequence[str]]:
    return {
        fact: ["|".join((word, *PARAPHRASES.get(word, ()))) for word in words]
        for fact, words in keywords.items()
    }
