"""What to do about each refusal of a companion; shown in the job's log and summary."""

from __future__ import annotations

from reviewbot.domain.session_refusal import Why

_CLOCKS = "Run the job again; if it stays so, the clock of the companion's machine is wrong."
_ADDRESS = "`companion-url` must be the companion's own `companion.url`, to the letter."
_ISSUER = "The companion's `companion.issuer` must be the issuer of this GitHub."
_AGAIN = "Run the job again."
_ADVICE = {
    Why.TOKEN_EXPIRED: _CLOCKS,
    Why.TOKEN_EARLY: _CLOCKS,
    Why.TOKEN_AUDIENCE: _ADDRESS,
    Why.TOKEN_ISSUER: _ISSUER,
    Why.TOKEN_KEY_UNKNOWN: _ISSUER,
    Why.TOKEN_SIGNATURE: _ISSUER,
    Why.TOKEN_USED: _AGAIN,
    Why.EVENT_NOT_ALLOWED: "Run it `on: pull_request` or `on: pull_request_target`.",
    Why.REPOSITORY_NOT_ENROLLED: (
        "Whoever runs the companion adds this repository's id to `companion.repositories`,"
        " or its installation's to `companion.installations`."
    ),
    Why.REPOSITORY_NOT_INSTALLED: "Install the companion's GitHub App in this repository.",
    Why.WORKFLOW_NOT_ALLOWED: (
        "Whoever runs the companion adds this job's `job_workflow_ref`,"
        " OWNER/NAME/.github/workflows/FILE@REF, to `companion.workflows`."
    ),
    Why.OTHER_REPOSITORY: "The repository was renamed or replaced; run the job again.",
    Why.OTHER_PULL_REQUEST: "The pull request has changed its branches since; run the job again.",
    Why.PULL_REQUEST_CLOSED: "Reopen it to have it reviewed.",
    Why.POLICY_UNUSABLE: "Mend `.reviewbot.yml` on the base branch; the App's check says more.",
    Why.REQUEST_UNREADABLE: "Use the same version of reviewbot for the action and the companion.",
    Why.ISSUER_UNREACHABLE: "The companion cannot reach `companion.issuer`; see its logs.",
    Why.GITHUB_UNAVAILABLE: "The companion cannot reach GitHub; see its logs.",
    Why.BUSY: f"It is busy. {_AGAIN}",
    Why.STOPPING: f"It is being restarted, or ended. {_AGAIN}",
}


def advice_for(code: str) -> str:
    """What to do about a refusal; general words for one that is not known here."""
    known = next((advice for why, advice in _ADVICE.items() if why.value == code), None)
    return known or "The companion's logs say more, under the id above."
