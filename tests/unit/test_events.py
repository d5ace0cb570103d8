"""Subscribing, unsubscribing, and subscribers that misbehave."""

from __future__ import annotations

import logging

import pytest
from pywebllm.events import Event


class Listener:
    def __init__(self) -> None:
        self.heard: list[int] = []

    def hear(self, value: int) -> None:
        self.heard.append(value)


def test_every_subscriber_hears_every_value_in_order_of_subscription() -> None:
    event: Event[int] = Event()
    heard: list[tuple[str, int]] = []
    event.subscribe(lambda value: heard.append(("first", value)))
    event.subscribe(lambda value: heard.append(("second", value)))
    event.emit(1)
    event.emit(2)
    assert heard == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


def test_the_returned_function_ends_the_subscription_and_may_be_called_again() -> None:
    event: Event[int] = Event()
    listener = Listener()
    unsubscribe = event.subscribe(listener.hear)
    event.emit(1)
    unsubscribe()
    unsubscribe()
    event.emit(2)
    assert listener.heard == [1]


def test_unsubscribe_finds_a_bound_method_again() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(listener.hear)
    event.unsubscribe(listener.hear)
    event.emit(1)
    assert listener.heard == []


def test_unsubscribing_a_stranger_does_nothing() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(listener.hear)
    event.unsubscribe(Listener().hear)
    event.emit(1)
    assert listener.heard == [1]


def test_one_who_subscribed_twice_hears_twice_until_one_is_ended() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(listener.hear)
    second = event.subscribe(listener.hear)
    event.emit(1)
    second()
    event.emit(2)
    event.unsubscribe(listener.hear)
    event.emit(3)
    assert listener.heard == [1, 1, 2]


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


def test_a_subscriber_that_raises_is_logged_and_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    event: Event[int] = Event()
    listener = Listener()

    def fail(value: int) -> None:
        raise ValueError(f"cannot bear {value}")

    event.subscribe(fail)
    event.subscribe(listener.hear)
    with caplog.at_level(logging.ERROR, "pywebllm"):
        event.emit(1)
    assert listener.heard == [1]
    assert "cannot bear 1" in caplog.text


def test_one_who_subscribes_during_a_value_hears_the_next() -> None:
    event: Event[int] = Event()
    listener = Listener()
    ends: list[object] = []
    ends.append(event.subscribe(lambda value: value == 1 and event.subscribe(listener.hear)))
    event.emit(1)
    event.emit(2)
    assert listener.heard == [2]


def test_one_who_is_unsubscribed_during_a_value_does_not_hear_it() -> None:
    event: Event[int] = Event()
    listener = Listener()
    event.subscribe(lambda value: event.unsubscribe(listener.hear))
    event.subscribe(listener.hear)
    event.emit(1)
    assert listener.heard == []


def test_a_coroutine_function_is_refused_because_nobody_would_await_it() -> None:
    async def hear(value: int) -> None: ...

    with pytest.raises(TypeError, match="start a task"):
        Event[int]().subscribe(hear)


def test_something_that_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="a subscriber is a function"):
        Event[int]().subscribe(None)  # type: ignore[arg-type]
