from __future__ import annotations

import json

import pytest

from reviewbot.domain.errors import BadAnswer
from reviewbot.domain.patch import parse_diff
from reviewbot.domain.policy import Policy
from reviewbot.review.answer import divide, read
from reviewbot.review.plan import plan_survey

[CHUNK] = plan_survey(
    parse_diff(b"--- a/a.py\n+++ b/a.py\n@@ -1 +1,2 @@\n one = 1\n+two = one / 0\n"), Policy()
).chunks
FINDING = {
    "path": "a.py",
    "start_line": 2,
    "end_line": 2,
    "quote": "two = one / 0",
    "title": "Divides {by} zero",
    "explanation": "It says ```\nx\n``` always.",
}
ANSWER = json.dumps({"findings": [FINDING], "risk": 0.5}, indent=1)


@pytest.mark.parametrize(
    "text",
    [
        f"Here is my review:\n```json\n{ANSWER}\n```\nHope that helps!",
        f"```\n{ANSWER}\n```\n\nAll chunks were read.",
        f"{ANSWER}\n\nI hope that helps {{really}}.",
        f"Sure.\n\n{ANSWER}",
    ],
)
def test_what_a_model_says_around_its_answer_costs_nothing(text: str) -> None:
    [stored] = divide(text, [CHUNK], [frozenset()])
    [finding] = read(stored, CHUNK).findings
    assert (finding.quote, finding.start_line) == ("two = one / 0", 2)


@pytest.mark.parametrize("text", [f"Here it is:\n```json\n{ANSWER[:-30]}", "Nothing to report."])
def test_prose_does_not_make_an_answer_of_what_is_none(text: str) -> None:
    with pytest.raises(BadAnswer):
        divide(text, [CHUNK], [frozenset()])
