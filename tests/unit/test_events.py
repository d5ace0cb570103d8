"""Subscribing, unsubscribing, and subscribers that misbehave."""

from __future__ import annotations

import logging

import pytest
from pywebllm.events import Event


class Listener:
    def __init__(self) -> None:
        self.values: list[int] = []

    def add(self, value: int) -> None:
        self.values.append(value)


def test_every_subscriber_is_called_with_every_value_in_order_of_subscription() -> None:
    event: Event[int] = Event()
    values: list[tuple[str, int]] = []
    event.subscribe(lambda value: values.append(("first", value)))
    event.subscribe(lambda value: values.append(("second", value)))
    event.emit(1)
    event.emit(2)
    assert values == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


def test_returned_function_ends_the_subscription_and_may_be_called_again() -> None:
    event: Event[int] = Event()
    listener = Listener()
    unsubscribe = event.subscribe(listener.add)
    event.emit(1)
    unsubscribe()
    unsubscribe()
    event.emit(2)
    assert listener.values == [1]


def test_unsubscribe_finds_a_bound_method() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(listener.add)
    event.unsubscribe(listener.add)
    event.emit(1)
    assert listener.values == []


def test_unsubscribing_an_unknown_callback_does_nothing() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(listener.add)
    event.unsubscribe(Listener().add)
    event.emit(1)
    assert listener.values == [1]


def test_callback_that_subscribed_twice_is_called_twice_until_one_subscription_ends() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(listener.add)
    second = event.subscribe(listener.add)
    event.emit(1)
    second()
    event.emit(2)
    event.unsubscribe(listener.add)
    event.emit(3)
    assert listener.values == [1, 1, 2]


def test_unsubscribe_ends_the_latest_of_several_subscriptions() -> None:
    event: Event[int] = Event()
    order: list[str] = []

    def first(value: int) -> None:
        order.append("first")

    event.subscribe(first)
    event.subscribe(lambda value: order.append("second"))
    event.subscribe(first)
    event.unsubscribe(first)
    event.emit(1)
    assert order == ["first", "second"]


def test_exception_of_a_subscriber_is_logged_and_does_not_affect_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    event: Event[int] = Event()
    listener = Listener()

    def fail(value: int) -> None:
        raise ValueError(f"cannot handle {value}")

    event.subscribe(fail)
    event.subscribe(listener.add)
    with caplog.at_level(logging.ERROR, "pywebllm"):
        event.emit(1)
    assert listener.values == [1]
    assert "cannot handle 1" in caplog.text


def test_callback_subscribed_during_a_value_is_called_with_the_next() -> None:
    event: Event[int] = Event()
    listener = Listener()
    ends: list[object] = []
    ends.append(event.subscribe(lambda value: value == 1 and event.subscribe(listener.add)))
    event.emit(1)
    event.emit(2)
    assert listener.values == [2]


def test_callback_unsubscribed_during_a_value_is_not_called_with_it() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(lambda value: event.unsubscribe(listener.add))
    event.subscribe(listener.add)
    event.emit(1)
    assert listener.values == []


def test_coroutine_function_as_subscriber_is_rejected() -> None:
    async def add(value: int) -> None: ...

    with pytest.raises(TypeError, match="start a task"):
        Event[int]().subscribe(add)


def test_subscriber_that_is_not_a_function_is_rejected() -> None:
    with pytest.raises(TypeError, match="a subscriber must be a function"):
        Event[int]().subscribe(None)  # type: ignore[arg-type]
