"""The JSON that crosses the bridge: pure functions from JSON strings to values and back.

Keys are those of the bridge (`webllm_bridge.js`) and of WebLLM's model records. The bodies of
requests and the chunks of answers pass unchanged; `codec`, `chat` and `completions` know their
keys. `None` never crosses, because WebLLM rejects some keys that are merely present. In what
arrives, unknown keys are ignored; a missing one is an `EngineError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from typing import Any, Literal, TypeAlias, TypeVar

from .echo import shortened, shown, shown_names
from .errors import DisposedError, EngineError, InvalidRequestError, WebLLMError
from .records import EngineName, Model, ModelRecord
from .rejections import error_for
from .support import Shortfall, explain
from .values import Adapter, EngineChoice, EngineSupport, LoadProgress, Support

__all__ = [
    "Kind",
    "bridge_config",
    "files_request",
    "generate_request",
    "load_request",
    "parsing",
    "query_request",
    "read_browser_model",
    "read_choice",
    "read_chunks",
    "read_events",
    "read_model",
    "read_progress",
    "read_result",
    "read_support",
]

T = TypeVar("T")

# The kinds of requests that the loaded model answers.
Kind: TypeAlias = Literal["chat.completions", "completions", "embeddings", "resume"]

# Fields of a model record, with WebLLM's spelling where it differs.
_RECORD_KEYS = {"vram_required_mb": "vram_required_MB"}
_NOT_SENT = ("reason",)


def bridge_config(
    *, webllm_url: str, thread: str, keep_alive: float | None = None, max_models: int | None = None
) -> str:
    """Return the configuration with which the bridge is opened.

    The last two are for a shared engine; `keep_alive` is in seconds, negative: indefinitely.
    """
    limits = {"keepAlive": keep_alive, "maxModels": max_models}
    return _to_json({"webllmUrl": webllm_url, "thread": thread, **limits})


def load_request(model: str | ModelRecord, *, stall_timeout: float | None = None) -> str:
    """Return the request to load a model: an id of WebLLM's list, or a record.

    Args:
        model: The model.
        stall_timeout: Seconds without any progress, after which the load fails; 0: no limit;
            None: the bridge's default, 60.

    Raises:
        InvalidRequestError: The record is not JSON serializable.
    """
    named = model if isinstance(model, str) else _record(model)
    return _to_json({"model": named, "stall_timeout": stall_timeout})


def generate_request(kind: Kind, body: Mapping[str, object], *, model: str) -> str:
    """Return a request to a model.

    Args:
        kind: The kind of request.
        body: The request as WebLLM takes it; items that are None are left out.
        model: The id of the model. The bridge rejects the request if another model is loaded
            when it runs.

    Raises:
        InvalidRequestError: The body is not JSON serializable.
    """
    return _to_json({"kind": kind, "request": {**body, "model": model}})


def query_request(request: Mapping[str, object]) -> str:
    """Return a query that needs no model.

    Raises:
        InvalidRequestError: The query is not JSON serializable.
    """
    return _to_json(request)


def files_request(
    kind: str,
    fields: Mapping[str, object],
    *,
    model: str | ModelRecord | None = None,
    records: Iterable[ModelRecord] = (),
) -> str:
    """Return a query about the files of models.

    Args:
        kind: The kind of query.
        fields: Further fields of the query.
        model: The model whose files it is about: an id of WebLLM's list, or a record.
        records: Custom records, to find the models of files.

    Raises:
        InvalidRequestError: A record is not JSON serializable.
    """
    named = _record(model) if isinstance(model, ModelRecord) else model
    found = [_record(record) for record in records]
    return _to_json({"kind": kind, "model": named, "records": found, **fields})


def read_model(model: Model) -> str | ModelRecord | None:
    """Return the model that a caller names; a mapping becomes a record.

    Raises:
        InvalidRequestError: `model` is not a model, or is a record with a key that is unknown,
            missing or empty.
    """
    if isinstance(model, str) and model.strip():
        return model.strip()
    if model is None or isinstance(model, ModelRecord):
        return model
    if isinstance(model, Mapping):
        return _read_record(model)
    raise InvalidRequestError(
        f"model must be None (the built-in model), a model id, or a model record, got"
        f" {shown(model)}"
    )


def read_progress(text: str) -> LoadProgress:
    """Read the newest progress of a load."""
    return _read("progress", text, _progress)


def read_chunks(text: str) -> list[dict[str, Any]]:
    """Read a batch of chunks, as WebLLM made them."""
    return _read("chunks", text, lambda found: [_object(chunk) for chunk in _array(found)])


def read_result(text: str) -> Any:
    """Read the result of a query."""
    return _read("a result", text, lambda found: found)


def read_events(text: str) -> list[WebLLMError]:
    """Read the events of an engine, as errors; events of an unknown type are left out."""
    return _read("events", text, lambda found: [e for e in map(_event, found) if e is not None])


def read_choice(text: str) -> EngineChoice:
    """Read which engine `auto` takes, and why."""
    return _read("the choice of an engine", text, _choice)


def read_browser_model(text: str) -> str:
    """Read whether the browser has a model of its own."""
    return _read("the state of the browser's model", text, lambda found: str(found["availability"]))


def read_support(text: str, *, engine: str = "auto") -> Support:
    """Read the result of the support check.

    Args:
        text: The result.
        engine: The engine that the caller wants.

    Its keys `secure` and `webgpu` are for callers in JavaScript: the code in `problem` implies
    them.
    """
    return _read("support", text, partial(_support, wanted=engine))


@contextmanager
def parsing(what: str, found: object) -> Iterator[None]:
    """Turn errors of a block that parses `found` into an `EngineError`.

    Args:
        what: What `found` should be, for the message.
        found: What the bridge sent, as a string or already decoded.

    Raises:
        EngineError: The block raised an error of an unexpected key, index, type or value.
    """
    try:
        yield
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise EngineError(
            f"the bridge sent {what} that could not be parsed: {str(found)[:200]}",
            advice="Serve webllm_bridge.js and pywebllm of the same version.",
        ) from error


def _to_json(value: Mapping[str, object]) -> str:
    try:
        return json.dumps(_plain(value), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"the request is not JSON serializable: {shortened(str(error))}"
        raise InvalidRequestError(problem) from error


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _read_record(mapping: Mapping[str, Any]) -> ModelRecord:
    names = {_RECORD_KEYS.get(field.name, field.name): field.name for field in fields(ModelRecord)}
    unknown = [key for key in mapping if key not in names]
    if unknown:
        raise InvalidRequestError(
            f"a model record has no key {shown_names(unknown)}; its keys are {', '.join(names)}"
        )
    values = {names[key]: value for key, value in mapping.items()}
    features = values.get("required_features")
    if isinstance(features, list | set | frozenset):
        values["required_features"] = tuple(features)
    if isinstance(values.get("gguf"), list):
        values["gguf"] = tuple(values["gguf"])
    return ModelRecord(**({"model_id": ""} | values))


def _record(record: ModelRecord) -> dict[str, object]:
    names = [field.name for field in fields(record) if field.name not in _NOT_SENT]
    values = {_RECORD_KEYS.get(name, name): getattr(record, name) for name in names}
    if record.gguf is None:
        return values
    return {**values, "gguf": record.parts, "model": None, "model_lib": None}


def _read(what: str, text: str, build: Callable[[Any], T]) -> T:
    with parsing(what, text):
        return build(json.loads(text))


def _progress(found: Any) -> LoadProgress:
    return LoadProgress(
        phase=found["phase"],
        ratio=min(max(float(found["ratio"]), 0.0), 1.0),
        text=found["text"],
        elapsed=float(found["elapsed"]),
    )


def _object(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise TypeError(f"not an object: {shown(found)}")
    return found


def _array(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise TypeError(f"not an array: {shown(found)}")
    return found


def _event(found: Any) -> WebLLMError | None:
    if found["type"] == "lost":
        return error_for(found["name"], found["message"])
    if found["type"] == "disposed":
        return DisposedError("the engine was disposed")
    return None


def _choice(found: Any) -> EngineChoice:
    if found["engine"] not in {"webllm", "wllama"}:
        raise ValueError(f"unknown engine: {found['engine']!r}")
    return EngineChoice(engine=found["engine"], reason=_reason(found))


def _reason(found: Any) -> str:
    code = found.get("reason")
    return "" if not code else explain(code)[0]


def _support(found: Any, *, wanted: str) -> Support:
    storage = bool(found.get("storage", True))
    engines = _engines(found)
    auto = found.get("auto") or {"engine": "webllm"}
    chooses = wanted == "auto"
    choice = _choice(auto) if chooses else EngineChoice(engine=_name(wanted), reason="")
    chosen = engines[choice.engine]
    # Without storage models can be loaded, with limits: the only problem that is not an obstacle.
    limited = "" if storage else "no-storage"
    code = limited if chosen.ok else chosen.code
    problem, advice = chosen.problem, chosen.advice
    if limited and chosen.ok:
        problem, advice = explain(limited)
    adapter = found.get("adapter")
    return Support(
        ok=chosen.ok,
        engine=choice.engine,
        reason=choice.reason,
        reason_code=(auto.get("reason") or "") if chooses else "",
        engines=engines,
        storage=storage,
        problem=problem,
        advice=advice,
        code=code,
        adapter=None if adapter is None else _adapter(adapter),
        features=frozenset(found.get("features", ())),
        limits=dict(found.get("limits", {})),
        thread="main" if found.get("thread") == "main" else "worker",
    )


def _engines(found: Any) -> dict[EngineName, EngineSupport]:
    shortfalls = [_shortfall(limit) for limit in found.get("shortfalls", ())]
    wllama = found.get("wllama") or {"problem": "not-installed"}
    return {
        "webllm": _engine_support(found.get("problem"), shortfalls=shortfalls),
        "wllama": _engine_support(wllama.get("problem"), threads=int(wllama.get("threads", 1))),
    }


def _engine_support(
    code: str | None, *, shortfalls: Sequence[Shortfall] = (), threads: int = 1
) -> EngineSupport:
    problem, advice = explain(code, shortfalls) if code else ("", "")
    return EngineSupport(
        ok=not code, problem=problem, advice=advice, code=code or "", threads=threads
    )


def _name(engine: str) -> EngineName:
    return "wllama" if engine == "wllama" else "webllm"


def _shortfall(found: Any) -> Shortfall:
    return Shortfall(name=found["name"], value=int(found["value"]), needed=int(found["needed"]))


def _adapter(found: Any) -> Adapter:
    return Adapter(
        vendor=found.get("vendor") or "",
        architecture=found.get("architecture") or "",
        description=found.get("description") or "",
        fallback=bool(found.get("fallback")),
    )
