"""The configuration's keys as environment variables: ``REVIEWBOT_SECTION__KEY`` and a few more."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import SettingsError
from reviewbot.domain.invalid import explain, first_fault, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel, ValidationError

_PREFIX = "REVIEWBOT_"
# Variables without a section: the start without a file, and what the command line reads itself.
_PLAIN = {
    "API_KEY": ("quick", "api_key"),
    "BASE_URL": ("quick", "base_url"),
    "CHEAP_MODEL": ("quick", "cheap_model"),
    "STRONG_MODEL": ("quick", "strong_model"),
    "CHEAP_PRICE": ("quick", "cheap_price"),
    "STRONG_PRICE": ("quick", "strong_price"),
    "CONFIG": None,
    "TRACEBACK": None,
}
_GITHUB = {
    "GITHUB_TOKEN": "token",
    "GITHUB_API_URL": "api_url",
    "GITHUB_SERVER_URL": "server_url",
    "GITHUB_GRAPHQL_URL": "graphql_url",
}


def read_environment(environ: Mapping[str, str], model: type[BaseModel]) -> dict[str, Any]:
    """The values that variables set, unchecked; raises SettingsError for an unknown one."""
    values: dict[str, Any] = {}
    for variable, key in _GITHUB.items():
        if environ.get(variable):
            values.setdefault("github", {})[key] = environ[variable]
    for variable in sorted(environ):
        if variable.startswith(_PREFIX) and environ[variable]:
            _enter(values, variable, environ[variable], model)
    return values


def _enter(values: dict[str, Any], variable: str, text: str, model: type[BaseModel]) -> None:
    name = variable.removeprefix(_PREFIX)
    if name in _PLAIN:
        if where := _PLAIN[name]:
            values.setdefault(where[0], {})[where[1]] = text
        return
    path = name.lower().split("__")
    if len(path) == 1 and path[0] not in model.model_fields:
        sections = [f"{_PREFIX}{section.upper()}" for section in model.model_fields]
        known = [*(f"{_PREFIX}{plain}" for plain in _PLAIN), *sections]
        near = difflib.get_close_matches(variable, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        message = f"environment: unknown variable {variable}{hint}"
        raise SettingsError(message, "Write REVIEWBOT_SECTION__KEY; see docs/configuration.md.")
    section = values
    for step in path[:-1]:
        inner = section.setdefault(step, {})
        if not isinstance(inner, dict):
            message = f"environment: {variable} lies inside a value that is set as a whole"
            raise SettingsError(message, "Set the whole or its parts, not both.")
        section = inner
    section[path[-1]] = _value(variable, text)


def _value(variable: str, text: str) -> object:
    """Lists and tables are JSON; all else is text, which the key's type reads."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"environment: {variable} is no valid JSON"
        raise SettingsError(message, "Lists and tables are written as JSON.") from error


def explain_environment(
    error: ValidationError, model: type[BaseModel], environ: Mapping[str, str]
) -> str:
    """What is wrong, with the variable that says it, and the one that was meant."""
    fault = first_fault(error)
    for end in range(len(fault.where), 0, -1):
        name = _variable(fault.where[:end])
        setting = next((each for each in environ if _sets(each, name)), None)
        if setting is None:
            continue
        inside = ".".join(map(str, fault.where[end:]))
        if not fault.unknown:
            return f"environment: {setting}: {f'{inside}: ' if inside else ''}{fault.says}"
        near = nearest(model, fault.where)
        if inside:
            hint = f"; did you mean {near}?" if near else ""
            return f"environment: {setting}: unknown key {inside}{hint}"
        meant = _variable((*fault.where[:-1], near)) + setting.removeprefix(name)
        hint = f"; did you mean {meant}?" if near else ""
        return f"environment: unknown variable {setting}{hint}"
    return explain(error, model, "environment")


def _sets(variable: str, name: str) -> bool:
    return variable == name or variable.startswith(f"{name}__")


def _variable(where: tuple[int | str, ...]) -> str:
    """The environment's name of a key."""
    if where[:1] == ("github",) and where[-1] in _GITHUB.values():
        return next(name for name, key in _GITHUB.items() if key == where[-1])
    plain = (name for name, key in _PLAIN.items() if key == where)
    return _PREFIX + next(plain, "__".join(map(str, where)).upper())
