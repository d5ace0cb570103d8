"""Type hints of classes and functions: resolved, and taken apart.

Examples:
    >>> unwrapped(Annotated[int, "An age."])
    (<class 'int'>, ('An age.',))
    >>> class Point(typing.NamedTuple):
    ...     x: int = 0
    >>> members_of(Point, param="tools")
    [Member(name='x', type=<class 'int'>, required=False, default=0, description=None)]
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Final, NewType, TypeVar, Union, get_args, get_origin

from pywebllm.errors import InvalidRequestError

__all__ = [
    "MISSING",
    "Member",
    "class_of",
    "hints_of",
    "is_model",
    "is_pydantic_dataclass",
    "is_union",
    "members_of",
    "unwrapped",
]

MISSING: Final = dataclasses.MISSING


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A field of a class; `default` is `MISSING` when it has none, or one made by a factory."""

    name: str
    type: Any
    required: bool
    default: object
    description: str | None = None


def hints_of(owner: Any, *, param: str) -> dict[str, Any]:
    """Resolve the type hints of a class or function, including those written as strings.

    Raises:
        InvalidRequestError: A hint uses a name that cannot be found.
    """
    name = getattr(owner, "__name__", type(owner).__name__)
    # The name of a class that is local to a function is not one of its module.
    local = {name: owner} if isinstance(owner, type) else None
    try:
        return typing.get_type_hints(owner, localns=local, include_extras=True)
    except (AttributeError, NameError, SyntaxError, TypeError) as error:
        raise InvalidRequestError(
            f"the annotations of {name} cannot be resolved: {error}",
            advice="Define the types they name at the top of its module.",
            param=param,
        ) from error


def unwrapped(type_: Any) -> tuple[Any, tuple[object, ...]]:
    """Remove `Annotated`, `Required`, `NotRequired`, `ReadOnly`, `Final` and `NewType`.

    Returns:
        The type itself, and its annotations; the outermost come last.
    """
    annotations: tuple[object, ...] = ()
    while True:
        if get_origin(type_) is Annotated:
            annotations = (*type_.__metadata__, *annotations)
            type_ = type_.__origin__
        elif _qualifier(type_) is not None:
            (type_,) = get_args(type_)
        elif isinstance(type_, NewType):
            type_ = type_.__supertype__
        else:
            return type_, annotations


def is_union(type_: Any) -> bool:
    """Return whether a type is `Union[…]`, `Optional[…]` or `… | …`."""
    return get_origin(type_) in (Union, UnionType)


def is_model(type_: Any) -> bool:
    """Return whether a type is a pydantic class, by its methods."""
    return isinstance(type_, type) and all(
        callable(getattr(type_, name, None))
        for name in ("model_json_schema", "model_validate_json")
    )


def is_pydantic_dataclass(type_: Any) -> bool:
    """Return whether a class is a pydantic dataclass, which validates its fields."""
    return bool(_infos(get_origin(type_) or type_))


def class_of(type_: Any) -> Any:
    """Take the dataclass, `TypedDict` or `NamedTuple` that a type is, with or without arguments.

    Returns:
        None when it is not one of these.
    """
    found = get_origin(type_) or type_
    return found if isinstance(found, type) and _reader(found) is not None else None


def members_of(type_: Any, *, param: str) -> list[Member]:
    """List the fields of such a class, in order.

    Raises:
        InvalidRequestError: A type hint cannot be resolved, or the class cannot be made from its
            fields alone.
    """
    class_ = class_of(type_)
    read = _reader(class_)
    assert read is not None
    chosen = dict(zip(getattr(class_, "__parameters__", ()), get_args(type_), strict=False))
    hints = hints_of(class_, param=param)
    _check_made_of_fields(class_, hints, param)
    _check_no_infos(class_, param)
    return read(class_, {name: _filled(hint, chosen) for name, hint in hints.items()})


