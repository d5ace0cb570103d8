"""Schemas, each with values that fit it and values that do not."""

from __future__ import annotations

from typing import Any

__all__ = ["CASES", "COUNTED", "WIDER", "string"]


def string(**keywords: Any) -> dict[str, Any]:
    return {"type": "string", **keywords}


KINDS: dict[str, Any] = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
OPEN: dict[str, Any] = {"properties": {"a": {"type": "integer"}}, "additionalProperties": True}
SET: dict[str, Any] = {"uniqueItems": True, "items": {"enum": ["a", "b", "c"]}}
IF: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"enum": ["cat", "dog"]}, "lives": {"type": "integer"}},
    "required": ["kind"],
    "if": {"properties": {"kind": {"const": "cat"}}},
    "then": {"required": ["lives"]},
}
X: dict[str, Any] = {"^x-": {"type": "integer"}}

CASES: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    (
        string(format="uri"),
        [
            "https://user@www.my-site.example.org:8080/a%20b/c?q=1&r=2#part", "http://localhost",
            "http://127.0.0.1/", "http://[::1]:80/x", "mailto:ada@example.org", "urn:isbn:045145",
        ],
        ["no scheme", "http://a b", "http://%zz", "http://host:port/"],
    ),
    (string(format="uri", maxLength=2083), ["https://example.org/a?b=%20#c"], ["x y"]),
    (
        string(format="email"),
        ["x@example.technology", "a.b+c@mail.example.org", "x@localhost"],
        ["x", "a..b@example.org", f"a@{'b' * 64}.org"],
    ),
    *(
        (
            string(format="email", maxLength=most),
            [
                "jennifer@example.com", "jennifer.smith@mail.example.com", "x@example.technology",
                "o'brien+n@my-firm.io",
                "customer.service@international-business.com",
                "a" * min(most // 2 - 5, 36) + "@b.org",
            ],
            ["a" * (most - 4) + "@b.org", "a..b@example.org", f"a@{'b' * 64}.org", "x@-a.org", "x"],
        )
        for most in (50, 99, 100, 254, 500)
    ),
    *(
        (
            string(minLength=least, maxLength=most),
            ["é" * least, "a" * (least + 1), '"\\\n' * (most // 3), "中" * (most - 1), "x" * most],
            [*(["a" * (least - 1)] if least else []), "a" * (most + 1), "a" * (2 * most)],
        )
        for least, most in ((0, 16), (0, 17), (3, 31), (0, 80), (20, 64), (1, 500), (100, 4096))
    ),
    (
        string(pattern="^#[a-zA-Z_-]{0,20}([.][a-zA-Z]{2,40}){1,3}$"),
        ["#a.bc", "#.ab.cd.ef", f"#{'a' * 20}.{'b' * 40}"],
        [f"#{'a' * 21}.bc", f"#a.{'b' * 41}", "#a", "#a.bc.de.fg.hi"],
    ),
    (
        string(format="hostname"),
        ["localhost", "a-b-c.example.com", "a" * 63],
        ["a" * 64, "-a", "a-", "a..b"],
    ),
    (string(format="duration"), ["P1M", "PT0.5S", "P1Y2M3DT4H5M6S", "P2W"], ["P", "PT", "P1S"]),
    (string(format="uuid"), ["123E4567-E89B-12D3-A456-426614174000"], ["123"]),
    (string(format="x-own"), ["anything"], []),
    (string(format="date", pattern="^2024"), ["2024-02-29"], ["2023-01-01", "2024-02-30"]),
    (
        string(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", maxLength=50),
        ["kubernetes-dashboard", "a" * 50],
        ["a" * 51, "a--b"],
    ),
    (string(pattern="^(\\w+ )*\\w+$", maxLength=20), ["hello world"], ["hello  world", "a " * 10]),
    ({"type": "string", "nullable": True, "enum": ["a"]}, ["a"], [None]),
    ({"type": "string", "nullable": True, "enum": ["a", None]}, ["a", None], ["b"]),
    ({"type": "string", "not": {"enum": ["a"]}}, ["b", "aa", ""], ["a"]),
    ({"type": "string", "not": {"pattern": "b"}}, ["a", ""], ["abc"]),
    ({"type": ["string", "integer"], "not": {"type": "string"}}, [1], ["a"]),
    ({"type": "integer", "not": {"const": 5}}, [4, 6, -5], [5]),
    ({"type": "number", "multipleOf": 0.01}, [1.25, 3, -0.5], [1.255]),
    ({"type": "integer", "format": "uint8"}, [0, 255], [-1, 256]),
    ({"type": "object", **OPEN}, [{"a": 1, "b": "x"}, {"b": [None]}], [{"a": "x"}]),
    ({"type": "object", "patternProperties": X}, [{"x-a": 1}, {}], [{"a": 1}, {"x-a": "b"}]),
    ({"type": "object", "required": ["a"]}, [{"a": 1, "b": 2}], [{"b": 2}]),
    ({"type": "object", **KINDS}, [{"a": 1}, {"b": 2}], [{}, {"a": 1, "b": 2}]),
    (
        {"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}},
        [{"b": 1}, {"a": 1, "b": 2}, {}],
        [{"a": 1}],
    ),
    ({"properties": {"a": {}, "b": {}}, "minProperties": 1}, [{"a": 1}, {"b": 1}], [{}]),
    ({"properties": {"a": {}, "b": {}}, "maxProperties": 1}, [{"a": 1}, {}], [{"a": 1, "b": 1}]),
    (IF, [{"kind": "dog"}, {"kind": "cat", "lives": 9}], [{"kind": "cat"}]),
    (SET, [[], ["a"], ["c", "a"]], [["a", "a"], ["d"]]),
    ({"items": {"type": "integer"}, "contains": {"minimum": 5}}, [[5], [1, 7, 2]], [[], [1]]),
    ({"type": "array", "items": [{"const": 1}], "additionalItems": {"const": 2}}, [[1, 2]], [[2]]),
    (
        string(pattern="^$|(^x$)"), ["", "x"], ["xx", "y"],
    ),
    (
        {"$ref": "#/$defs/a", "$defs": {"a": {"$id": "https://example.org/a", "$ref": "b",
         "$defs": {"b": {"$id": "b", "const": 2}}}}},
        [2],
        [1],
    ),
    ({"dependencies": {"a": ["b"]}, "properties": {"a": {}, "b": {}}}, [{"b": 1}], [{"a": 1}]),
    (string(format="byte"), ["any text"], []),
    (string(format="url", maxLength=40), ["any text"], ["x" * 41]),
    ({"type": "integer", "multipleOf": 2.5, "minimum": 0, "maximum": 10}, [0, 5, 10], [2, 7]),
    ({"type": "number", "minimum": -1}, [-1, 0.5, 1.25, 100], [-1.5]),
    ({"uniqueItems": True, "items": {"enum": [1, 2]}, "minItems": 2}, [[1, 2]], [[1], [2, 2]]),
    ({"$ref": "#a", "$defs": {"A": {"$anchor": "a", "const": 1}}}, [1], [2]),
]  # fmt: skip


SHORT = string(maxLength=3)
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"name": SHORT, "inner": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
    "required": ["name", "inner"],
}

# Where the bridge counts, and where only the grammar can.
COUNTED: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({"properties": {"a": SHORT, "b": string()}}, [{"a": "abc", "b": "abcd"}], [{"a": "abcd"}]),
    ({"additionalProperties": SHORT}, [{"x": "abc", "abcd": "ab"}], [{"x": "ab", "y": "abcd"}]),
    ({"items": SHORT, "minItems": 1}, [["abc", "a"], ['"\\\n']], [["a", "abcd"], ['a"\\\n']]),
    (
        {"prefixItems": [SHORT, string()], "items": string(maxLength=5), "minItems": 3},
        [["abc", "abcdef", "abcde"]],
        [["abcd", "a", "a"], ["a", "a", "a", "abcdef"]],
    ),
    (TREE, [{"name": "a", "inner": {"name": "abc", "inner": None}}],
     [{"name": "a", "inner": {"name": "abcd", "inner": None}}]),
    ({"anyOf": [SHORT, {"type": "null"}]}, ["abc", None], ["abcd"]),
    # Which of the two a string is, the bridge cannot tell.
    ({"anyOf": [SHORT, string(pattern="^x{5}$")]}, ["abc", "xxxxx"], ["abcd", "xxxxxx"]),
    (
        {"anyOf": [
            {"properties": {"k": {"const": 1}, "v": SHORT}, "required": ["k", "v"]},
            {"properties": {"k": {"const": 2}, "v": string(maxLength=5)}, "required": ["k", "v"]},
        ]},
        [{"k": 1, "v": "abc"}, {"k": 2, "v": "abcde"}],
        [{"k": 1, "v": "abcd"}, {"k": 2, "v": "abcdef"}],
    ),
    ({"properties": {"a\"é": SHORT}}, [{'a"é': "é中😀"}], [{'a"é': "é中😀a"}]),
    (string(pattern="^(ab)*$", maxLength=5), ["", "abab"], ["ababab", "aba"]),
    (string(pattern="^(ab)*c?$", minLength=3, maxLength=5), ["abc", "ababc"], ["c", "abababc"]),
    (string(format="date", maxLength=10), ["2024-02-29"], ["2024-02-30"]),
    (string(format="uri", maxLength=20), ["http://[::1]/%20abcd"], ["http://[::1]/%20abcde"]),
]  # fmt: skip

NAMES: dict[str, Any] = {"type": "array", "items": string(), "uniqueItems": True}

# The grammar alone refuses `NAMES`, and gives the parts of these shares of the length.
WIDER: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    (
        NAMES,
        [[], ["apple", "avocado", "app", ""], ["a\\", 'a"', 'a\\"', "the", "then"]],
        [["a", "a"], ["", ""], ["the", "b", "the"], ['a"b', 'a"b'], ["a\\", "b", "a\\"]],
    ),
    (
        {"type": "array", "items": string(minLength=1), "uniqueItems": True, "minItems": 2},
        [["a", "b"]],
        [["a"], ["a", "a"], ["a", ""]],
    ),
    ({"properties": {"a": NAMES, "b": NAMES}}, [{"a": ["x"], "b": ["x"]}], [{"a": ["x", "x"]}]),
    (string(format="hostname", maxLength=70), ["a" * 63 + ".bcdef", "a-b.c--d", "abc--d"],
     ["ab--c", "a" * 63 + ".bcdefgh", "a" * 64, "x.ab--c"]),
    (string(format="hostname"), [".".join(["a" * 62] * 4)], [".".join(["a" * 62] * 4) + ".bcd"]),
    (string(format="uri"), ["http://[::1]/%20", "http://[fe80::1:2]:80/"],
     ["http://[::1::]/", "http://[1:2]/", "a:%2", "a:%2g", "a:%", "http://[]/", "http://[::1"]),
    (
        string(format="uri", maxLength=60),
        ["https://a-rather-long-host-name.example.com/and/a/path?x=1#y"],
        ["https://a-rather-long-host-name.example.com/and/a/path?x=1#yz"],
    ),
]  # fmt: skip
