"""The GitHub Action: reviews the pull request of the event, and tells the runner how it went."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from reviewbot.domain.errors import (
    DiffError,
    PolicyError,
    ReviewbotError,
    SettingsError,
    UsageError,
)
from reviewbot.domain.finding import Severity, Side
from reviewbot.domain.money import parse_usd, plain_usd
from reviewbot.domain.outcome import Reviewed, Skipped, Superseded
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.entrypoints.action_inputs import read_config, read_extras, refuse
from reviewbot.entrypoints.action_session import session_for, under
from reviewbot.entrypoints.cancelling import kept_when_cancelled
from reviewbot.entrypoints.cli import FINDINGS, FINE, UNFINISHED, WRONG_USE
from reviewbot.entrypoints.cli.progress import SilentObserver
from reviewbot.entrypoints.formats import render
from reviewbot.github.runner import Level, Runner, read_pull_event
from reviewbot.ledger.reviews import Reviews
from reviewbot.review import replies
from reviewbot.review.compose import told
from reviewbot.review.policy_file import effective_policy, limits_over_time
from reviewbot.review.wording import markdown, one_line
from reviewbot.review.words import in_language
from reviewbot.runtime.core import open_core
from reviewbot.runtime.local import ReadOnlyForge
from reviewbot.runtime.sealed import put_back, sealed_ledger
from reviewbot.runtime.settings import DatabaseSection, load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.outcome import Judged, Outcome, Report
    from reviewbot.domain.policy import Policy
    from reviewbot.github.runner import PullEvent
    from reviewbot.review.house import Extras
    from reviewbot.review.ports import BaseFiles, Forge
    from reviewbot.review.words import Words
    from reviewbot.runtime.companion_session import Session
    from reviewbot.runtime.config_file import ConfigText
    from reviewbot.runtime.core import Core
    from reviewbot.runtime.settings import Settings

_ANSWERS_MB = 16  # in the workflow's cache; 10,000 lines of a pull request take a tenth of one
_SHOWN = 10  # annotations of one level; the runner shows no more
_LEVELS = {
    Severity.CRITICAL: Level.ERROR,
    Severity.HIGH: Level.ERROR,
    Severity.MEDIUM: Level.WARNING,
    Severity.LOW: Level.NOTICE,
    Severity.INFO: Level.NOTICE,
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow asks for, beside what the settings read themselves."""

    max_cost: PicoUsd
    fail_on: Severity | None
    post: bool
    sarif: Path | None
    config: ConfigText | Path | None
    extras: Extras


@dataclass(frozen=True, slots=True)
class End:
    """How it ended: *says* is a sentence for people where there is no report, *costs* a table."""

    status: str
    code: int
    says: str = ""
    advice: str = ""
    report: Report | None = None
    costs: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


def run_action(environ: Mapping[str, str], out: TextIO) -> int:
    """Review the event's pull request; the exit codes are the command line's."""
    runner = Runner(environ, out)
    shown: list[Judged] = []
    try:
        inputs = read_inputs(environ)
        job = _prepared(environ, inputs, runner)
        with runner.fenced() as fenced:
            end = _reviewed(job)
            if end.report is not None:
                click.echo(render(end.report, "text"), file=fenced)
                shown = [] if inputs.post else list(end.report.open_findings)
    except ReviewbotError as error:
        wrong = isinstance(error, (UsageError, DiffError))
        end = End("failed", WRONG_USE if wrong else UNFINISHED, str(error), error.advice)
    _tell(runner, end)
    _annotate(runner, shown, in_language(end.report.language if end.report else "en"))
    return end.code


# --- inputs ----------------------------------------------------------------------------------


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """What action.yml passes on; raises UsageError naming the input."""
    post = environ.get("INPUT_POST") or "true"
    if post not in {"true", "false"}:
        refuse("post", "write true or false")
    severity = environ.get("INPUT_FAIL_ON", "")
    if severity and severity not in set(Severity):
        refuse("fail-on", f"write one of {', '.join(Severity)}")
    try:
        cost = parse_usd(environ.get("INPUT_MAX_COST_USD") or "1")
    except ValueError as error:
        refuse("max-cost-usd", str(error))
    if environ.get("REVIEWBOT_CONFIG"):
        message = "the Action reads no configuration file: the workspace may be the author's"
        advice = "Write it into the input config, or as REVIEWBOT_SECTION__KEY variables."
        raise UsageError(message, advice)
    return Inputs(
        max_cost=cost,
        fail_on=Severity(severity) if severity else None,
        post=post == "true",
        sarif=_sarif_path(environ),
        config=read_config(environ),
        extras=read_extras(environ),
    )


