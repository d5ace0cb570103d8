"""Topics of questions about a person, beyond the fields of the form."""

from __future__ import annotations

__all__ = ["TOPICS"]

_FAMILY = (
    r"famil|mother|father|parent|child|kids|\bsons?\b|daughter|brother|sister|wife|husband"
    r"|partner|married|aunt|uncle|grand|niece|nephew|cousin|twin|relat"
)
# By topic of the lexicon: words that may answer the question, even though no note has this topic.
TOPICS = {
    "home": r"\bliv|home|town|village|city|house|flat\b|street|neighbour|harbour|resid",
    "origin": r"\bfrom [A-Z]|home|born|grew|origin|native|hail|resid",
    "pet": r"\b(dog|cat|pet|bird|hors|animal|chicken|bee|rabbit|fish|hamster|parrot|pup|kitten)",
    "family": _FAMILY,
    "kin": _FAMILY,
    "language": r"speak|languag|[lL]earn|fluent|accent",
    "food": r"food|dish|\beat|cook|bak|cake|soup|bread|breakfast|dinner|meal|tea\b|coffee",
    "fear": r"fear|afraid|fright|scar|dread|terrif",
    "goal": r"goal|dream|hope|want|plan|wish|one day|ambiti|aim|someday|long",
    "colour": r"colou?r|\b(red|blue|green|yellow|black|white|pink|purple|orange|brown|grey)\b",
    "birthday": r"birth|born|year",
    "looks": r"tall|hair|eyes?\b|wear|look|coat|shirt|shoe|face|hat\b|dress",
    "private": r"\d{3}|@|earn|salary|money|paid|address|phone",
}
