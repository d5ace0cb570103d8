"""An interpreter of EBNF, written from xgrammar's description and not from our writer.

It parses a grammar, recognizes the texts that it accepts, and derives random ones.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["Grammar"]

# ("text", str) | ("class", negated, [(first, last)]) | ("rule", name) | ("all", [nodes])
# | ("any", [nodes]) | ("times", node, least, most)
Node: TypeAlias = tuple[object, ...]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<chars>\[(?:[^\]\\\n]|\\.)*\])
      | (?P<name>[A-Za-z_][A-Za-z0-9_.-]*)
      | (?P<ahead>\(=)
      | (?P<times>\{\d+(?:,\d*)?\}|[*+?])
      | (?P<mark>[()|])
    )""",
    re.VERBOSE,
)
_ENDLESS = 10**6
_AHEAD = ("ahead", "(=")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)


@dataclass
class Grammar:
    """A grammar that was parsed."""

    rules: dict[str, Node]
    _known: dict[tuple[int, int], frozenset[int]] = field(default_factory=dict)
    _known_heights: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Grammar:
        rules = {}
        for line in text.removesuffix("\n").split("\n"):
            name, _, body = line.partition(" ::= ")
            assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name), line
            assert name not in rules, f"{name} comes twice"
            rules[name] = _Reader(body).read()
        grammar = cls(rules)
        for node in rules.values():
            grammar._check(node)
        assert "root" in rules
        return grammar

    def accepts(self, text: str) -> bool:
        self._known = {}
        return len(text) in self._ends(self.rules["root"], text, 0)

    def derive(self, chance: random.Random) -> str:
        return self._derive(self.rules["root"], chance, 0)

    def _check(self, node: Node) -> None:
        if node[0] == "rule":
            assert node[1] in self.rules, f"no rule {node[1]}"
        if node[0] == "any":
            # xgrammar 0.1.27 accepts too much where options start alike.
            heads = [repr(_head(option)) for option in _options(node)]
            assert len(set(heads)) == len(heads), f"options start alike: {heads}"
        for part in node[1:]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, tuple) and isinstance(inner[0], str):
                    self._check(inner)

    def _ends(self, node: Node, text: str, at: int) -> frozenset[int]:
        key = (id(node), at)
        if key not in self._known:
            self._known[key] = frozenset(self._find(node, text, at))
        return self._known[key]

    def _find(self, node: Node, text: str, at: int) -> set[int]:  # noqa: C901, PLR0911
        match node:
            case ("text", str(wanted)):
                return {at + len(wanted)} if text.startswith(wanted, at) else set()
            case ("class", negated, list(spans)):
                if at >= len(text):
                    return set()
                inside = any(first <= ord(text[at]) <= last for first, last in spans)
                return {at + 1} if inside is not negated else set()
            case ("rule", str(name)):
                return set(self._ends(self.rules[name], text, at))
            case ("any", list(options)):
                return {end for option in options for end in self._ends(option, text, at)}
            case ("all", list(parts)):
                ends = {at}
                for part in parts:
                    ends = {end for start in ends for end in self._ends(part, text, start)}
                return ends
            case ("times", tuple(part), int(least), most):
                return self._repeated(part, text, at, least, most)
        raise AssertionError(node)

    def _repeated(self, part: Node, text: str, at: int, least: int, most: object) -> set[int]:
        ends, found, count = {at}, {at} if least == 0 else set[int](), 0
        while ends and (most is None or count < int(str(most))):
            count += 1
            ends = {end for start in ends for end in self._ends(part, text, start)}
            if count >= least:
                if ends <= found:
                    break
                found |= ends
        return found

    def _derive(self, node: Node, chance: random.Random, depth: int) -> str:
        match node:
            case ("text", str(wanted)):
                return wanted
            case ("class", negated, list(spans)):
                return _member(chance, spans, negated=bool(negated))
            case ("rule", str(name)):
                return self._derive(self.rules[name], chance, depth + 1)
            case ("any", list(options)):
                return self._derive(self._option(options, chance, depth), chance, depth)
            case ("all", list(parts)):
                return "".join(self._derive(part, chance, depth) for part in parts)
            case ("times", tuple(part), int(least), most):
                top = least + 3 if most is None else int(str(most))
                count = least if depth > 12 else chance.choice((least, chance.randint(least, top)))
                return "".join(self._derive(part, chance, depth) for _ in range(count))
        raise AssertionError(node)

    def _option(self, options: list[Node], chance: random.Random, depth: int) -> Node:
        if depth <= 12:
            return chance.choice(options)
        heights = [self._height(option) for option in options]
        return options[heights.index(min(heights))]

    def _heights(self) -> dict[str, int]:
        """Count for each rule the rules that its shallowest text goes through."""
        if not self._known_heights:
            self._known_heights = dict.fromkeys(self.rules, _ENDLESS)
            before: dict[str, int] = {}
            while before != self._known_heights:
                before = dict(self._known_heights)
                for name, node in self.rules.items():
                    self._known_heights[name] = min(before[name], 1 + self._height(node))
        return self._known_heights

    def _height(self, node: Node) -> int:
        match node:
            case ("rule", str(name)):
                return self._heights()[name]
            case ("any", list(options)):
                return min(self._height(option) for option in options)
            case ("all", list(parts)):
                return max(self._height(part) for part in parts)
            case ("times", tuple(part), least, _):
                return self._height(part) if least else 0
            case _:
                return 0


