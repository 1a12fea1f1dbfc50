"""The answers' schemas are strict, and the answers they allow can be read."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from reviewbot.domain.finding import Tier
from reviewbot.review.schema import answer_schema
from tests.unit.review.examples import answer, claimed


def objects(schema: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON Schema
    """Every object that a schema describes."""
    if isinstance(schema, list):
        return [found for each in schema for found in objects(each)]
    if not isinstance(schema, dict):
        return []
    here = [schema] if "properties" in schema else []
    return here + [found for each in schema.values() for found in objects(each)]


@pytest.mark.parametrize("tier", [Tier.CHEAP, Tier.STRONG])
def test_every_property_is_required_and_no_other_is_allowed(tier: Tier) -> None:
    schema = json.loads(answer_schema(tier))

    jsonschema.Draft202012Validator.check_schema(schema)
    assert all(
        each["required"] == list(each["properties"]) and each["additionalProperties"] is False
        for each in objects(schema)
    )


def test_the_tiers_answers_fit_their_schemas() -> None:
    verdict = {"id": "c1", "verdict": "corrected", "reason": "r", "finding": claimed()}
    strong = json.loads(answer(claimed(), verdicts=[verdict, verdict | {"finding": None}]))
    cheap = {name: value for name, value in strong.items() if name != "verdicts"}

    jsonschema.validate(strong, json.loads(answer_schema(Tier.STRONG)))
    jsonschema.validate(cheap, json.loads(answer_schema(Tier.CHEAP)))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(strong, json.loads(answer_schema(Tier.CHEAP)))
