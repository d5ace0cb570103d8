"""The state of an engine: which model is loaded, and which operations may change that.

Everything here is synchronous and without a bridge; `engine` reports to it what happens.

The states, and how `Engine` shows them:

- idle: no model is loaded and none is being loaded (neither `is_loaded` nor `is_loading`);
- loading: a load runs or is queued (`is_loading`);
- ready: a model is loaded and no answer is open (`is_loaded`, not `is_busy`);
- generating: a model is loaded and answers are generated, queued or unread (`is_loaded` and
  `is_busy`).

What happens in each state. "same" is the model that is loaded, or is loaded next; "other" is any
other model; "=" means that the state stays.

| event                 | idle      | loading            | ready        | generating           |
|-----------------------|-----------|--------------------|--------------|----------------------|
| load same             | → loading | = joins the load   | = nothing    | = nothing            |
| load other            | → loading | = queued           | → loading    | → loading, queued    |
| request same          | → loading | = queued           | → generating | = queued             |
| request other         | → loading | = queued           | → loading    | → loading, queued    |
| load ends             |           | → ready            |              |                      |
| load fails            |           | → idle             |              |                      |
| load is cancelled     |           | → idle             |              |                      |
| model is not found    |           | → ready, or idle   |              |                      |
| answer ends           |           | = still loading    |              | → ready              |
| answer fails          |           | = still loading    |              | → ready              |
| answer is cancelled   |           | = still loading    |              | → ready              |
| device or worker lost | = nothing | → idle, load fails | → idle, lost | → idle, lost         |
| dispose               | = nothing | → idle, load fails | → idle       | → idle, answers fail |

- Queued: operations run in the order in which they were requested. What was requested earlier is
  finished first; a model counts as not loaded from the moment on that another is requested.
- Load ends, fails or is cancelled: this counts for the load that was requested last, or for the
  last one that is left. If a request began the load, the engine is generating afterwards.
- Model is not found: the model that was loaded before is ready again, if there was one and no
  other load is left; else idle.
- Lost: `Engine.lost` is emitted once, and all open answers raise the same error.
- Dispose: an answer that had been generated to its end can still be read. A load or request
  after it waits until everything is freed, then opens another bridge.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pywebllm.errors import ModelNotFoundError, WebLLMError

from .operation import Operation, Target

__all__ = ["ModelState"]


class ModelState:
    """Which model of an engine is loaded, and what it becomes by each event.

    Attributes:
        loaded: The model that is loaded and answers; None when there is none.
        load_number: The number of the load that loaded it, or the last model before.
        loss: The error that reported how the last model was lost, until the next load.
        last_event: The error that the bridge reported last while nobody was reading a stream.
    """

    def __init__(self) -> None:
        self.loaded: Target | None = None
        self.load_number = 0
        self.loss: WebLLMError | None = None
        self.last_event: WebLLMError | None = None
        self._fallback: Target | None = None  # still loaded if none of the running loads is found
        self._last_target: Target | None = None  # what the bridge was asked to load last,
        self._last_number = 0  # and the number of that load
        self._operations: list[Operation] = []

    @property
    def has_operations(self) -> bool:
        """True while an operation is running."""
        return bool(self._operations)

    @contextmanager
    def operation(self, *, disposals: int) -> Iterator[Operation]:
        """Register an operation while the block runs."""
        # `clear` replaces the list, so that what is left of older operations changes nothing.
        operation, operations = Operation(disposals=disposals), self._operations
        operations.append(operation)
        try:
            yield operation
        finally:
            operations.remove(operation)

    def is_requested(self, target: Target) -> bool:
        """Return True while an operation is loading this model."""
        return any(one.target == target for one in self._operations)

    def begin_load(self, operation: Operation, target: Target) -> None:
        """Note that the bridge is asked to load `target`; no model counts as loaded any more."""
        # The same condition by which the bridge lets loads share their work: only a load of the
        # model that was requested last is joined.
        if target != self._last_target or not self.is_requested(target):
            self._last_target, self._last_number = target, self._last_number + 1
        operation.target, operation.load_number = target, self._last_number
        self._fallback = self.loaded or self._fallback
        self.loaded = self.loss = None

    @contextmanager
    def restoring_fallback(self, operation: Operation) -> Iterator[None]:
        """Follow the load of `operation`: if its model is not found, restore the one before it.

        Invariant: while `_fallback` is not None, the bridge still holds that model, or one of the
        running loads has replaced it without having ended yet. The bridge looks a model up
        before it frees the one that it has, so of all ends of a load only `ModelNotFoundError`
        proves that the model before is untouched. Any other end clears `_fallback`, and so does
        a loss. Loads may end in any order; the last one that is not found restores it.
        """
        try:
            yield
        except ModelNotFoundError:
            others_load = any(
                one.target is not None for one in self._operations if one is not operation
            )
            if self._fallback is not None and not others_load:
                self.loaded, self._fallback = self._fallback, None
            raise
        except BaseException:
            self._fallback = None
            raise
        self._fallback = None

    def finish_load(self, operation: Operation, target: Target) -> None:
        """Count `target` as loaded, unless a later load replaces it or has replaced it.

        Invariant: load numbers grow in the order in which the bridge runs the loads, so the model
        on the GPU is that of the highest number that ended. A load that ended is ignored here
        when a higher one ended before (tasks may notice the ends in another order), or when one
        is still running: the model is about to be freed.
        """
        running = (one.load_number for one in self._operations)
        if operation.load_number >= max(self.load_number, *running):
            self.loaded, self.load_number = target, operation.load_number

    def lose(self, error: WebLLMError) -> bool:
        """Count no model as loaded any more; return whether one was.

        Invariant: `loss` is set exactly when a loaded model becomes lost, and stays until the
        next load, so each loss is emitted once and everyone who meets it later gets that error.
        """
        self._fallback = None
        if self.loaded is None:
            return False
        self.loaded, self.loss = None, error
        return True

    def clear(self) -> None:
        """Forget the model and all running operations: the engine is disposed."""
        self.loaded, self._fallback, self._operations = None, None, []
