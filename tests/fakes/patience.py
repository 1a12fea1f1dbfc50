"""How tests wait: for what is to happen, and never for a time in which it should have."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
PATIENCE = 120.0  # seconds; only a failing test waits so long, however busy the machine is
_LOOK = 0.02


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """What *look* finds, once it finds something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(_LOOK)
    message = f"after {PATIENCE:.0f} seconds there was still not: {what}"
    raise AssertionError(message)
