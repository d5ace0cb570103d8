r"""What the names of `format` mean: regular expressions for strings, and bounds for integers.

Each is as wide as its standard, but for what nobody writes: years before 1000, comments and quoted
names in an email address. Sources: RFC 3339 (dates, times, durations), RFC 5321 and 6531 (email),
RFC 1123 (hostname), RFC 4291 (ipv6), RFC 9562 (uuid), RFC 3986 and 3987 (uri, iri), RFC 6570
(uri-template), RFC 6901 (json-pointer). Any other name is an annotation, which limits nothing.

Examples:
    >>> FORMATS["uuid4"].count("[0-9A-Fa-f]")
    5
    >>> INTEGER_FORMATS["uint8"]
    (0, 255)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = [
    "FORMATS",
    "INTEGER_FORMATS",
    "KNOWN_FORMATS",
    "REFUSED_FORMATS",
    "UNCOUNTED",
    "Part",
    "Uncounted",
    "bounded_uri",
    "short_email",
]

_YEAR = "[1-9][0-9]{3}"
_LEAP_YEAR = "([1-9][0-9](0[48]|[2468][048]|[13579][26])|(1[26]|[2468][048]|[3579][26])00)"
_DATE = (
    f"({_YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)"
    f"|(0[13578]|1[02])-31)|{_LEAP_YEAR}-02-29)"
)
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"{_CLOCK}:[0-5][0-9](\.[0-9]{{1,9}})?(Z|[+-]{_CLOCK})"
_COUNT = "(0|[1-9][0-9]{0,5})"


def _duration() -> str:
    second = rf"{_COUNT}(\.[0-9]{{1,9}})?S"
    minute = f"{_COUNT}M({second})?"
    hour = f"{_COUNT}H({minute})?"
    time = f"T({hour}|{minute}|{second})"
    day = f"{_COUNT}D"
    month = f"{_COUNT}M({day})?"
    year = f"{_COUNT}Y({month})?"
    return f"^P(({year}|{month}|{day})({time})?|{time}|{_COUNT}W)$"


def _label(most: int, other: str = "") -> str:
    """Write a part of a host name; `other` are characters beyond ASCII."""
    ends, inside = f"[A-Za-z0-9{other}]", f"[A-Za-z0-9{other}-]"
    # Two hyphens after two characters are reserved, for names such as xn--….
    third = f"({ends}{inside}|-{ends})"
    return f"{ends}({inside}{{0,2}}{ends}|{inside}{third}{inside}{{0,{most - 5}}}{ends})?"


def _host(other: str = "", most: int = 253) -> str:
    """Write a host name of at most so many characters, 65 or more."""
    long, short = _label(63, other), _label(30, other)
    few, many = min((most + 1) // 64, 3) - 1, min((most + 1) // 31, 8) - 1
    return rf"({long}(\.{long}){{0,{few}}}|{short}(\.{short}){{0,{many}}})"


_BEYOND = "\x80-\U0010ffff"
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_HEX = "[0-9A-Fa-f]"
_IPV6_GROUP = f"{_HEX}{{1,4}}"


def _email(atom: str, host: str) -> str:
    # Runs without an upper bound cost the engine far less than runs with one.
    return rf"^{atom}+(\.{atom}+)*@{host}$"


def short_email(most: int, *, is_international: bool) -> tuple[tuple[str, ...], int | None]:
    """Write the email addresses of at most so many characters by few states.

    Where no label of the host can be too long, nothing has to be counted but the length. Of longer
    addresses the host has at most 63 characters, and the local part at most 64.

    Returns:
        The patterns that an address fits, and the most characters; None: the patterns say so.
    """
    other = _BEYOND if is_international else ""
    atom = _ATOM.replace("]", f"{other}]")
    ends, inside = f"[A-Za-z0-9{other}]", f"[A-Za-z0-9{other}-]"
    label = f"{ends}({inside}{{0,2}}{ends}|{inside}({ends}{inside}|-{ends}){inside}*{ends})?"
    form = rf"^{atom}+(\.{atom}+)*@{label}(\.{label})*$"
    if most < _LONG_EMAIL:
        return (form,), min(most, 65)  # with an @ and one character before the host
    return (form, f"^[^@]{{1,{min(most - 64, 64)}}}@[^@]{{1,63}}$"), None


_LONG_EMAIL = 100


def _ipv6() -> str:
    def groups(most: int) -> str:
        return f"({_IPV6_GROUP}(:{_IPV6_GROUP}){{0,{most - 1}}})?" if most else ""

    # `::` stands for one or more groups of zeros, so at most seven others are written.
    whole = f"{_IPV6_GROUP}(:{_IPV6_GROUP}){{7}}"
    short = [f"{groups(0)}::{groups(7)}"]
    short += [
        f"{_IPV6_GROUP}(:{_IPV6_GROUP}){{{left - 1}}}::{groups(7 - left)}" for left in range(1, 8)
    ]
    return "|".join((whole, *short, f"::([Ff]{{4}}:)?{_IPV4}"))


def _uuid(version: str) -> str:
    variant = _HEX if version == _HEX else "[89ABab]"
    return f"^{_HEX}{{8}}-{_HEX}{{4}}-{version}{_HEX}{{3}}-{variant}{_HEX}{{3}}-{_HEX}{{12}}$"


_NAME = "A-Za-z0-9._~!$&'()*+,;="  # unreserved characters and sub-delims
_PERCENT = f"%{_HEX}{_HEX}"
_SCHEME = "[A-Za-z][A-Za-z0-9+.-]*"


def _uri(*, relative: bool, beyond: str = "") -> str:
    name = f"([{_NAME}{beyond}-]|{_PERCENT})*"
    user = f"([{_NAME}{beyond}:-]|{_PERCENT})*@"
    in_path, no_colon = f"[{_NAME}{beyond}:@-]|{_PERCENT}", f"[{_NAME}{beyond}@-]|{_PERCENT}"
    query = f"([{_NAME}{beyond}:@/?-]|{_PERCENT})*"
    authority = rf"({user})?(\[({_ipv6()})\]|{name})(:[0-9]*)?"
    path = f"(/({in_path})*)*"
    absolute = f"/(({in_path})+{path})?"
    whole = f"(//{authority}{path}|{absolute}|({in_path})+{path})?"
    tail = rf"(\?{query})?(#{query})?"
    if not relative:
        return f"^{_SCHEME}:{whole}{tail}$"
    without = f"(//{authority}{path}|{absolute}|({no_colon})+{path})?"
    return f"^({_SCHEME}:{whole}|{without}){tail}$"


def bounded_uri(most: int) -> str:
    """Write the URIs of which no part is much longer than it usually is, up to a length.

    The parts of a URI have no lengths of their own, so with `maxLength` they share it: 30 % for the
    host, 35 % each for the path and the query, and 10 % for the fragment, without user names.
    """

    def part(chars: str, share: int) -> str:
        # A fifth of it is for the characters that are written as % and two digits.
        room = min(max((most - 20) * share // 100, 0), 256)
        escapes = min(room // 5 // 8, 2)
        return f"{chars}{{0,{room - 7 * escapes}}}({_PERCENT}{chars}{{0,4}}){{0,{escapes}}}"

    name, chars = f"[{_NAME}-]", f"[{_NAME}:@/-]"
    scheme = "[A-Za-z][A-Za-z0-9+.-]{0,5}"
    tail = rf"(\?{part(chars, 30)})?(#{part(chars, 10)})?"
    return (
        f"^{scheme}:(//{name}{{0,{max((most - 20) * 25 // 100, 0)}}}(:[0-9]{{0,5}})?"
        f"(/{part(chars, 35)})?{tail}|{name}{part(chars, 50)})$"
    )


_VARIABLE = f"([A-Za-z0-9_]|{_PERCENT})+(\\.([A-Za-z0-9_]|{_PERCENT})+)*(:[1-9][0-9]{{0,3}}|\\*)?"
_TEMPLATE = (
    "^([^\\x00-\\x20\"'%<>\\\\^`{|}\\x7f]|" + _PERCENT
    + "|\\{[+#./;?&=,!@|]?" + _VARIABLE + "(," + _VARIABLE + ")*\\})*$"
)  # fmt: skip
_POINTER = "(/([^/~]|~[01])*)*"


def _base64(digits: str) -> str:
    # Of a digit before the padding not all bits are used: the others are 0.
    return f"^([{digits}]{{4}})*([{digits}][AQgw]==|[{digits}]{{2}}[AEIMQUYcgkosw048]=)?$"


_IP = "^(" + _IPV4 + "|" + _ipv6() + ")$"

FORMATS = MappingProxyType(
    {
        "base64": _base64("A-Za-z0-9+/"),
        "base64url": _base64("A-Za-z0-9_-"),
        "date": f"^{_DATE}$",
        "time": f"^{_TIME}$",
        "date-time": f"^{_DATE}T{_TIME}$",
        "duration": _duration(),
        "email": _email(_ATOM, _host()),
        "hostname": f"^{_host()}$",
        "idn-email": _email(_ATOM.replace("]", f"{_BEYOND}]"), _host(_BEYOND)),
        "ipv4": f"^{_IPV4}$",
        "ipv6": "^(" + _ipv6() + ")$",
        # Names of pydantic. A network without a prefix is one address.
        **dict.fromkeys(("ipvanyaddress", "ipvanyinterface", "ipvanynetwork"), _IP),
        **dict.fromkeys(("ipv4interface", "ipv4network"), f"^{_IPV4}$"),
        **dict.fromkeys(("ipv6interface", "ipv6network"), "^(" + _ipv6() + ")$"),
        "iri": _uri(relative=False, beyond=_BEYOND),
        "iri-reference": _uri(relative=True, beyond=_BEYOND),
        "json-pointer": f"^{_POINTER}$",
        "relative-json-pointer": f"^(0|[1-9][0-9]*)(#|{_POINTER})$",
        "uri": _uri(relative=False),
        "uri-reference": _uri(relative=True),
        "uri-template": _TEMPLATE,
        "uuid": _uuid(_HEX),
        **{f"uuid{version}": _uuid(version) for version in "134567"},
    }
)
INTEGER_FORMATS = MappingProxyType(
    {f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
    | {f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a string that has a length of its own.

    Attributes:
        most: The most characters.
        ends: The character that ends it, after which the next one begins; empty: there is none.
        after: The character that must come before the first; empty: it begins with the string.
    """

    most: int
    ends: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A format of which the bridge counts the characters, and checks what takes many states.

    Attributes:
        grammar: What the grammar has.
        exact: The strings of the format, but for their lengths.
        parts: Its parts that have lengths.
        checked: Characters; up to the first of them the grammar has the strings of the format only.
    """

    grammar: str
    exact: str
    parts: tuple[Part, ...] = ()
    checked: str = ""


def _uncounted_host(other: str = "") -> str:
    ends, inside = f"[A-Za-z0-9{other}]", f"[A-Za-z0-9{other}-]"
    label = f"{ends}({inside}{{0,2}}{ends}|{inside}({ends}{inside}|-{ends}){inside}*{ends})?"
    return rf"{label}(\.{label})*"


def _uncounted_email(other: str = "") -> Uncounted:
    pattern = _email(_ATOM.replace("]", f"{other}]"), _uncounted_host(other))
    return Uncounted(pattern, pattern, (Part(63, ends=".", after="@"), Part(253, after="@")))


def _unchecked_uri(*, relative: bool) -> Uncounted:
    exact = _uri(relative=relative)
    grammar = exact.replace(_ipv6(), f"({_HEX}|[.:])+").replace(_PERCENT, "%")
    return Uncounted(grammar, exact, checked="[%")


_LABELS = "[A-Za-z0-9]+(-+[A-Za-z0-9]+)*"
UNCOUNTED: Mapping[str, Uncounted] = MappingProxyType(
    {
        "hostname": Uncounted(
            rf"^{_LABELS}(\.{_LABELS})*$",
            f"^{_uncounted_host()}$",
            (Part(63, ends="."), Part(253)),
            checked="-",
        ),
        "email": _uncounted_email(),
        "idn-email": _uncounted_email(_BEYOND),
        "uri": _unchecked_uri(relative=False),
        "uri-reference": _unchecked_uri(relative=True),
    }
)
"""Formats that a grammar can only write with many states."""

# No grammar says what these are.
REFUSED_FORMATS = frozenset({"regex", "idn-hostname"})
KNOWN_FORMATS = frozenset({*FORMATS, *INTEGER_FORMATS, *REFUSED_FORMATS})