def _sarif_path(environ: Mapping[str, str]) -> Path | None:
    """Where SARIF goes: in the workspace, and not through a link that a checkout brought along."""
    name = environ.get("INPUT_SARIF_FILE", "")
    if not name:
        return None
    workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    folder = (workspace / name).parent.resolve()
    if not folder.is_relative_to(workspace) or not folder.is_dir():
        refuse("sarif-file", "name a file in an existing folder of the workspace")
    return folder / Path(name).name


# --- the review ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Job:
    """One run; *forgets* says that its ledger lies in the workflow's cache.

    With a *session* a companion's ledger holds the budgets, and remembers.
    """

    environ: Mapping[str, str]
    inputs: Inputs
    event: PullEvent
    settings: Settings
    forgets: bool
    session: Session | None

    @property
    def key(self) -> str:
        """A secret that is the same in every run, to derive others from, or nothing."""
        return self.session.seal if self.session else _key_of(self.settings)

    @property
    def bounds_runs_only(self) -> bool:
        """Whether nobody remembers what earlier days and other pull requests have cost."""
        return self.forgets and self.session is None


def _prepared(environ: Mapping[str, str], inputs: Inputs, runner: Runner) -> Job:
    """Everything up to the first look at GitHub; a session is bought here, and hidden."""
    settings = load_settings(environ, inputs.config)
    if inputs.fail_on is not None:
        settings = settings.gated(inputs.fail_on)
    # A database that the team names remembers; without one the workflow's cache has to do.
    forgets = settings.values.database == DatabaseSection()
    event = read_pull_event(environ)
    session = session_for(environ, runner, settings, event, inputs.max_cost)
    if session is not None:
        settings = under(session, settings)
    return Job(environ, inputs, event, settings, forgets, session)


def _reviewed(job: Job) -> End:
    environ = job.environ
    if job.event.without_secrets and not job.key:
        return _without_secrets(job)
    if not job.forgets:
        return _review(job)
    if job.bounds_runs_only:
        _refuse_limits_over_time(job.settings)
    with ExitStack() as stack:
        temporary = environ.get("RUNNER_TEMP") or None
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=temporary)))
        # Without a key there is no seal, and what other runs have kept stays as it is.
        kept = environ.get("INPUT_STATE_FOLDER") if job.key else None
        folder = Path(kept or scratch / "state")
        scope = f"{job.event.repository_id}/{job.event.number}"
        place = (folder, scratch, job.key, scope)
        url = stack.enter_context(sealed_ledger(*place))
        stack.enter_context(kept_when_cancelled(lambda: put_back(*place)))
        return _review(replace(job, settings=job.settings.with_ledger(url, _ANSWERS_MB)))


def _without_secrets(job: Job) -> End:
    """A job that can ask nobody; where a gate is set, that is no way around it."""
    say = in_language(job.settings.values.policy.language)
    says = say("Not reviewed: {why}.", why=say.told(job.event.without_secrets))
    advice = say("`on: pull_request_target` reviews them; the Action never checks out their code.")
    gated = job.settings.values.policy.fail_on is not None
    return End("no-secrets", UNFINISHED if gated else FINE, says, advice)


def _key_of(settings: Settings) -> str:
    """A secret of the job to derive others from: its first endpoint's key, or nothing."""
    try:
        for endpoint in settings.values.endpoints:
            return settings.secret("api_key", endpoint.api_key_env, endpoint.api_key_file)
    except SettingsError:
        return ""
    return settings.values.quick.api_key


def _refuse_limits_over_time(settings: Settings) -> None:
    values = settings.values
    stated = {"per_day", "per_month"} & values.policy.budget.model_fields_set
    if stated or values.budget.model_fields_set:
        _refuse_to_forget("the job's configuration")


def _refuse_to_forget(where: str) -> NoReturn:
    message = f"{where} sets a budget over time, and a workflow's cache forgets"
    advice = "max-cost-usd bounds a run; limits by day and month need a companion (companion-url),"
    raise UsageError(message, f"{advice} or REVIEWBOT_DATABASE__URL with a lasting database.")


