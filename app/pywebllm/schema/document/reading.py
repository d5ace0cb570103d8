"""From a JSON Schema document to its typed schema.

Each schema is flattened first (`flattening`), then taken apart into the branches of its `anyOf` or
`oneOf` (`unions`), and each branch by type: the keywords of a type are read by the module named
after it.

Examples:
    >>> tree = {"properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}
    >>> document = read_document(tree)
    >>> document.root
    Ref(name='object')
    >>> document.definitions["object"].properties[0].schema
    AnyOf(options=(Ref(name='object'), Enum(texts=('null',))))
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import (
    BOOLEAN,
    NULL,
    Anything,
    Document,
    Nothing,
    Ref,
    TypedSchema,
    any_of,
)

from .arrays import read_array
from .canonical import exact_json
from .checks import TYPES
from .enums import read_enum
from .flattening import Flattener
from .identifiers import localized
from .keywords import Schema, limited_types, limiting
from .limits import check_size
from .merging import allowed_types
from .numbers import read_number
from .objects import read_object
from .reader import Reader
from .strings import read_string
from .unions import branches

__all__ = ["DocumentReader", "read_document"]

_MOST_CHOICES = 2000  # those of `anyOf`, `oneOf` and `if` that apply together multiply


def read_document(schema: object, *, param: str = "response_format") -> Document:
    """Read a JSON Schema document, draft 2020-12.

    Args:
        schema: The document.
        param: The parameter of the request that it was passed as, for errors.

    Raises:
        InvalidRequestError: It is not a schema, or not one that is supported; the error names the
            keyword and its JSON path.
    """
    place = Place(param)
    check_size(schema, place)
    schema = localized(schema)
    reader = DocumentReader(schema)
    root = reader.read(schema, place)
    return Document(root, reader.definitions, place)


class DocumentReader:
    """Reads the schemas of one document.

    Attributes:
        definitions: The objects and arrays that were read, by name.
    """

    def __init__(self, root: object) -> None:
        self.definitions: dict[str, TypedSchema] = {}
        self._flattener = Flattener(root)
        # By the text of their keywords: also what was joined of several schemas may come again.
        self._references: dict[str, Ref | Nothing] = {}
        self._choices: dict[str, TypedSchema] = {}
        self._choosing: frozenset[str] = frozenset()
        self._count = 0

    def read(self, schema: object, place: Place) -> TypedSchema:
        """Read a schema; `Nothing` when no value fits it."""
        flat = self.flat(schema, place)
        if flat is None:
            return Nothing()
        if not flat:
            return Anything()
        options = branches(flat, place, self.flat)
        if options is None:
            return self._plain(flat, place)
        return self._any_of(flat, options, place)

    def flat(self, schema: object, place: Place) -> Schema | None:
        """Resolve `$ref`, `allOf` and `const` at the top of a schema; None when nothing fits."""
        return self._flattener.flat(schema, place)

    def _any_of(
        self, flat: Schema, options: list[tuple[Schema, Place]], place: Place
    ) -> TypedSchema:
        # Once for each: n choices that each share two of the next would be read 2ⁿ times.
        key = exact_json(flat)
        self._count += 1
        if self._count > _MOST_CHOICES:
            raise place.error("the choices grow too many", advice="Write fewer branches.")
        if key in self._choices:
            return self._choices[key]
        if key in self._choosing:
            raise place.error(
                "the choice only leads back to itself",
                advice="Point '$ref' to a schema other than the choice it is in.",
            )
        before, self._choosing = self._choosing, self._choosing | {key}
        found = any_of(*(self.read(option, inner) for option, inner in options))
        self._choosing = before
        self._choices[key] = found
        return found

    def _plain(self, flat: Schema, place: Place) -> TypedSchema:
        if "enum" in flat:
            return read_enum(flat, place, self.flat)
        return any_of(*(self._typed(name, flat, place) for name in _types(flat)))

    def _typed(self, type_: str, flat: Schema, place: Place) -> TypedSchema:
        keywords = limiting(flat, type_)
        excluded: Any = flat.get("not", {})
        if type_ == "integer" and excluded.get("integer"):
            return Nothing()
        match type_:
            case "boolean":
                return BOOLEAN
            case "null":
                return NULL
            case "string":
                return read_string(keywords, place)
            case "object" | "array":
                return self._defined(type_, keywords, place)
            case _:
                return read_number(keywords, place, is_integer=type_ == "integer")

    def _defined(self, type_: str, keywords: Schema, place: Place) -> Ref | Nothing:
        """Read an object or array into a definition, once for each text of its keywords."""
        key = f"{type_} {exact_json(keywords)}"
        if key not in self._references:
            ref = Ref(self._free(place.name or type_))
            self._references[key] = ref
            # Keeps the name while the definition is read, which may refer to it.
            self.definitions[ref.name] = Nothing()
            # Inside of it, a choice may come back to one outside.
            before, self._choosing = self._choosing, frozenset()
            found = _READERS[type_](keywords, place, self)
            self._choosing = before
            self.definitions[ref.name] = found
            if isinstance(found, Nothing):
                self._references[key] = found
        return self._references[key]

    def _free(self, name: str) -> str:
        found, count = name, 1
        while found in self.definitions:
            count += 1
            found = f"{name}_{count}"
        return found


_READERS: MappingProxyType[str, Callable[[Schema, Place, Reader], TypedSchema]] = MappingProxyType(
    {"object": read_object, "array": read_array}
)


def _types(flat: Schema) -> list[str]:
    """List the types a flat schema is for: those it names, else those its keywords limit."""
    named = allowed_types(flat)
    if named is None:
        named = limited_types(flat) or TYPES
    return [name for name in named if name != "integer" or "number" not in named]
