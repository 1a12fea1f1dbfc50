"""Says what is wrong with values that do not fit a model, and which key was meant."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel, ValidationError

_Schema = dict[str, Any]  # JSON Schema


def explain(error: ValidationError, model: type[BaseModel], source: str) -> str:
    """The first thing that is wrong, in one line, without the value: it may be secret."""
    fault = first_fault(error)
    where = ".".join(map(str, fault.where))
    if not fault.unknown:
        return f"{source}: {where}: {fault.says}"
    if near := nearest(model, fault.where):
        return Phrase(
            "{source}: unknown key {where!r}; did you mean {near!r}?",
            source=source,
            where=where,
            near=near,
        )
    return Phrase("{source}: unknown key {where!r}", source=source, where=where)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at one place; *unknown* means that there is no such key."""

    where: tuple[int | str, ...]
    says: str
    unknown: bool


def first_fault(error: ValidationError) -> Fault:
    """The first thing that is wrong, without the value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    says = first["msg"].removeprefix("Value error, ")
    return Fault(first["loc"], says, first["type"] == "extra_forbidden")


def nearest(model: type[BaseModel], where: tuple[int | str, ...]) -> str:
    """The valid key that looks most like the wrong one; empty if none does."""
    schema: _Schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    section = schema
    for step in where[:-1]:
        section = section.get("items", {}) if isinstance(step, int) else _property(section, step)
        section = _resolved(section, definitions)
    near = difflib.get_close_matches(str(where[-1]), section.get("properties", {}), 1)
    return near[0] if near else ""


def _property(section: _Schema, step: str) -> _Schema:
    found: _Schema = section.get("properties", {}).get(step, {})
    return found


def _resolved(section: _Schema, definitions: Mapping[str, _Schema]) -> _Schema:
    reference: str = section.get("$ref", "")
    return definitions.get(reference.rpartition("/")[2], section)
