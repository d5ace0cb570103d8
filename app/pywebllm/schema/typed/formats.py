r"""What the names of `format` mean: regular expressions for strings, and the names for numbers.

Each is narrower than its standard where that allows more than most applications expect. Sources:
RFC 3339 (dates, times, durations), RFC 5321 (email), RFC 1123 (hostname), RFC 4291 (ipv6),
RFC 9562 (uuid), RFC 3986 (uri).

Examples:
    >>> FORMATS["uuid4"]
    '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
"""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["FORMATS", "FREE_FORMATS", "NUMBER_FORMATS", "SHORT_FORMATS"]

_YEAR = "[1-9][0-9]{3}"
_LEAP_YEAR = "([1-9][0-9](0[48]|[2468][048]|[13579][26])|(1[26]|[2468][048]|[3579][26])00)"
_DATE = (
    f"({_YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)"
    f"|(0[13578]|1[02])-31)|{_LEAP_YEAR}-02-29)"
)
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME = rf"{_CLOCK}:[0-5][0-9](\.[0-9]{{1,6}})?(Z|[+-]{_CLOCK})"
_COUNT = "(0|[1-9][0-9]{0,3})"
_CLOCK_COUNT = f"({_COUNT}H({_COUNT}M({_COUNT}S)?)?|{_COUNT}M({_COUNT}S)?|{_COUNT}S)"
# Runs without an upper bound cost the engine far less than runs with one.
_LABEL = "[A-Za-z0-9]+(-[A-Za-z0-9]+)?"
_HOST = rf"{_LABEL}(\.{_LABEL})?(\.{_LABEL})?\.[A-Za-z]{{2,6}}"
# Where `maxLength` bounds the whole, the parts are short as well: the engine then compiles such a
# grammar in under a second instead of seven.
_SHORT_LABEL = "[A-Za-z0-9]{1,15}(-[A-Za-z0-9]{1,15})?"
_SHORT_HOST = rf"{_SHORT_LABEL}(\.{_SHORT_LABEL})?(\.{_SHORT_LABEL})?\.[A-Za-z]{{2,6}}"
_MAILBOX = r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)?(\.[A-Za-z0-9_+-]+)?"
_IN_PATH = "[A-Za-z0-9._~/-]"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HEX = "[0-9a-f]"
_IPV6_GROUP = f"{_HEX}{{1,4}}"


def _ipv6() -> str:
    def groups(most: int) -> str:
        return f"({_IPV6_GROUP}(:{_IPV6_GROUP}){{0,{most - 1}}})?" if most else ""

    # `::` stands for one or more groups of zeros, so at most seven others are written.
    whole = f"{_IPV6_GROUP}(:{_IPV6_GROUP}){{7}}"
    short = [f"{groups(0)}::{groups(7)}"]
    short += [
        f"{_IPV6_GROUP}(:{_IPV6_GROUP}){{{left - 1}}}::{groups(7 - left)}" for left in range(1, 8)
    ]
    return "|".join(f"^{branch}$" for branch in (whole, *short))


def _uuid(version: str) -> str:
    variant = _HEX if version == _HEX else "[89ab]"
    return f"^{_HEX}{{8}}-{_HEX}{{4}}-{version}{_HEX}{{3}}-{variant}{_HEX}{{3}}-{_HEX}{{12}}$"


FORMATS = MappingProxyType(
    {
        "date": f"^{_DATE}$",
        "time": f"^{_TIME}$",
        "date-time": f"^{_DATE}T{_TIME}$",
        "duration": f"^P({_COUNT}D(T{_CLOCK_COUNT})?|T{_CLOCK_COUNT}|{_COUNT}W)$",
        "email": f"^{_MAILBOX}@{_HOST}$",
        "hostname": f"^{_HOST}$",
        "ipv4": rf"^{_OCTET}(\.{_OCTET}){{3}}$",
        "ipv6": _ipv6(),
        "uuid": _uuid(_HEX),
        **{f"uuid{version}": _uuid(version) for version in "134567"},
        "uri": rf"^https?://{_HOST}(/{_IN_PATH}*)?$",
    }
)
# Used instead of the above with a `maxLength`, unless `minLength` asks for more than they hold.
SHORT_FORMATS = MappingProxyType(
    {"uri": f"^https?://{_SHORT_HOST}(/{_IN_PATH}{{0,100}})?$"},
)
# Any string fits these: they say how it is displayed or stored.
FREE_FORMATS = frozenset({"binary", "directory-path", "file-path", "password", "path"})
NUMBER_FORMATS = frozenset({"double", "float", "int32", "int64"})