def _review(job: Job) -> End:
    environ, event = job.environ, job.event
    run = f"{environ.get('GITHUB_RUN_ID', '')}.{environ.get('GITHUB_RUN_ATTEMPT', '')}"
    request = ReviewRequest(event.repository, event.number, f"workflow run {run}")
    models = job.session.router_config(job.settings.limits) if job.session else None
    with open_core(job.settings, config=models) as core:
        forge: Forge = core.forge_with_token()
        forge = forge if job.inputs.post else ReadOnlyForge(forge)
        pull = forge.pull_request(request)
        if pull.head_sha != event.head_sha:
            say = in_language(job.settings.values.policy.language)
            return _ended(job, Superseded(request, by=pull.head_sha), say, gated=False)
        if job.forgets:
            core.doubt_summary(pull.key)
        policy = _policy(job, forge.base_files(pull))
        observer = SilentObserver(job.settings.limits.review_seconds)
        outcome = core.review(request, forge, observer, job.inputs.max_cost, job.inputs.extras)
        gated = policy is None or (policy.enabled and policy.fail_on is not None)
        say = in_language((policy or job.settings.values.policy).language)
        end = _ended(job, outcome, say, gated=gated)
        return replace(end, costs=_costs(core, end.report, say))


def _costs(core: Core, report: Report | None, say: Words) -> str:
    if report is None:
        return ""
    spent = Reviews(core.database).spent(report.pull.key)
    return replies.cost(spent, report.bill.pr_limit, say)


def _policy(job: Job, files: BaseFiles) -> Policy | None:
    """What holds; None where it cannot be used, which is the review's to report."""
    try:
        over_time = limits_over_time(files) if job.bounds_runs_only else []
        policy = effective_policy(files, job.settings.values.policy)
    except PolicyError:
        return None
    if over_time:
        _refuse_to_forget(over_time[0])
    return policy


def _ended(job: Job, outcome: Outcome, say: Words, *, gated: bool) -> End:
    match outcome:
        case Superseded():
            says = say("Not reviewed: a newer push came; its own run reviews it.")
            return End("superseded", UNFINISHED, says)
        case Skipped(why=why):
            # No author may walk around a gate with a draft, a title or a fork.
            advice = say("Somebody with write access must decide.") if gated else ""
            says = say("Not reviewed: {why}.", why=say.told(why))
            return End("skipped", UNFINISHED if gated else FINE, says, advice)
        case Reviewed(report=report):
            code = FINDINGS if report.reaches_gate else FINE
            code = code if report.receipt.complete else UNFINISHED
            return End("reviewed", code, report=report, outputs=_files(job, report))


def _files(job: Job, report: Report) -> dict[str, str]:
    """Write the report for later steps; where it lies."""
    results = (
        Path(job.environ.get("RUNNER_TEMP") or tempfile.gettempdir()) / "reviewbot-results.json"
    )
    _replace(results, render(report, "json"))
    if job.inputs.sarif is not None:
        _replace(job.inputs.sarif, render(report, "sarif"))
    return {"results-file": str(results)}


def _replace(file: Path, text: str) -> None:
    """Write a file that may stand there, as itself and never through a link."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=file.parent, delete=False, encoding="utf-8"
        ) as new:
            new.write(f"{text}\n")
        Path(new.name).chmod(0o644)
        Path(new.name).replace(file)
    except OSError as error:
        message = f"{file.name} cannot be written: {error.strerror}"
        raise UsageError(message, "Check the folder's rights and free space.") from error


# --- what is told ----------------------------------------------------------------------------


def _tell(runner: Runner, end: End) -> None:
    report = end.report
    findings = report.open_findings if report else ()
    outputs = {
        "status": end.status,
        "findings-count": str(len(findings)),
        "highest-severity": findings[0].finding.severity.value if findings else "",
        "cost-usd": plain_usd(report.bill.spent) if report else "0",
        "coverage": _coverage(report),
        "results-file": "",
    }
    runner.set_outputs(outputs | end.outputs)
    if report is not None:
        runner.summarise(told(report, end.costs))
        return
    runner.summarise(f"### reviewbot\n\n{markdown(end.says)}\n\n{markdown(end.advice)}")
    level = Level.NOTICE if end.code == FINE else Level.ERROR
    runner.annotate(level, one_line(f"{end.says} {end.advice}"), title="reviewbot")


def _coverage(report: Report | None) -> str:
    if report is None:
        return "none"
    return "complete" if report.receipt.complete else "incomplete"


def _annotate(runner: Runner, findings: list[Judged], say: Words) -> None:
    """Findings on their lines, where no review and no check run shows them already."""
    left = dict.fromkeys(Level, _SHOWN)
    for judged in findings:
        level, anchor = _LEVELS[judged.finding.severity], judged.anchor
        if anchor is None or anchor.side is not Side.RIGHT or not left[level]:
            continue
        left[level] -= 1
        runner.annotate(
            level,
            one_line(say.told(judged.finding.explanation or judged.finding.title)),
            title=one_line(say.told(judged.finding.title)),
            file=anchor.path,
            line=anchor.start_line,
            endLine=anchor.line,
        )
