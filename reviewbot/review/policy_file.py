"""Reads policies, and joins what server, organisation, repository and base branch say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from reviewbot.domain.errors import PolicyError
from reviewbot.domain.invalid import explain
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.policy import Policy
from reviewbot.domain.sections import layered

if TYPE_CHECKING:
    from collections.abc import Hashable

    from reviewbot.review.ports import BaseFiles, Document

MOST_BYTES = 64 * 1024
_MEND = Phrase("Mend the file on the branch that it is read from.")
# What YAML's own constructors raise at values that are none of their type.
_NO_VALUE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases (a small file could grow beyond memory) and without repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            message = Phrase("aliases are not allowed")
            raise yaml.composer.ComposerError(None, None, message, self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the base class's signature
        seen = set[object]()
        for key, _ in node.value:
            if key.value in seen:
                message = Phrase("the key {key!r} appears twice", key=key.value)
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class Source(StrEnum):
    """Who says what a review keeps to, in the order of their saying it."""

    DEFAULT = "default"
    SERVER = "server"
    ORGANISATION = "organisation"
    REPOSITORY = "repository"
    BASE_BRANCH = "base branch"


@dataclass(frozen=True, slots=True)
class Layer:
    """What holds once *source* has had its say."""

    source: Source
    policy: Policy


def effective_policy(files: BaseFiles, server: Policy) -> Policy:
    """What holds for a pull request; raises PolicyError, so that no guess decides."""
    return layers(files, server)[-1].policy


def layers(files: BaseFiles, server: Policy) -> tuple[Layer, ...]:
    """How the policy came about, the last layer is what holds; raises PolicyError.

    Organisation and repository may wish for anything but more money, more places for code, more
    escalation or less redaction than what is above them allows. A base branch only tightens the
    default branch's policy.
    """
    built = [Layer(Source.DEFAULT, Policy()), Layer(Source.SERVER, server)]
    house = server
    if files.organisation is not None:
        house = _within(server, files.organisation)
        built.append(Layer(Source.ORGANISATION, house))
    ruling = house
    if files.ruling is not None:
        ruling = _within(house, files.ruling)
        built.append(Layer(Source.REPOSITORY, ruling))
    if files.narrowing is not None:
        narrowed = ruling.tightened_by(_within(house, files.narrowing))
        built.append(Layer(Source.BASE_BRANCH, narrowed))
    return tuple(built)


def limits_over_time(files: BaseFiles) -> list[str]:
    """Which documents set limits that need a memory of days and months; raises PolicyError."""
    said = (files.organisation, files.ruling, files.narrowing)
    documents = (each for each in said if each is not None)
    return [each.path for each in documents if _sets_limits_over_time(_load(each))]


def _sets_limits_over_time(wishes: Mapping[str, Any]) -> bool:
    budget = wishes.get("budget")
    return isinstance(budget, Mapping) and not {"per_day", "per_month"}.isdisjoint(budget)


def _within(server: Policy, document: Document) -> Policy:
    above = server.model_dump(exclude={"data": {"paths"}, "redaction": True})
    wishes = _validated(layered(above, _load(document)), document.path)
    return wishes.bounded_by(server)  # which adds what was left out, however much it is


def _load(document: Document) -> Mapping[str, Any]:
    if len(document.text.encode()) > MOST_BYTES:
        message = Phrase(
            "{path} is larger than {size} KiB", path=document.path, size=MOST_BYTES // 1024
        )
        raise PolicyError(message, Phrase("Shorten it; path patterns can replace lists of paths."))
    try:
        loaded = yaml.load(document.text, _PlainLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, RecursionError, *_NO_VALUE) as error:
        message = Phrase(
            "{path} is no valid YAML: {why}", path=document.path, why=_first_line(error)
        )
        raise PolicyError(message, _MEND) from error
    if loaded is None:
        return {}
    if not isinstance(loaded, Mapping) or not all(isinstance(key, str) for key in loaded):
        message = Phrase("{path} must hold keys and values at its top level", path=document.path)
        raise PolicyError(message, Phrase("See the policy reference in the README."))
    return loaded


def _first_line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or Phrase("it cannot be read")
    return (
        Phrase("{problem} (line {line})", problem=problem, line=mark.line + 1) if mark else problem
    )


def _validated(values: Mapping[str, Any], source: str) -> Policy:
    try:
        return Policy.model_validate(values)
    except ValidationError as error:
        message = explain(error, Policy, source)
        raise PolicyError(message, _MEND) from error
