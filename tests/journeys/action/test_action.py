from __future__ import annotations

import json
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.runtime.sealed import sealed_ledger, unseal
from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel
from reviewbot.sandbox.scenario import load_scenario
from tests.journeys.action.workflow import ACTION, STEPS, Run, Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "the token of the job"


@pytest.fixture
def model() -> Iterator[SandboxModel]:
    with SandboxModel() as model:
        yield model


@pytest.fixture
def github() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(token=TOKEN, pat_may_check=True) as github:
        yield github


def scenario(**changed: Any) -> SandboxPull:
    planted = load_scenario()
    pull = SandboxPull(
        diff=planted.diff,
        number=planted.number,
        repository=planted.repository,
        title=planted.title,
        base_files=planted.base_files,
    )
    return replace(pull, **changed)


class Repository:
    """A repository whose workflow uses the action."""

    def __init__(self, github: SandboxGitHub, model: SandboxModel, folder: Path) -> None:
        self.github, self.model = github, model
        self.workflow = Workflow(folder, f"{github.url}/api/v3", github.url)
        self.pull = scenario()

    def open(self, **changed: Any) -> None:
        self.pull = scenario(**changed)
        self.github.add_pull(self.pull)

    def review(
        self,
        event: str = "pull_request",
        *,
        key: str = API_KEY,
        environ: dict[str, str] | None = None,
        payload: dict[str, Any] | None = None,
        inputs: dict[str, str] | None = None,
    ) -> Run:
        given = {
            "api-key": key,
            "base-url": self.model.base_url,
            "cheap-model": CHEAP_MODEL,
            "strong-model": STRONG_MODEL,
            "cheap-price": "0.18/0.25",
            "strong-price": "2.50/10.00",
        } | (inputs or {})
        payload = payload or self.github.payload("opened", self.pull.number)
        return self.workflow.run(event, payload, given, environ)


@pytest.fixture
def repository(github: SandboxGitHub, model: SandboxModel, tmp_path: Path) -> Repository:
    return Repository(github, model, tmp_path)


# --- the way through -------------------------------------------------------------------------


def test_a_pull_request_is_reviewed_at_the_events_head(repository: Repository) -> None:
    repository.open()
    run = repository.review()
    assert run.code == 0, run.log
    [review], [check] = repository.github.reviews, repository.github.check_runs
    assert review["commit_id"] == check["head_sha"] == repository.pull.head_sha
    assert run.outputs["status"] == "reviewed"
    assert run.outputs["coverage"] == "complete"
    assert run.outputs["highest-severity"] in {"critical", "high"}
    assert 0 < float(run.outputs["cost-usd"]) < 1
    assert "segments =" in run.summary
    assert "saved" in run.summary
    assert "| for | calls | tokens in | tokens out | settled | presumed |" in run.summary
    assert re.search(r"\| first reading \| [1-9]\d* \| [1-9][\d,]* \|", run.summary)
    assert run.commands == []  # the review and the check run show everything
    results = json.loads(_read(run.outputs["results-file"]))
    shown = [each for each in results["findings"] if each["fate"] != "withheld"]
    assert len(shown) == int(run.outputs["findings-count"]) > 0
    assert results["cost"]["spent_usd"] == run.outputs["cost-usd"]


def _read(name: str) -> str:
    with open(name, encoding="utf-8") as file:  # noqa: PTH123 - a name from an output
        return file.read()


def test_the_language_is_that_of_the_input_where_the_policy_names_none(
    repository: Repository,
) -> None:
    repository.open(base_files={})
    run = repository.review(inputs={"language": "de-AT"})
    assert run.code == 0, run.log
    assert "Abschnitte =" in run.summary
    assert "<sub>kritisch · Sicherheit" in repository.github.review_comments[0]["body"]
    assert "Nachweis der Abdeckung" in repository.github.issue_comments[0]["body"]
    assert "segments =" in run.log  # what is printed is English


def test_without_posting_annotations_are_in_the_language_of_the_input(
    repository: Repository,
) -> None:
    repository.open(base_files={})
    run = repository.review(inputs={"language": "zh-CN", "post": "false"})
    titles = [each.properties.get("title", "") for each in run.commands]
    assert any(each.startswith("提交了机密") for each in titles), run.log


def test_a_fork_is_reviewed_on_pull_request_target(repository: Repository) -> None:
    repository.open(head_repository="mallory/shop")
    run = repository.review("pull_request_target")
    assert (run.code, run.outputs["status"]) == (0, "reviewed"), run.log
    assert repository.github.reviews[0]["commit_id"] == repository.pull.head_sha


