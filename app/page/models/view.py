"""What a model in the list shows, and which models are shown: values and texts, no DOM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pywebllm import Support

from page.problems import problem_of, support_problem
from page.texts import text

from .amounts import context, size
from .entry import Entry
from .progress import ratio_of, status_words

if TYPE_CHECKING:
    from pywebllm.types import ModelInfo

__all__ = [
    "Action",
    "Filters",
    "Row",
    "row_of",
]

Action: TypeAlias = Literal[
    "download", "pause", "continue", "use", "repair", "delete", "confirm-delete", "keep"
]

_F16 = "shader-f16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model as it is shown.

    Attributes:
        id: Its ID, the heading.
        badge: Whether the page uses it, one or two words; may be empty.
        facts: Short facts, one line.
        features: What it can do and needs, each a few words; they are folded.
        note: Whether it runs here, one sentence; empty if that is not known.
        can_run: False if this machine cannot run it.
        status: What the browser has of it, or what is being done.
        ratio: Progress, 0 to 1; None if nothing is being done and nothing is incomplete.
        problem: What went wrong and what to do; may be empty.
        detail: The same in the words of what failed.
        actions: The buttons, in order.
    """

    id: str
    facts: str
    badge: str = ""
    features: tuple[str, ...] = ()
    note: str = ""
    can_run: bool = True
    status: str = ""
    ratio: float | None = None
    problem: str = ""
    detail: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the visitor looks for.

    Attributes:
        text: Words that the ID must contain.
        kind: A kind of model; empty for all.
        runs_here: Only models that this machine can run.
        stored: Only models of which the browser has files.
    """

    text: str = ""
    kind: str = ""
    runs_here: bool = False
    stored: bool = False

    def match(self, entry: Entry, support: Support | None) -> bool:
        """Return True if the entry is to be shown."""
        kind = "language" if entry.info is None else entry.info.kind
        if self.stored and entry.stored is None and not entry.is_busy:
            return False
        if self.kind and kind != self.kind:
            return False
        if self.runs_here and not _can_run(entry, support):
            return False
        return all(word in entry.id.lower() for word in self.text.lower().split())


def row_of(entry: Entry, support: Support | None) -> Row:
    """Return how a model is shown on this machine."""
    can_run = _can_run(entry, support)
    problem = None if entry.error is None else problem_of(entry.error)
    return Row(
        id=entry.id,
        badge=text(f"models.usage.{entry.usage}") if entry.usage else "",
        facts=_facts(entry),
        features=_features(entry, support),
        note=_note(entry, support),
        can_run=can_run,
        status=status_words(entry),
        ratio=ratio_of(entry),
        problem="" if problem is None else str(problem),
        detail="" if problem is None else problem.detail,
        actions=_actions(entry, can_run=can_run),
    )


def _facts(entry: Entry) -> str:
    info = entry.info
    if info is None:
        return text("models.unknown.own" if _is_known(entry) else "models.unknown")
    parts = [text(f"models.is.{info.kind}")]
    if entry.is_builtin:
        parts.append(text("models.builtin"))
    if entry.is_own:
        parts.append(text("models.own"))
    if info.vram_required_mb is not None:
        parts.append(text("models.memory", size=size(info.vram_required_mb * 10**6)))
    if info.context_window_size is not None:
        parts.append(context(info.context_window_size))
    return " · ".join(parts)


def _features(entry: Entry, support: Support | None) -> tuple[str, ...]:
    info = entry.info
    if info is None:
        return ()
    found = []
    if info.kind != "embedding":
        found.append(text("models.feature.tools"))
    if info.kind == "vision":
        found.append(text("models.feature.images"))
    # The built-in model runs on either.
    is_slow = entry.is_builtin and support is not None and support.engine == "wllama"
    is_on_processor = entry.is_gguf or is_slow
    found.append(text("models.feature.processor" if is_on_processor else "models.feature.gpu"))
    found += [_feature(name) for name in info.required_features]
    return tuple(found)


def _feature(name: str) -> str:
    return text("models.feature.f16") if name == _F16 else name


def _is_known(entry: Entry) -> bool:
    """Return True if its record was kept with its files; else they are named by their folder."""
    return entry.stored is not None and entry.stored.id != entry.stored.url


def _missing(info: ModelInfo, support: Support) -> list[str]:
    lacking = [name for name in info.required_features if name not in support.features]
    return [_feature(name) for name in lacking]


def _can_run(entry: Entry, support: Support | None) -> bool:
    if entry.info is None or support is None:
        return True
    if entry.is_gguf or entry.is_builtin:
        # llama.cpp runs them where there is no GPU.
        other = support.engines.get("wllama")
        return support.ok or (other is not None and other.ok)
    return support.ok and not _lacks(entry.info, support)


def _lacks(info: ModelInfo, support: Support) -> str:
    """Return what the GPU has not, in words; empty if it has all."""
    missing = _missing(info, support)
    if missing:
        return text("models.lacks", features=text("models.lacks.and").join(missing))
    if info.runnable is False:
        return text("models.lacks.size")
    return ""


def _note(entry: Entry, support: Support | None) -> str:
    if entry.info is None or support is None:
        return ""
    if _can_run(entry, support):
        return text("models.runs")
    reason = _lacks(entry.info, support) if support.ok else support_problem(support).what
    return text("models.runs.not", reason=reason or text("models.lacks.support"))


def _actions(entry: Entry, *, can_run: bool) -> tuple[Action, ...]:
    if entry.is_busy:
        return ("pause",)
    if entry.is_confirming:
        return ("confirm-delete", "keep")
    stored = entry.stored
    # The built-in model travels with the page: it can be used without a download.
    is_there = entry.is_builtin or (stored is not None and stored.complete)
    is_chat = entry.info is not None and entry.info.kind != "embedding"
    use: tuple[Action, ...] = ("use",) if is_there and is_chat and can_run else ()
    if entry.usage:
        use = ()
    if stored is None:
        return (*use, "download", "delete") if entry.is_own else (*use, "download")
    if entry.info is None and not _is_known(entry):
        return ("delete",)
    return (*use, "repair", "delete") if stored.complete else (*use, "continue", "delete")
