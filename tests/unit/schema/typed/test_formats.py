"""Formats of strings."""

from __future__ import annotations

from tests.unit.schema.checking import fits


def test_dates_are_days_of_the_calendar() -> None:
    schema = {"type": "string", "format": "date"}
    for date in ("2024-02-29", "2000-02-29", "2023-12-31", "1999-04-30"):
        assert fits(schema, date), date
    for date in ("2023-02-29", "1900-02-29", "2023-04-31", "2023-13-01", "2023-00-10"):
        assert not fits(schema, date), date