def test_findings_at_the_gate_fail_the_job(repository: Repository) -> None:
    repository.open()
    run = repository.review(inputs={"fail-on": "high"})
    assert (run.code, run.outputs["status"]) == (1, "reviewed"), run.log
    assert repository.github.check_runs[0]["conclusion"] == "failure"


def test_a_run_that_costs_too_much_is_not_fully_read(repository: Repository) -> None:
    repository.open()
    run = repository.review(inputs={"max-cost-usd": "0.000001"})
    assert (run.code, run.outputs["coverage"]) == (3, "incomplete"), run.log
    assert repository.model.calls == []


# --- what is known from run to run -----------------------------------------------------------


def test_a_second_run_asks_nothing_and_posts_nothing_again(repository: Repository) -> None:
    repository.open()
    repository.review()
    asked = len(repository.model.calls)
    again = repository.review()
    assert (again.code, again.outputs["cost-usd"]) == (0, "0"), again.log
    assert len(repository.model.calls) == asked
    assert len(repository.github.reviews) == len(repository.github.issue_comments) == 1


def test_a_run_without_a_key_takes_nothing_from_what_is_known(repository: Repository) -> None:
    repository.open()
    repository.review()
    asked = len(repository.model.calls)
    assert repository.review(key="").code == 2
    again = repository.review()
    assert (again.code, again.outputs["cost-usd"]) == (0, "0"), again.log
    assert len(repository.model.calls) == asked


@pytest.mark.parametrize("cache", ["lost", "forged"])
def test_without_its_cache_it_knows_its_comments_again(repository: Repository, cache: str) -> None:
    repository.open()
    repository.review()
    comments = repository.github.review_comments
    for key in list(repository.workflow.caches):
        del repository.workflow.caches[key]
        if cache == "forged":
            repository.workflow.caches[key] = b"SQLite format 3\0" + bytes(100)
    again = repository.review()
    assert again.code == 0, again.log
    assert float(again.outputs["cost-usd"]) > 0
    assert repository.github.review_comments == comments
    assert len(repository.github.issue_comments) == 1


def _with_old_answers(ledger: Path) -> None:
    """Twenty answers of a megabyte, used last a week ago."""
    week_ago = int((time.time() - 7 * 86_400) * 1000)
    with closing(sqlite3.connect(ledger)) as old, old:
        for number in range(20):
            old.execute(
                "INSERT INTO answers (key, model, text, cost, tokens, review_id, at, used_at,"
                " bytes) VALUES (?, 'small', ?, 1, 1, 'old', ?, ?, 1000000)",
                (f"old {number}", "x" * 10**6, week_ago, week_ago),
            )


@pytest.mark.parametrize(
    ("said", "left"), [({}, 15), ({"REVIEWBOT_RETENTION__ANSWERS_MB": "30"}, 20)]
)
def test_old_answers_leave_the_cache_where_they_are_too_many(
    repository: Repository, tmp_path: Path, said: dict[str, str], left: int
) -> None:
    repository.open()
    payload = repository.github.payload("opened", repository.pull.number)
    parts = str(payload["repository"]["id"]), str(repository.pull.number)
    with sealed_ledger(tmp_path / "old", tmp_path, API_KEY, "/".join(parts)) as url:
        _with_old_answers(Path(url.removeprefix("sqlite:///")))
    caches = repository.workflow.caches
    caches[f"reviewbot-{'-'.join(parts)}-0-1"] = (tmp_path / "old/ledger.sealed").read_bytes()
    run = repository.review(environ=said)
    assert run.code == 0, run.log

    state = unseal(caches[list(caches)[-1]], API_KEY, "/".join(parts))
    (tmp_path / "kept.db").write_bytes(state or b"")
    with closing(sqlite3.connect(tmp_path / "kept.db")) as kept:
        [(count,)] = kept.execute("SELECT COUNT(*) FROM answers WHERE key LIKE 'old %'")
    assert count == left


def test_the_cache_shows_nothing_to_who_can_read_it(repository: Repository) -> None:
    repository.open()
    repository.review()
    [kept] = repository.workflow.caches.values()
    for known in (b"SQLite", b"acme", API_KEY.encode(), b"src/"):
        assert known not in kept


