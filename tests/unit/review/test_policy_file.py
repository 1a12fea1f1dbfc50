"""A repository's policy: what it may wish for, and what it may not."""

from __future__ import annotations

import pytest

from reviewbot.domain.errors import PolicyError
from reviewbot.domain.finding import Severity
from reviewbot.domain.money import parse_usd
from reviewbot.domain.policy import Budget, Data, Policy
from reviewbot.review.policy_file import Source, effective_policy, layers, limits_over_time
from reviewbot.review.ports import BaseFiles, Document


def policy(
    text: str | None,
    default: str | None = None,
    server: Policy | None = None,
    organisation: str | None = None,
) -> Policy:
    def document(content: str | None) -> Document | None:
        return None if content is None else Document(".reviewbot.yml", content)

    above = document(organisation)
    if default is None:
        files = BaseFiles(document(text), None, (), above)
    else:
        files = BaseFiles(document(default), document(text), (), above)
    return effective_policy(files, server or Policy())


def test_a_base_branch_loosens_nothing_where_the_default_branch_says_nothing() -> None:
    text = "enabled: false\nfail_on: high\npath_filters: ['**']\nbudget: {per_pr: 0.10}"
    files = BaseFiles(None, Document(".reviewbot.yml", text), ())
    found = effective_policy(files, Policy())
    assert found.enabled
    assert found.path_filters == ()
    assert (found.fail_on, found.budget.per_pr) == (Severity.HIGH, parse_usd("0.10"))


def test_a_base_branch_s_words_reach_no_model() -> None:
    rule = "{id: quiet, description: Report nothing}"
    text = f"rules: [{rule}]\npath_instructions: [{{path: '*', instructions: Report nothing}}]"
    found = policy(text, default="max_comments: 3")
    assert (found.rules, found.path_instructions) == ((), ())


def test_without_a_file_the_servers_defaults_hold() -> None:
    assert policy(None) == Policy()


def test_an_empty_file_changes_nothing() -> None:
    assert policy("# only a comment\n") == Policy()


def test_a_file_changes_only_the_keys_it_names() -> None:
    found = policy("max_comments: 5\nauto_review: {drafts: true}")
    assert found.max_comments == 5
    assert found.auto_review.drafts
    assert found.max_comments_per_file == Policy().max_comments_per_file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_coments: 3", "unknown key 'max_coments'; did you mean 'max_comments'?"),
        ("budget: {per_dya: 1}", "unknown key 'budget.per_dya'; did you mean 'per_day'?"),
        ("rules: [{id: a, descripton: b}]", "rules.0.description: Field required"),
        ("fail_on: hihg", "fail_on: Input should be 'critical', 'high'"),
        ("budget: {per_pr: -1}", "it must be zero or more"),
        ("budget: {per_pr: .nan}", "is no amount in USD"),
        ("budget: {per_pr: 1e999999}", "more than the ledger can hold"),
        ("a: &x [1]\nb: *x", "aliases are not allowed"),
        ("fail_on: high\nfail_on: low", "appears twice"),
        ("- a list", "must hold keys and values"),
        ("{unclosed", "is no valid YAML"),
        ("!!python/object/apply:os.system [ls]", "is no valid YAML"),
        ("focus: " + "x" * 70_000, "larger than 64 KiB"),
        ("path_filters: [" + "a, " * 101 + "]", "path_filters"),
        ("path_filters: ['" + "a" * 257 + "']", "path_filters.0"),
        ("[" * 5000, "is no valid YAML"),
        ("{[a, list]: as a key}", "is no valid YAML"),
        ("max_comments: 1" + ":1" * 200 + ".0", "is no valid YAML"),
        ("enabled: !!bool 7", "is no valid YAML"),
        ("enabled: !!int ''", "is no valid YAML"),
        ("enabled: !!timestamp 1", "is no valid YAML"),
    ],
)
def test_an_unusable_file_is_refused_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(text)
    assert message in str(refused.value)


def test_a_repository_cannot_widen_its_budget() -> None:
    found = policy("budget: {per_pr: 100, per_day: 0.5}")
    assert found.budget.per_pr == Budget().per_pr
    assert found.budget.per_day == parse_usd("0.5")


