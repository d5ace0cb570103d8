"""The two speakers of templates: the narrator of the persona, and the visitor with the form.

They differ in the subject. The narrator alternates between the name and the pronoun; the visitor
writes "has two cats", "She has two cats" or "I have two cats".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from model.data.language.grammar import Pronouns, conjugated
from model.data.language.template import Template, expand, parse
from model.data.people.person import Name

__all__ = ["Narrator", "Visitor", "fill"]

# Slots that both fill with a form of the pronoun.
_FORMS: Mapping[str, Callable[[Pronouns], str]] = {
    "them": lambda pronouns: pronouns.object,
    "their": lambda pronouns: pronouns.possessive,
    "themself": lambda pronouns: pronouns.reflexive,
}


class Narrator:
    """Writes about one person, in the third person.

    Attributes:
        starts_topic: Whether the next sentence starts a new topic; a name is then more likely.
        ambiguous: Whether the previous sentence also mentions somebody else, so that the next one
            needs the name instead of a pronoun.
    """

    def __init__(self, name: Name, *, facts: Mapping[str, str], random: Random) -> None:
        self._name = name
        self._facts = dict(facts)
        self._random = random
        self._values: Mapping[str, Template] = {}
        self._subject: Pronouns | None = None
        self._since_name = 0
        self.starts_topic = False
        self.ambiguous = False

    def expand(self, template: Template, *, values: Mapping[str, Template] | None = None) -> str:
        """Return one wording of `template`; `values` are the words of a note by slot."""
        self._values = values or {}
        return expand(template, speaker=self, random=self._random)

    def add_facts(self, facts: Mapping[str, str]) -> None:
        """Set slots for all sentences that follow."""
        self._facts = {**self._facts, **facts}

    def slot(self, name: str) -> str:
        """Return the words for a slot; if it is the subject, the next verbs agree with it."""
        if name == "S":
            return self._use_name() if self._should_use_name() else self._use_pronoun()
        if name in ("name", "full"):
            return self._use_name(full=name == "full")
        if name == "they":
            return self._use_pronoun()
        if name in _FORMS:
            return _FORMS[name](self._name.pronouns)
        if name in self._values:
            return expand(self._values[name], speaker=self, random=self._random)
        return self._facts[name]

    def verb(self, verb: str) -> str:
        """Return the verb in agreement with the latest subject."""
        return conjugated(verb, pronouns=self._subject)

    def has(self, name: str) -> bool:
        """Return whether a note or a fact fills the slot."""
        return name in self._values or name in self._facts

    def _should_use_name(self) -> bool:
        if self._since_name == 0:
            return False
        if self.ambiguous:
            return True
        # By the number of pronouns since the name.
        shares = (0.0, 0.04, 0.15, 0.35, 0.6, 0.9)
        share = shares[min(self._since_name, 5)]
        return self._random.random() < (2 * share + 0.1 if self.starts_topic else share)

    def _use_name(self, *, full: bool = False) -> str:
        self._subject = None
        self._since_name = 0
        self.starts_topic = self.ambiguous = False
        return self._name.full if full else self._name.short

    def _use_pronoun(self) -> str:
        self._subject = self._name.pronouns
        self._since_name += 1
        return self._name.pronouns.subject


class Visitor:
    """Types a note about a person, or about themselves with the pronouns of the first person.

    With `subject` False the note stays a fragment: "has two cats".
    """

    def __init__(
        self, pronouns: Pronouns, *, subject: bool, values: Mapping[str, Template], random: Random
    ) -> None:
        self._pronouns = pronouns
        self._subject = subject
        self._values = values
        self._random = random

    def expand(self, template: Template) -> str:
        """Return the note as the visitor types it."""
        text = expand(template, speaker=self, random=self._random)
        return f"{self._pronouns.subject} {text}" if self._subject else text

    def slot(self, name: str) -> str:
        """Return the words for a slot."""
        if name == "they":
            return self._pronouns.subject
        if name in _FORMS:
            return _FORMS[name](self._pronouns)
        return expand(self._values[name], speaker=self, random=self._random)

    def verb(self, verb: str) -> str:
        """Return the verb in agreement with the subject; without one, in the form for "she"."""
        return conjugated(verb, pronouns=self._pronouns if self._subject else None)

    def has(self, name: str) -> bool:
        """Return whether the note fills the slot."""
        return name in self._values


def fill(text: str, values: Mapping[str, Template], *, random: Random) -> str:
    """Return one wording of a template without subject and verbs, its slots from `values`."""
    speaker = Visitor(_NOBODY, subject=False, values=values, random=random)
    return speaker.expand(parse(text))


_NOBODY = Pronouns(subject="", object="", possessive="", reflexive="", plural=False)