def test_wheels_are_kept_once_by_what_they_are_locked_to(repository: Repository) -> None:
    repository.open()
    repository.review()
    repository.review()
    [(key, kept)] = repository.workflow.wheels.items()
    assert re.fullmatch(r"reviewbot-wheels-Linux-X64-3\.\d+-[0-9a-f]{64}", key)
    assert [file.name for file in kept.iterdir()] == ["locked.whl"]


# --- without a review ------------------------------------------------------------------------


def test_a_fork_without_secrets_is_told_so(repository: Repository) -> None:
    repository.open(head_repository="mallory/shop")
    run = repository.review(key="")
    assert (run.code, run.outputs["status"]) == (0, "no-secrets"), run.log
    [notice] = run.commands
    assert notice.name == "notice"
    assert "pull requests from forks are given no secrets" in notice.message
    assert "pull_request_target" in notice.message
    assert "forks are given no secrets" in run.summary
    german = repository.review(key="", inputs={"language": "de"})
    assert "Pull Requests aus Forks bekommen keine Secrets" in german.summary
    assert repository.github.requests == []


def test_dependabot_is_told_so_too(repository: Repository) -> None:
    repository.open(author_login="dependabot[bot]", author_type="Bot")
    run = repository.review(key="")
    assert (run.code, run.outputs["status"]) == (0, "no-secrets"), run.log


def test_a_fork_is_no_way_around_a_gate(repository: Repository) -> None:
    repository.open(head_repository="mallory/shop")
    run = repository.review(key="", inputs={"fail-on": "high"})
    assert (run.code, run.commands[0].name) == (3, "error"), run.log


def test_a_missing_key_is_wrong_configuration(repository: Repository) -> None:
    repository.open()
    run = repository.review(key="")
    assert (run.code, run.outputs["status"]) == (2, "failed"), run.log
    assert "REVIEWBOT_API_KEY" in run.commands[0].message


@pytest.mark.parametrize(("gate", "code"), [("", 0), ("high", 3)])
def test_a_draft_is_skipped_but_never_past_a_gate(
    repository: Repository, gate: str, code: int
) -> None:
    repository.open(draft=True)
    run = repository.review(inputs={"fail-on": gate})
    assert (run.code, run.outputs["status"]) == (code, "skipped"), run.log
    assert "it is a draft" in run.commands[0].message
    assert repository.model.calls == []


def test_an_older_head_is_left_to_the_newer_run(repository: Repository) -> None:
    repository.open()
    payload = repository.github.payload("opened", repository.pull.number)
    repository.github.push(repository.pull.number, repository.pull.diff, "d" * 40)
    run = repository.review(payload=payload)
    assert (run.code, run.outputs["status"]) == (3, "superseded"), run.log
    assert repository.model.calls == []


# --- without posting -------------------------------------------------------------------------


def test_without_posting_findings_are_annotations(repository: Repository) -> None:
    repository.open()
    run = repository.review(inputs={"post": "false"})
    assert run.code == 0, run.log
    assert {method for method, _, _ in repository.github.requests} == {"GET"}
    assert run.commands
    for command in run.commands:
        assert command.name in {"error", "warning", "notice"}
        assert int(command.properties["line"]) <= int(command.properties["endLine"])
        assert f"b/{command.properties['file']}".encode() in repository.pull.diff


def test_sarif_is_written_to_the_workspace(repository: Repository, tmp_path: Path) -> None:
    repository.open()
    outside = tmp_path / "outside"
    outside.write_text("as it was", encoding="utf-8")
    file = repository.workflow.workspace / "out.sarif"
    file.symlink_to(outside)  # as a checkout of hostile code would bring along
    run = repository.review(inputs={"post": "false", "sarif-file": "out.sarif"})
    assert run.code == 0, run.log
    assert json.loads(_read(str(file)))["version"] == "2.1.0"
    assert outside.read_text(encoding="utf-8") == "as it was"


@pytest.mark.parametrize("name", ["../out.sarif", "link/out.sarif", "nowhere/out.sarif"])
def test_sarif_goes_nowhere_else(repository: Repository, tmp_path: Path, name: str) -> None:
    repository.open()
    (repository.workflow.workspace / "link").symlink_to(tmp_path)
    run = repository.review(inputs={"sarif-file": name})
    assert run.code == 2, run.log
    assert "sarif-file" in run.commands[0].message


