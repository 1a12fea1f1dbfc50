"""What is wrong is named, with the key that was meant, and never with the value."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from reviewbot.domain.invalid import explain
from reviewbot.domain.policy import Policy


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"max_coment": 3}, "f.yml: unknown key 'max_coment'; did you mean 'max_comments'?"),
        ({"zzz": 3}, "f.yml: unknown key 'zzz'"),
        (
            {"auto_review": {"draft": True}},
            "f.yml: unknown key 'auto_review.draft'; did you mean 'drafts'?",
        ),
        (
            {"rules": [{"id": "a", "description": "b", "path": []}]},
            "f.yml: unknown key 'rules.0.path'; did you mean 'paths'?",
        ),
        ({"max_comments": 99}, "f.yml: max_comments: Input should be less than or equal to 50"),
        ({"language": "SECRET!"}, "f.yml: language: String should match pattern"),
    ],
)
def test_the_first_thing_that_is_wrong_is_explained(values: object, said: str) -> None:
    with pytest.raises(ValidationError) as invalid:
        Policy.model_validate(values)

    explained = explain(invalid.value, Policy, "f.yml")

    assert explained.startswith(said)
    assert "SECRET" not in explained
