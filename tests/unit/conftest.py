"""Laws are not timed: a loaded machine breaks none of them."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