# --- wrong use -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"post": "maybe"}, "post"),
        ({"fail-on": "awful"}, "fail-on"),
        ({"max-cost-usd": "lots"}, "max-cost-usd"),
        ({"cheap-price": "cheap"}, "REVIEWBOT_CHEAP_PRICE"),
    ],
)
def test_wrong_inputs_are_named(repository: Repository, inputs: dict[str, str], named: str) -> None:
    repository.open()
    run = repository.review(inputs=inputs)
    assert (run.code, run.outputs["status"]) == (2, "failed"), run.log
    assert named in run.commands[0].message
    assert run.commands[0].name == "error"


def test_other_events_are_wrong_use(repository: Repository) -> None:
    repository.open()
    run = repository.review("push")
    assert run.code == 2
    assert "the event is push" in run.commands[0].message


@pytest.mark.parametrize("variable", ["POLICY__BUDGET__PER_DAY", "BUDGET__PER_SERVER"])
def test_budgets_over_time_are_refused_where_nothing_remembers(
    repository: Repository, variable: str, tmp_path: Path
) -> None:
    repository.open()
    environ = {f"REVIEWBOT_{variable}": "3"}
    run = repository.review(environ=environ)
    assert (run.code, run.outputs["status"]) == (2, "failed"), run.log
    assert "forgets" in run.commands[0].message
    lasting = {"REVIEWBOT_DATABASE__URL": f"sqlite:///{tmp_path / 'lasting.db'}"}
    assert repository.review(environ=environ | lasting).code == 0
    assert repository.workflow.caches == {}


def test_a_policys_budget_over_time_is_refused_too(repository: Repository) -> None:
    repository.open(base_files={".reviewbot.yml": "budget: {per_month: 40}"})
    run = repository.review()
    assert run.code == 2, run.log
    assert ".reviewbot.yml sets a budget over time" in run.commands[0].message
    assert repository.model.calls == []


def test_no_configuration_file_is_read(repository: Repository) -> None:
    repository.open()
    run = repository.review(environ={"REVIEWBOT_CONFIG": "reviewbot.toml"})
    assert run.code == 2, run.log


# --- configuration and patterns ---------------------------------------------------------------

_CONFIG = """
[[endpoints]]
name = "here"
base_url = "BASE"
api_key_env = "REVIEWBOT_API_KEY"
[[models]]
name = "reader"
routes = [{ endpoint = "here", model = "MODEL", price = { input = "0.18", output = "0.25" } }]
[tiers]
cheap = ["reader"]
[policy]
fail_on = "high"
"""


def test_a_configuration_is_taken_as_text(repository: Repository) -> None:
    repository.open()
    text = _CONFIG.replace("BASE", repository.model.base_url).replace("MODEL", CHEAP_MODEL)
    run = repository.review(inputs={"config": text, "cheap-model": "", "strong-model": ""})
    assert (run.code, run.outputs["status"]) == (1, "reviewed"), run.log
    assert {call.model for call in repository.model.calls} == {CHEAP_MODEL}


def test_a_configuration_may_lie_outside_of_the_workspace(
    repository: Repository, tmp_path: Path
) -> None:
    repository.open()
    file = tmp_path / "reviewbot.toml"
    file.write_text('[policy]\nfail_on = "high"\n', encoding="utf-8")
    run = repository.review(inputs={"config": str(file)})
    assert (run.code, run.outputs["status"]) == (1, "reviewed"), run.log


@pytest.mark.parametrize("how", ["inside", "link", "relative"])
def test_no_checkout_brings_its_own_configuration_along(repository: Repository, how: str) -> None:
    repository.open()
    inside = repository.workflow.workspace / "reviewbot.toml"
    inside.write_text('[policy]\nfail_on = "low"\n', encoding="utf-8")
    link = repository.workflow.workspace.parent / "link.toml"
    link.symlink_to(inside)
    names = {"inside": str(inside), "link": str(link), "relative": "reviewbot.toml"}
    run = repository.review(inputs={"config": names[how]})
    assert (run.code, run.outputs["status"]) == (2, "failed"), run.log
    assert "outside of the workspace" in run.commands[0].message
    assert repository.model.calls == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("polcy = 1", "the input config: unknown key 'polcy'; did you mean 'policy'?"),
        ("[policy", "the input config is no valid TOML"),
        ('[github]\ntoken = "x"', "github.token is a secret"),
        ("github = 3", "the input config: github"),
        ("[budget]\nper_server = 3", "the job's configuration sets a budget over time"),
    ],
)
def test_a_wrong_configuration_is_named(repository: Repository, text: str, says: str) -> None:
    repository.open()
    run = repository.review(inputs={"config": text})
    assert (run.code, run.outputs["status"]) == (2, "failed"), run.log
    assert says in run.commands[0].message
    assert run.commands[0].name == "error"


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_excluded_files_go_to_no_model_and_are_named(repository: Repository, event: str) -> None:
    repository.open(base_files={".reviewbot.yml": "path_filters: ['docs/**']"})
    run = repository.review(event, inputs={"exclude": "# ours\nsrc/**\n!src/orders/search.py\n"})
    assert run.outputs["status"] == "reviewed", run.log
    results = json.loads(_read(run.outputs["results-file"]))
    classes = {each["path"]: each["class"] for each in results["receipt"]["entries"]}
    assert classes["src/orders/search.py"] == "read"
    others = {how for path, how in classes.items() if path.startswith("src/")} - {"read"}
    assert others == {"excluded"}
    assert {each["detail"] for each in results["receipt"]["entries"]} >= {"exclude"}
    assert "exclude" in run.summary


