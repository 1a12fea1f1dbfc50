"""Tells of each value of a policy who said it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from reviewbot.review.policy_file import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel

    from reviewbot.review.policy_file import Layer

_ENDLESS = 2**31  # columns: a comment behind a value needs the value to be on one line


def as_yaml(layers: Sequence[Layer]) -> str:
    """What holds, as a policy file, with who said it behind each value that is no default."""
    *_, last = layers
    return "\n".join(_lines(last.policy, [(each.source, each.policy) for each in layers], ""))


def _lines(
    section: BaseModel, layers: Sequence[tuple[Source, BaseModel]], indent: str
) -> Iterator[str]:
    said = section.model_dump(mode="json")
    for name, value in said.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            inner = [(source, getattr(policy, name)) for source, policy in layers]
            yield from _lines(getattr(section, name), inner, f"{indent}  ")
        else:
            source = _source([(source, getattr(policy, name)) for source, policy in layers])
            by = "" if source is Source.DEFAULT else f"  # {source}"
            yield f"{indent}{name}: {_on_one_line(value)}{by}"


def _source(values: Sequence[tuple[Source, object]]) -> Source:
    """Who changed it last; what repeats a value does not count."""
    source, now = values[0]
    for who, value in values[1:]:
        if value != now:
            source, now = who, value
    return source


def _on_one_line(value: object) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, width=_ENDLESS, allow_unicode=True, sort_keys=False
    )
    text = text.removesuffix("\n").removesuffix("\n...")
    return json.dumps(value, ensure_ascii=False) if "\n" in text else text
