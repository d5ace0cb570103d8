"""The two who speak: the narrator of the finished text and the visitor who fills in the form.

Both are speakers for templates; they differ in the subject. The narrator alternates between the
name and the pronoun, the visitor writes "has two cats", "She has two cats" or "I have two cats".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from model.data.language.grammar import Pronouns, conjugated
from model.data.language.template import Template, expand, parse
from model.data.people.person import Name

__all__ = ["Narrator", "Visitor", "filled"]

# Slots that both fill with a form of the pronoun.
_FORMS: Mapping[str, Callable[[Pronouns], str]] = {
    "them": lambda pronouns: pronouns.object,
    "their": lambda pronouns: pronouns.possessive,
    "themself": lambda pronouns: pronouns.reflexive,
}


class Narrator:
    """Tells about one person, in the third person.

    `begins` says that the next sentence starts a new subject, `unsure` that the last one was also
    about somebody else: then the name is clearer than a pronoun.
    """

    def __init__(self, name: Name, *, facts: Mapping[str, str], random: Random) -> None:
        self._name = name
        self._facts = dict(facts)
        self._random = random
        self._values: Mapping[str, Template] = {}
        self._subject: Pronouns | None = None
        self._since_name = 0
        self.begins = False
        self.unsure = False

    def tell(self, template: Template, *, values: Mapping[str, Template] | None = None) -> str:
        """Return one wording of `template`; `values` are the words of a note."""
        self._values = values or {}
        return expand(template, speaker=self, random=self._random)

    def add(self, facts: Mapping[str, str]) -> None:
        """Set slots for the sentences that follow."""
        self._facts = {**self._facts, **facts}

    def slot(self, name: str) -> str:
        """Return the words for a slot; naming the subject is remembered for the verbs."""
        if name == "S":
            return self._named() if self._wants_name() else self._pronoun()
        if name in ("name", "full"):
            return self._named(full=name == "full")
        if name == "they":
            return self._pronoun()
        if name in _FORMS:
            return _FORMS[name](self._name.pronouns)
        if name in self._values:
            return expand(self._values[name], speaker=self, random=self._random)
        return self._facts[name]

    def verb(self, verb: str) -> str:
        """Return the verb as it agrees with the latest subject."""
        return conjugated(verb, pronouns=self._subject)

    def has(self, name: str) -> bool:
        """Return whether a note or a fact fills the slot."""
        return name in self._values or name in self._facts

    def _wants_name(self) -> bool:
        if self._since_name == 0:
            return False
        if self.unsure:
            return True
        shares = (0.0, 0.04, 0.15, 0.35, 0.6, 0.9)
        share = shares[min(self._since_name, 5)]
        return self._random.random() < (2 * share + 0.1 if self.begins else share)

    def _named(self, *, full: bool = False) -> str:
        self._subject = None
        self._since_name = 0
        self.begins = self.unsure = False
        return self._name.full if full else self._name.short

    def _pronoun(self) -> str:
        self._subject = self._name.pronouns
        self._since_name += 1
        return self._name.pronouns.subject


class Visitor:
    """Types a note about a person, or about themselves when the pronouns are the first person's."""

    def __init__(
        self, pronouns: Pronouns, *, subject: bool, values: Mapping[str, Template], random: Random
    ) -> None:
        self._pronouns = pronouns
        self._subject = subject
        self._values = values
        self._random = random

    def tell(self, template: Template) -> str:
        """Return the note as typed."""
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
        """Return the verb: as for "she" without a subject."""
        return conjugated(verb, pronouns=self._pronouns if self._subject else None)

    def has(self, name: str) -> bool:
        """Return whether the note fills the slot."""
        return name in self._values


def filled(text: str, values: Mapping[str, Template], *, random: Random) -> str:
    """Return a template without subject or verbs, its slots filled from `values`."""
    speaker = Visitor(_NOBODY, subject=False, values=values, random=random)
    return speaker.tell(parse(text))


_NOBODY = Pronouns(subject="", object="", possessive="", reflexive="", plural=False)