@pytest.mark.parametrize("exclude", ["a" * 257, "\n".join("a" * 101), "[z-a]"])
def test_wrong_patterns_are_named(repository: Repository, exclude: str) -> None:
    repository.open()
    run = repository.review(inputs={"exclude": exclude})
    assert (run.code, "exclude" in run.commands[0].message) == (2, True), run.log


# --- findings of other tools -----------------------------------------------------------------


def _sarif(line: int) -> str:
    place = {
        "artifactLocation": {"uri": "src/orders/search.py"},
        "region": {"startLine": line},
    }
    result = {
        "ruleId": "py/sql",
        "level": "error",
        "message": {"text": "A query is built from a value."},
        "locations": [{"physicalLocation": place}],
    }
    run = {"tool": {"driver": {"name": "CodeQL"}}, "results": [result]}
    return json.dumps({"version": "2.1.0", "runs": [run]})


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_findings_of_other_tools_are_confirmed_and_listed(
    repository: Repository, event: str
) -> None:
    repository.open()
    for name, line in (("a.sarif", 37), ("b.sarif", 9_999)):
        (repository.workflow.workspace / name).write_text(_sarif(line), encoding="utf-8")
    run = repository.review(event, inputs={"sarif-in": "a.sarif\nb.sarif\n"})
    assert run.code == 0, run.log
    told = json.loads(_read(run.outputs["results-file"]))["other_tools"]
    assert [each["verdict"] for each in told["findings"]] == ["confirmed"]
    assert told["outside_the_change"] == 1
    assert "Findings of other tools" in run.summary
    bodies = [each["body"] for each in repository.github.review_comments]
    assert any("reported by CodeQL py/sql too" in body for body in bodies)


@pytest.mark.parametrize("name", ["../secret.sarif", "link.sarif", "nowhere.sarif"])
def test_other_files_are_not_read_as_reports(repository: Repository, name: str) -> None:
    repository.open()
    outside = repository.workflow.workspace.parent / "secret.sarif"
    outside.write_text(_sarif(37), encoding="utf-8")
    (repository.workflow.workspace / "link.sarif").symlink_to(outside)
    run = repository.review(inputs={"sarif-in": name})
    assert (run.code, run.outputs["status"]) == (2, "failed"), run.log
    assert "sarif" in run.commands[0].message


# --- action.yml itself -----------------------------------------------------------------------


def test_names_are_in_kebab_case_and_all_are_passed_on() -> None:
    names = [*ACTION["inputs"], *ACTION["outputs"]]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
    [review] = [step for step in STEPS if step.get("id") == "review"]
    passed = re.findall(r"inputs\.([a-z-]+)", json.dumps(review["env"]))
    assert sorted(passed) == sorted(ACTION["inputs"])


def test_what_is_installed_is_locked_and_never_asked_of_a_checkout() -> None:
    [install] = [step for step in STEPS if step.get("name") == "Install reviewbot"]
    script = install["run"]
    assert script.count("--require-hashes") == 1
    assert all("locked" in line for line in script.splitlines() if "--find-links" in line)
    assert "--no-index --no-deps --no-build-isolation" in script
    assert script.count('"$PYTHON"') == script.count('"$PYTHON" -I ')
    assert install["env"]["PYTHONPATH"] == ""
    assert install["working-directory"] == "${{ runner.temp }}"


def test_nothing_is_interpolated_into_a_shell_and_all_actions_are_pinned() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        if uses := step.get("uses"):
            assert re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40}", uses)
            assert "checkout" not in uses
