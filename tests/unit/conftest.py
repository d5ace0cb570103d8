"""What holds for all unit tests."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says nothing on a busy machine, and the first builds what all need;
# what could hang has a deadline of its own.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