class _Reader:
    def __init__(self, body: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(body.rstrip()):
            found = _TOKEN.match(body, at)
            assert found is not None, body[at : at + 40]
            kind = str(found.lastgroup)
            self._tokens.append((kind, found.group(kind)))
            at = found.end()
        self._tokens.append(("end", ""))

    def read(self) -> Node:
        node = self._any()
        if self._tokens[0][0] == "ahead":
            # What the engine may rely on when it looks at tokens; it changes no text of the rule.
            self._tokens.pop(0)
            self._all()
            assert self._tokens.pop(0) == ("mark", ")")
        assert self._tokens == [("end", "")], self._tokens[:3]
        return node

    def _any(self) -> Node:
        options = [self._all()]
        while self._tokens[0] == ("mark", "|"):
            self._tokens.pop(0)
            options.append(self._all())
        return options[0] if len(options) == 1 else ("any", options)

    def _all(self) -> Node:
        parts = []
        while self._tokens[0] not in (("mark", "|"), ("mark", ")"), ("end", ""), _AHEAD):
            parts.append(self._times(self._one()))
        assert parts, "an option is empty"
        return parts[0] if len(parts) == 1 else ("all", parts)

    def _times(self, node: Node) -> Node:
        kind, text = self._tokens[0]
        if kind != "times":
            return node
        self._tokens.pop(0)
        assert self._tokens[0][0] != "times", "a quantifier follows a quantifier"
        if text in "*+?":
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[text]
            return ("times", node, least, most)
        low, comma, high = text[1:-1].partition(",")
        return ("times", node, int(low), (int(high) if high else None) if comma else int(low))

    def _one(self) -> Node:
        kind, text = self._tokens.pop(0)
        if kind == "text":
            return ("text", "".join(chr(code) for code, _ in _codes(text[1:-1])))
        if kind == "chars":
            return _class(text[1:-1])
        if kind == "name":
            return ("rule", text)
        assert (kind, text) == ("mark", "(")
        node = self._any()
        assert self._tokens.pop(0) == ("mark", ")")
        return node


def _options(node: Node) -> list[Node]:
    found: list[Node] = []
    for option in node[1] if isinstance(node[1], list) else []:
        found += _options(option) if option[0] == "any" else [option]
    return found


def _head(node: Node) -> Node:
    match node:
        case ("text", str(text)):
            return ("text", text[:1])
        case ("all", list(parts)):
            return _head(parts[0])
        case ("times", tuple(part), int(least), _) if least > 0:
            return _head(part)
        case _:
            return node


def _member(chance: random.Random, spans: list[tuple[int, int]], *, negated: bool) -> str:
    if not negated:
        first, last = chance.choice(spans)
        return chr(chance.choice((first, last, chance.randint(first, last))))
    while True:
        code = chance.choice((chance.randint(0, 0x7F), chance.randint(0x80, 0xD7FF), 0x1F600))
        if not any(first <= code <= last for first, last in spans):
            return chr(code)


def _class(body: str) -> Node:
    negated = body.startswith("^")
    codes = _codes(body[1:] if negated else body)
    spans, at = [], 0
    while at < len(codes):
        if at + 2 < len(codes) and codes[at + 1] == (ord("-"), False):
            assert codes[at][0] <= codes[at + 2][0]
            spans.append((codes[at][0], codes[at + 2][0]))
            at += 3
        else:
            spans.append((codes[at][0], codes[at][0]))
            at += 1
    # What xgrammar 0.1.27 gets right; a negated class takes all characters beyond ASCII.
    assert all(last < 0x80 for _, last in spans), f"{body} goes beyond ASCII"
    return ("class", negated, spans)


def _codes(body: str) -> list[tuple[int, bool]]:
    """List the code points, and whether each was escaped."""
    codes, at = [], 0
    while at < len(body):
        found = _ESCAPE.match(body, at)
        if found is None:
            codes.append((ord(body[at]), False))
            at += 1
            continue
        number = found.group(1) or found.group(2)
        simple = {"n": "\n", "r": "\r", "t": "\t"}
        char = found.group(3)
        codes.append((int(number, 16) if number else ord(simple.get(char, char)), True))
        at = found.end()
    return codes
