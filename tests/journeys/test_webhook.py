"""Deliveries: what is refused, what is put on the desk, and what comes of it."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.driver import PATIENCE, ask, defect, long_file, signed, wait_for

if TYPE_CHECKING:
    from tests.journeys.driver import Driver

_FILES = {"src/orders.py": defect()}
_MORE = {"src/orders.py": defect(), "src/stock.py": defect("stock")}
_BASE_CHANGED = {"changes": {"base": {"ref": {"from": "main"}, "sha": {"from": "b" * 40}}}}


def _headers(**more: str) -> dict[str, str]:
    about = {"X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "d"}
    return {"Content-Type": "application/json", **about, **more}


# --- who may deliver -------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\x00 no JSON", b"[" * 50_000])
@pytest.mark.parametrize(
    "signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "sha256=\xe9"]
)
def test_who_does_not_know_the_secret_gets_401_whatever_was_sent(
    bot: Driver, body: bytes, signature: str
) -> None:
    assert bot.post(body, _headers(**{"X-Hub-Signature-256": signature})).status == 401


def test_a_delivery_without_a_signature_gets_401(bot: Driver) -> None:
    assert bot.post(b"{}", _headers()).status == 401


def test_a_signature_of_other_bytes_that_mean_the_same_gets_401(bot: Driver) -> None:
    headers = _headers(**{"X-Hub-Signature-256": signed(b'{"action":"opened"}')})
    assert bot.post(b'{"action": "opened"}', headers).status == 401


@pytest.mark.parametrize("body", [b"", b"echo me", b'{"action": "opened"}', b"[" * 50_000])
def test_signed_nonsense_gets_400_and_an_answer_that_quotes_nothing_of_it(
    bot: Driver, body: bytes
) -> None:
    answer = bot.post(body, _headers(**{"X-Hub-Signature-256": signed(body)}))
    assert answer.status == 400
    assert not body or body.decode() not in answer.text


def test_a_body_over_the_limit_gets_413_before_it_is_sent(bot: Driver) -> None:
    parts = urlsplit(bot.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    connection.putrequest("POST", "/webhook")
    connection.putheader("Content-Length", str(25 * 2**20 + 1))
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 413


# --- what is work ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("opened", {}),
        ("reopened", {}),
        ("synchronize", {}),
        ("ready_for_review", {}),
        ("edited", _BASE_CHANGED),
    ],
)
def test_what_changes_a_review_is_reviewed(bot: Driver, action: str, more: dict[str, Any]) -> None:
    pull = bot.open(_FILES)
    answer = pull.deliver(action, **more)
    assert (answer.status, '"recorded"' in answer.text) == (202, True)
    assert pull.wait_for_check()["conclusion"] == "success"
    assert (len(pull.reviews), len(pull.summaries)) == (1, 1)


@pytest.mark.parametrize(
    ("event", "action", "more"),
    [
        ("pull_request", "edited", {"changes": {"body": {"from": "Old"}}}),
        ("pull_request", "closed", {}),
        ("pull_request", "assigned", {}),
        ("pull_request_review", "submitted", {}),
        ("push", "", {}),
        ("no_event_that_there_is", "opened", {}),
    ],
)
def test_everything_else_is_answered_without_a_word_and_left(
    bot: Driver, event: str, action: str, more: dict[str, Any]
) -> None:
    left, reviewed = bot.open(_FILES), bot.open(_FILES)
    answer = left.deliver(action, event=event, **more)
    assert (answer.status, answer.text) == (204, "")
    reviewed.deliver("opened")
    reviewed.wait_for_check()
    assert left.requests == []


def test_a_replayed_delivery_is_known_and_changes_nothing(bot: Driver) -> None:
    pull = bot.open(_FILES)
    assert '"recorded"' in pull.deliver("opened", delivery="7c3e").text
    pull.wait_for_check()
    again = pull.deliver("opened", delivery="7c3e")
    assert (again.status, '"known"' in again.text) == (202, True)
    other = bot.open(_FILES)
    other.deliver("opened")
    other.wait_for_check()
    assert (len(pull.checks()), len(pull.reviews)) == (1, 1)


def test_a_burst_of_deliveries_becomes_one_review(local_bot: Driver) -> None:
    local_bot.serve(LIMITS__DEBOUNCE_SECONDS="8")  # in which all of them come
    pull = local_bot.open({"src/burst.py": long_file("burst")})
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(pull.deliver, ["synchronize"] * 20))
    assert {answer.status for answer in answers} == {202}
    pull.wait_for_check()
    assert (len(pull.checks()), len(pull.summaries)) == (1, 1)
    assert local_bot.model.times("src/burst.py") == 1


# --- pushes and drafts -----------------------------------------------------------------------


def test_a_newer_push_supersedes_the_review_under_way(bot: Driver) -> None:
    pull = bot.open({"src/first.py": defect(), "src/second.py": defect("second")})
    old = pull.head
    bot.model.hold("src/first.py")
    pull.deliver("opened")
    bot.model.wait_until_asked("src/first.py")
    new = pull.push({"src/second.py": defect("second")})
    pull.deliver("synchronize")
    bot.model.let_go("src/first.py")
    assert pull.wait_for_check(new)["conclusion"] == "success"
    assert [each["conclusion"] for each in pull.checks(old)] == ["cancelled"]
    assert [each["commit_id"] for each in pull.reviews] == [new]
    assert len(pull.summaries) == 1


def test_a_push_whose_event_never_comes_is_reviewed_all_the_same(bot: Driver) -> None:
    pull = bot.open({"src/early.py": defect()})
    old = pull.head
    bot.model.hold("src/early.py")
    pull.deliver("opened")
    bot.model.wait_until_asked("src/early.py")
    new = pull.push({"src/late.py": defect("late")})
    bot.model.let_go("src/early.py")
    assert pull.wait_for_check(new)["conclusion"] == "success"
    assert [each["conclusion"] for each in pull.checks(old)] == ["cancelled"]
    assert [each["commit_id"] for each in pull.reviews] == [new]


def test_a_draft_that_becomes_ready_at_the_same_head_is_reviewed(bot: Driver) -> None:
    pull = bot.open(_FILES, draft=True)
    pull.deliver("opened")
    assert pull.wait_for_check()["conclusion"] == "skipped"
    assert pull.reviews == []
    pull.change(draft=False)
    pull.deliver("ready_for_review")
    wait_for("a review", lambda: pull.reviews)
    wait_for("a check", lambda: [c for c in pull.checks() if c["conclusion"] == "success"])
    assert (len(pull.reviews), len(pull.summaries)) == (1, 1)


# --- what the base branch decides ------------------------------------------------------------

_KEYWORD = "auto_review: {ignore_title_keywords: [wip]}"
_BRANCHES = "auto_review: {base_branches: ['release/**']}"


@pytest.mark.parametrize(
    ("policy", "fields", "why"),
    [
        ("", {"draft": True}, "it is a draft"),
        ("", {"author_type": "Bot"}, "its author is a bot"),
        ("", {"author_association": "NONE"}, "an outside contributor"),
        (_KEYWORD, {"title": "WIP: orders"}, "its title holds a keyword"),
        (_BRANCHES, {}, "its base branch is not on the policy"),
        ("auto_review: {ignore_authors: [Alice]}", {}, "its author is on the policy"),
        ("enabled: false", {}, "switched off by the policy"),
    ],
)
def test_what_the_policy_of_the_base_branch_leaves_out_is_not_asked_about(
    bot: Driver, policy: str, fields: dict[str, Any], why: str
) -> None:
    path = f"src/skipped_{len(why)}.py"
    pull = bot.open({path: defect()}, base_files={".reviewbot.yml": policy}, **fields)
    pull.deliver("opened")
    check = pull.wait_for_check()
    assert check["conclusion"] == "skipped"
    assert why in check["output"]["title"]
    assert (pull.reviews, pull.summaries, bot.model.times(path)) == ([], [], 0)


def test_a_gate_cannot_be_walked_around_by_a_draft(bot: Driver) -> None:
    pull = bot.open(_FILES, draft=True, base_files={".reviewbot.yml": "fail_on: high"})
    pull.deliver("opened")
    assert pull.wait_for_check()["conclusion"] == "action_required"


def test_paths_that_the_base_branch_leaves_out_go_to_no_model(bot: Driver) -> None:
    policy = {".reviewbot.yml": "path_filters: ['gen/**']"}
    pull = bot.open({"gen/out.py": defect(), "src/in.py": defect("inside")}, base_files=policy)
    pull.deliver("opened")
    pull.wait_for_check()
    assert (bot.model.times("gen/out.py"), bot.model.times("src/in.py") > 0) == (0, True)
    assert "1 excluded" in pull.summaries[0]["body"]


def test_a_policy_in_the_head_does_nothing(bot: Driver) -> None:
    text = "enabled: false\npath_filters: ['**']"
    pull = bot.open(
        {".reviewbot.yml": text.splitlines(), "src/hidden.py": defect()},
        base_files={".reviewbot.yml": "fail_on: high"},
        head_files={".reviewbot.yml": text},
    )
    pull.deliver("opened")
    assert pull.wait_for_check()["conclusion"] == "failure"
    assert len(pull.reviews) == 1


def test_an_unusable_policy_asks_nobody_and_says_so(bot: Driver) -> None:
    files = {".reviewbot.yml": "max_coments: 3"}
    pull = bot.open({"src/unasked.py": defect()}, base_files=files)
    pull.deliver("opened")
    check = pull.wait_for_check()
    assert check["conclusion"] == "action_required"
    assert "did you mean" in check["output"]["summary"]
    assert bot.model.times("src/unasked.py") == 0


# --- one commit in several pull requests ------------------------------------------------------


@pytest.mark.parametrize("leaves", ["closed", "synchronize"])
def test_what_no_longer_has_the_commit_holds_it_up_no_longer(bot: Driver, leaves: str) -> None:
    gate = {".reviewbot.yml": "fail_on: high"}
    grave = bot.open({"src/grave.py": defect()}, base_files=gate)
    harmless = bot.open_beside(grave, {"src/harmless.py": ["A = 1"]}, base="harmless")
    grave.deliver("opened")
    assert grave.wait_for_check()["conclusion"] == "failure"
    harmless.deliver("opened")

    def ends() -> list[str]:
        return [each["conclusion"] for each in harmless.checks() if each["conclusion"]]

    wait_for("both checks", lambda: len(ends()) == 2)
    assert ends() == ["failure", "failure"]
    asked = bot.model.times("src/harmless.py")
    if leaves == "closed":
        bot.github.close_pull(grave.number, grave.repository)
    else:
        grave.push({"src/grave.py": defect("still")})
    grave.deliver(leaves)
    wait_for("the freed check", lambda: len(ends()) == 3)
    assert ends()[-1] == "success"
    assert bot.model.times("src/harmless.py") == asked


# --- for operators ---------------------------------------------------------------------------


def test_health_readiness_and_metrics_are_there_and_name_no_repository(bot: Driver) -> None:
    pull = bot.open(_FILES)
    pull.deliver("opened")
    pull.wait_for_check()
    assert ask(bot.url, "/healthz").status == 200
    assert ask(bot.url, "/readyz").status == 200

    def published() -> str:
        text = ask(bot.url, "/metrics").text
        return text if 'reviewbot_reviews_total{outcome="published"}' in text else ""

    text = wait_for("a published review in the metrics", published)
    assert 'reviewbot_deliveries_total{outcome="recorded"}' in text
    assert 'reviewbot_desk{state="dead"} 0.0' in text
    assert not any(word in text for word in ("acme", "shop", "orders.py", "alice"))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_who_comes_through_a_proxy_reads_no_metrics(bot: Driver, header: str) -> None:
    answer = ask(bot.url, "/metrics", headers={header: "for=203.0.113.7"})
    assert answer.status == 403
    assert "reviewbot_" not in answer.text


def test_other_addresses_and_methods_are_refused_without_details(bot: Driver) -> None:
    assert ask(bot.url, "/webhook").status == 405
    assert ask(bot.url, "/nothing").status == 404