def _check_made_of_fields(class_: Any, hints: Mapping[str, Any], param: str) -> None:
    options = getattr(class_, "__dataclass_params__", None)
    if options is not None and not options.init and class_.__init__ is object.__init__:
        raise InvalidRequestError(
            f"{class_.__name__} cannot be made from its fields: it has no `__init__`",
            advice="Remove init=False.",
            param=param,
        )
    for name, hint in hints.items():
        is_init_var = hint is dataclasses.InitVar or isinstance(hint, dataclasses.InitVar)
        if is_init_var and not hasattr(class_, name):
            raise InvalidRequestError(
                f"{class_.__name__}.{name}: an InitVar without a default is not a field that"
                " JSON can contain",
                advice="Give it a default, or make it a field.",
                param=param,
            )


def _check_no_infos(class_: Any, param: str) -> None:
    if _infos(class_) or not dataclasses.is_dataclass(class_):
        return
    name = getattr(class_, "__name__", repr(class_))
    for field in dataclasses.fields(class_):
        if _is_info(field.default):
            raise InvalidRequestError(
                f"{name}.{field.name}: a pydantic Field has no effect in a plain dataclass",
                advice="Use pydantic.dataclasses.dataclass, or Annotated.",
                param=param,
            )


def _reader(class_: type) -> Callable[[Any, Mapping[str, Any]], list[Member]] | None:
    if dataclasses.is_dataclass(class_):
        return _of_dataclass
    if issubclass(class_, dict) and hasattr(class_, "__required_keys__"):
        return _of_typed_dict
    if issubclass(class_, tuple) and hasattr(class_, "_field_defaults"):
        return _of_named_tuple
    return None


def _of_dataclass(class_: Any, hints: Mapping[str, Any]) -> list[Member]:
    infos = _infos(class_)
    return [
        _of_info(infos[field.name], field.name, hints[field.name])
        if field.name in infos
        else _of_field(field, hints[field.name])
        for field in dataclasses.fields(class_)
        if field.init
    ]


def _of_field(field: dataclasses.Field[Any], hint: Any) -> Member:
    return Member(
        field.name,
        hint,
        required=field.default is MISSING and field.default_factory is MISSING,
        default=field.default,
        description=field.metadata.get("description"),
    )


def _of_info(info: Any, name: str, hint: Any) -> Member:
    """Take a field of a pydantic dataclass, whose default may be a pydantic `Field`."""
    has_default = not info.is_required() and info.default_factory is None
    alias = info.validation_alias  # the name that the constructor takes
    return Member(
        alias if isinstance(alias, str) else name,
        Annotated[hint, info],
        required=info.is_required(),
        default=info.default if has_default else MISSING,
    )


def _infos(class_: Any) -> Mapping[str, Any]:
    # A plain dataclass that inherits from a pydantic dataclass is not one itself.
    found: Mapping[str, Any] = vars(class_).get("__pydantic_fields__", {})
    return found


def _is_info(value: object) -> bool:
    return callable(getattr(value, "is_required", None)) and hasattr(value, "metadata")


def _of_typed_dict(class_: Any, hints: Mapping[str, Any]) -> list[Member]:
    return [
        Member(
            name,
            hint,
            required=_is_required(hint, default=name in class_.__required_keys__),
            default=MISSING,
        )
        for name, hint in hints.items()
    ]


def _of_named_tuple(class_: Any, hints: Mapping[str, Any]) -> list[Member]:
    defaults = class_._field_defaults
    return [
        Member(
            name,
            hints.get(name, Any),
            required=name not in defaults,
            default=defaults.get(name, MISSING),
        )
        for name in class_._fields
    ]


def _is_required(hint: Any, *, default: bool) -> bool:
    # `__required_keys__` does not see the qualifiers of a hint written as a string.
    while (found := _qualifier(hint)) is not None or get_origin(hint) is Annotated:
        if found in ("Required", "NotRequired"):
            return found == "Required"
        hint = get_args(hint)[0]
    return default


def _qualifier(type_: Any) -> str | None:
    name = getattr(get_origin(type_), "_name", None)
    return name if name in ("Required", "NotRequired", "ReadOnly", "Final") else None


def _filled(hint: Any, chosen: Mapping[Any, Any]) -> Any:
    """Put a generic class's arguments in place of its type variables."""
    if isinstance(hint, TypeVar):
        return chosen.get(hint, hint)
    open_ = getattr(hint, "__parameters__", ())
    if not open_ or not all(variable in chosen for variable in open_):
        return hint
    return hint[tuple(chosen[variable] for variable in open_)]