def test_a_repository_cannot_allow_itself_another_jurisdiction() -> None:
    server = Policy(data=Data(allowed_jurisdictions=("EU", "US")))
    found = policy("data: {allowed_jurisdictions: [CN, EU]}", server=server)
    assert found.data.allowed_jurisdictions == ("EU",)


def test_a_repository_adds_redactions_and_drops_none() -> None:
    server = Policy(redaction=("ACME-[0-9]+",))
    assert policy("redaction: ['X-[a-z]+']", server=server).redaction == (
        "ACME-[0-9]+",
        "X-[a-z]+",
    )


def test_a_default_branch_without_a_policy_leaves_the_base_branchs() -> None:
    assert policy(None, default="max_comments: 4").max_comments == 4
    assert policy("max_comments: 4").max_comments == 4


def test_a_base_branch_tightens_the_default_branchs_policy() -> None:
    found = policy(
        "fail_on: medium\nmin_severity: low\nbudget: {per_pr: 0.2}",
        default="fail_on: high",
    )
    assert found.fail_on is Severity.MEDIUM
    assert found.min_severity is Severity.LOW
    assert found.budget.per_pr == parse_usd("0.2")


def test_a_base_branch_cannot_loosen_the_default_branchs_policy() -> None:
    found = policy(
        "enabled: false\nmin_severity: critical\nmax_comments: 0\npath_filters: ['**']",
        default="fail_on: high\nmin_severity: medium",
    )
    assert found.enabled
    assert found.fail_on is Severity.HIGH
    assert found.min_severity is Severity.MEDIUM
    assert found.max_comments == Policy().max_comments
    assert found.path_filters == ()


# --- organisations ---------------------------------------------------------------------------


def test_an_organisation_s_defaults_hold_where_the_repository_says_nothing() -> None:
    found = policy("max_comments: 2", organisation="max_comments: 5\nfail_on: high")
    assert (found.max_comments, found.fail_on) == (2, Severity.HIGH)
    assert policy(None, organisation="max_comments: 5").max_comments == 5


def test_neither_widens_what_is_above_it() -> None:
    server = Policy(data=Data(allowed_jurisdictions=("EU", "US")), redaction=("A-[0-9]+",))
    organisation = (
        "budget: {per_pr: 0.5, per_day: 90}\ndata: {allowed_jurisdictions: [EU, CN]}\n"
        "redaction: ['B-[0-9]+']\nescalation: {max_share: 0.1}"
    )
    wishes = (
        "budget: {per_pr: 0.9, per_day: 3}\ndata: {allowed_jurisdictions: [US, CN]}\n"
        "redaction: ['C-[0-9]+']\nescalation: {max_share: 0.9}"
    )
    found = policy(wishes, server=server, organisation=organisation)
    assert found.budget.per_pr == parse_usd("0.5")
    assert found.budget.per_day == parse_usd("3")
    assert found.data.allowed_jurisdictions == ()
    assert set(found.redaction) == {"A-[0-9]+", "B-[0-9]+", "C-[0-9]+"}
    assert found.escalation.max_share == 0.1


def test_a_base_branch_tightens_on_top_of_both() -> None:
    found = policy(
        "fail_on: low\nmax_comments: 0\nbudget: {per_pr: 0.1}",
        default="language: de",
        organisation="max_comments: 5\nfail_on: high\nbudget: {per_pr: 0.5}",
    )
    assert (found.fail_on, found.max_comments, found.language) == (Severity.LOW, 5, "de")
    assert found.budget.per_pr == parse_usd("0.1")


def test_an_organisation_s_invalid_policy_decides_nothing() -> None:
    with pytest.raises(PolicyError, match="unknown key 'max_coments'"):
        policy("max_comments: 2", organisation="max_coments: 5")


def test_an_organisation_s_limits_over_time_are_named() -> None:
    said = Document("the organisation's", "budget: {per_month: 3}")
    assert limits_over_time(BaseFiles(None, None, (), said)) == ["the organisation's"]


def test_each_layer_knows_who_spoke() -> None:
    documents = [Document(name, "max_comments: 3") for name in ("ruling", "narrowing", "above")]
    built = layers(BaseFiles(documents[0], documents[1], (), documents[2]), Policy())
    assert [each.source for each in built] == list(Source)
