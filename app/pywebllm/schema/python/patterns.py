r"""Regular expressions of the strings that Python types are read from.

Examples:
    >>> import re
    >>> bool(re.match(at_least("2024-05-31"), "2024-06-01"))
    True
    >>> bool(re.match(at_least("2024-05-31"), "2024-05-30"))
    False
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "COMPLEX",
    "EMAIL",
    "INTEGER_KEY",
    "NAIVE_DATETIME",
    "SPECIAL_DOMAINS",
    "STRIPPED",
    "at_least",
    "at_most",
    "url_pattern",
]

# What email-validator, with which pydantic checks addresses, takes besides the format.
EMAIL = (
    "^[A-Za-z0-9_'+-]{1,30}([.][A-Za-z0-9_'+-]{1,30})?"
    "@([A-Za-z0-9]{1,30}(-[A-Za-z0-9]{1,20})?[.]){1,3}[A-Za-z]{2,20}$"
)
SPECIAL_DOMAINS = (
    "[.]([aA][rR][pP][aA]|[iI][nN][vV][aA][lL][iI][dD]|[lL][oO][cC][aA][lL]([hH][oO][sS][tT])?"
    "|[oO][nN][iI][oO][nN]|[tT][eE][sS][tT])$"
)
COMPLEX = "^-?[0-9]{1,9}([.][0-9]{1,6})?[+-][0-9]{1,9}([.][0-9]{1,6})?j$"
# Of what is left of a string without the white space around it.
STRIPPED = r"^[!-~]([\s\S]*[!-~])?$"
INTEGER_KEY = "^(0|-?[1-9][0-9]{0,14})$"
NAIVE_DATETIME = (
    r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?$"
)
# Schemes without a host: what follows the colon is theirs.
_WITHOUT_HOST = ("mailto", "urn", "tel", "data", "sip")
_WITH_HOST = ("https", "http", "ftp", "ws", "wss")
_LABEL = "[A-Za-z0-9]([A-Za-z0-9]{0,30}[A-Za-z0-9])?(-[A-Za-z0-9]{1,20}){0,3}"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HOST = rf"(({_LABEL}\.){{0,4}}[A-Za-z]{{2,20}}|{_OCTET}(\.{_OCTET}){{3}})"
_CHARS = "[A-Za-z0-9._~!$&'()*+,;=:@/-]"
_PERCENT = "%[0-9A-Fa-f]{2}"


def url_pattern(schemes: Iterable[str] | None) -> str:
    """Write the URLs of some schemes of fewer than 2,083 characters; None: of the usual ones."""
    known = [scheme.replace("+", "[+]") for scheme in schemes or _WITH_HOST if scheme != "file"]
    tail = rf"(\?{_part(300)})?(#{_part(60)})?"
    whole = f"({'|'.join(known)})://{_HOST}(:[1-9][0-9]{{0,3}})?(/{_part(300)})?{tail}"
    if schemes is not None and "file" in schemes:
        file = f"file:///{_part(300)}"
        whole = f"{whole}|{file}" if known else file
    if schemes is None:
        whole = f"{whole}|({'|'.join(_WITHOUT_HOST)}):{_CHARS}{{1,100}}"
    return f"^({whole})$"


def _part(most: int) -> str:
    return f"{_CHARS}{{0,{most}}}({_PERCENT}{_CHARS}{{0,15}}){{0,16}}"


def at_least(text: str, *, exclusive: bool = False) -> str:
    """Write the dates from one on, or after it; digits compare as the strings do."""
    options = [] if exclusive else [text]
    for at, char in enumerate(text):
        if char.isdecimal() and char < "9":
            options.append(f"{text[:at]}[{int(char) + 1}-9]{_rest(text, at)}")
    return _either(options)


def at_most(text: str, *, exclusive: bool = False) -> str:
    """Write the dates up to one, or before it."""
    options = [] if exclusive else [text]
    for at, char in enumerate(text):
        if char.isdecimal() and char > "0":
            options.append(f"{text[:at]}[0-{int(char) - 1}]{_rest(text, at)}")
    return _either(options)


def _rest(text: str, at: int) -> str:
    return "".join("[0-9]" if char.isdecimal() else char for char in text[at + 1 :])


def _either(options: list[str]) -> str:
    return f"^({'|'.join(options)})$"
