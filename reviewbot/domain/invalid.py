"""Says what is wrong with values that do not fit a model, and which key was meant."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError


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
    schema: Any = model.model_json_schema()
    definitions = schema.get("$defs", {})
    section = schema
    for step in where[:-1]:
        section = section.get("items", {}) if isinstance(step, int) else _property(section, step)
        section = _resolved(section, definitions)
    near = difflib.get_close_matches(str(where[-1]), section.get("properties", {}), 1)
    return near[0] if near else ""


def _property(section: Any, step: str) -> Any:  # noqa: ANN401 - JSON Schema
    return section.get("properties", {}).get(step, {})


def _resolved(section: Any, definitions: Any) -> Any:  # noqa: ANN401 - JSON Schema
    reference = section.get("$ref", "")
    return definitions.get(reference.rpartition("/")[2], section) if reference else section
