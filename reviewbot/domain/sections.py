"""Configuration in layers: what is nearer goes over what is further away, section by section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def layered(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """*over* on top of *base*: sections are joined, all else is replaced."""
    joined = dict(base)
    for key, value in over.items():
        known = joined.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            joined[key] = layered(known, value)
        else:
            joined[key] = value
    return joined
