"""Every line of a diff is read or left out by a rule that has a name."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.domain.diff import Change, Content, Diff, FileDiff, Hunk, Line, Unreadable
from reviewbot.domain.finding import Severity
from reviewbot.domain.outcome import Coverage, Covered, Segment
from reviewbot.domain.policy import Escalation, Policy
from reviewbot.review.plan import (
    BYTES_PER_TOKEN,
    REQUEST_TOKENS,
    Chunk,
    Plan,
    pack,
    plan_survey,
)

ANY = Policy()
GATED = Policy(fail_on=Severity.HIGH)


def hunk(*texts: str, start: int = 1, signs: str = "+") -> Hunk:
    lines: list[Line] = []
    old = new = start
    for index, text in enumerate(texts):
        sign = signs[index % len(signs)]
        lines.append(Line(sign, None if sign == "+" else old, None if sign == "-" else new, text))
        old, new = old + (sign != "+"), new + (sign != "-")
    return Hunk(start, start, "def f():", tuple(lines))


def file(path: str, *hunks: Hunk, change: str = "modified", content: str = "text") -> FileDiff:
    return FileDiff(path, None, Change(change), Content(content), hunks)


def plan(*files: FileDiff, policy: Policy = ANY) -> Plan:
    return plan_survey(Diff(files), policy)


def why(entry: FileDiff, policy: Policy = ANY) -> str | None:
    left = plan(entry, policy=policy).excluded
    return left[0].detail if left else None


# --- pieces ----------------------------------------------------------------------------------


def test_a_segment_is_named_by_its_lines_in_the_new_file() -> None:
    (chunk,) = plan(
        file(
            "a.py",
            hunk("a", "b", "c", start=10, signs="+- "),
            hunk("d", start=30),
            hunk("e", "f", start=40, signs="-"),
            hunk("g", start=60, signs="-"),
        )
    ).chunks

    assert [piece.segment for piece in chunk.pieces] == [
        Segment("a.py", "10-11", 1),
        Segment("a.py", "30", 1),
        Segment("a.py", "-40-41", 0),
        Segment("a.py", "-60", 0),
    ]
    assert chunk.pieces[0].heading == "def f():"


def test_a_big_hunk_is_cut_between_definitions() -> None:
    body = [line for n in range(400) for line in (f"def f{n}():", *["    return thing(1)"] * 9, "")]

    chunks = plan(file("a.py", hunk(*body))).chunks

    pieces = [piece for chunk in chunks for piece in chunk.pieces]
    assert len(pieces) > 5
    assert all(piece.lines[0].text.startswith("def ") for piece in pieces)
    assert all(chunk.tokens <= 6000 for chunk in chunks)


def test_a_change_at_the_end_leaves_the_earlier_parts_as_they_are() -> None:
    body = [f"    call(number={n})" if n % 7 else f"def f{n}():" for n in range(3000)]

    before = plan(file("a.py", hunk(*body))).chunks
    after = plan(file("other.py", hunk("x")), file("a.py", hunk(*body, "more"))).chunks

    assert len(set(before) & set(after)) == len(before) - 1


def test_a_huge_line_is_read_alone_and_a_monster_is_a_gap() -> None:
    huge, monster = "x y " * 6_000, "x y " * 25_000

    found = plan(file("a.py", hunk("before", huge, "after", monster, "end")))

    alone = [piece for chunk in found.chunks for piece in chunk.pieces if len(piece.lines) == 1]
    assert huge in [piece.lines[0].text for piece in alone]
    assert found.excluded == (
        Covered(Segment("a.py", "4", 1), Coverage.FAILED, "a line too long to read"),
    )


def test_what_could_not_be_parsed_or_was_not_given_is_a_gap() -> None:
    missing = file("big.py", content="missing")
    found = plan_survey(Diff((missing,), (Unreadable("x.py", "it is cut off"),)), GATED)

    assert [(e.segment.path, e.coverage) for e in found.excluded] == [
        ("big.py", Coverage.FAILED),
        ("x.py", Coverage.FAILED),
    ]
    assert found.excluded[1].detail == "it is cut off"


# --- what is left out ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("web/package-lock.json", "lock file"),
        ("uv.lock", "lock file"),
        ("my-package-lock.json", None),
        ("vendor/lib/x.go", "vendored"),
        ("web/node_modules/x/index.js", "vendored"),
        ("vendor.py", None),
        ("web/app.min.js", "minified"),
        ("api/x_pb2.py", "generated"),
        ("api/x.pb.go", "generated"),
        ("ui/x.Designer.cs", "generated"),
        ("ui/__snapshots__/x.js", "generated"),
        ("web/app.js.map", "generated"),
        ("logo.png", "binary"),
        ("src/app.py", None),
    ],
)
def test_names_that_are_not_worth_reading(path: str, rule: str | None) -> None:
    assert why(file(path, hunk("x"))) == rule
    assert why(file(path, hunk("x")), GATED) == (rule if rule == "lock file" else None)


@pytest.mark.parametrize(
    ("change", "content", "rule"),
    [
        ("deleted", "binary", "binary"),
        ("modified", "submodule", "submodule"),
        ("added", "symlink", "symbolic link"),
        ("modified", "lfs", "LFS pointer"),
        ("renamed", "text", "rename only"),
        ("copied", "text", "copy only"),
        ("modified", "text", "mode change only"),
        ("added", "text", "empty file"),
    ],
)
def test_entries_without_lines_are_left_out_under_every_policy(
    change: str, content: str, rule: str
) -> None:
    entry = file("thing", change=change, content=content)

    assert why(entry) == why(entry, GATED) == rule
    assert why(entry, Policy(path_filters=("!thing",))) == rule


@pytest.mark.parametrize("change", ["added", "modified", "renamed"])
def test_a_gate_stays_shut_for_code_that_only_a_diff_calls_binary(change: str) -> None:
    claimed = file("evil.py", change=change, content="binary")

    assert why(claimed) == "binary"
    [entry] = plan_survey(Diff((claimed,)), GATED).excluded
    assert entry.coverage is Coverage.FAILED
    for harmless in (replace(claimed, shown=False), replace(claimed, path="logo.png")):
        assert why(harmless, GATED) == "binary"


@pytest.mark.parametrize(
    "lines",
    [
        ["// Code generated by protoc. DO NOT EDIT.", "x"],
        ["/* eslint-disable */", "// @generated", "x"],
        ["# This file was generated by a tool,", "# please do not modify.", "x"],
    ],
)
def test_a_marker_hides_a_file_only_where_nothing_is_gated(lines: list[str]) -> None:
    entry = file("x.go", hunk(*lines))

    assert why(entry) == "generated"
    assert why(entry, GATED) is None
    assert why(file("x.go", hunk(*lines, start=400))) is None


def test_minified_code_is_told_by_its_lines() -> None:
    assert why(file("x.js", hunk("a=1;" * 300))) == "minified"
    assert why(file("x.js", hunk("a=1;" * 300)), GATED) is None
    assert why(file("x.txt", hunk("a word or two " * 60))) is None


def test_the_policys_filters_decide_both_ways() -> None:
    policy = Policy(path_filters=("docs/**", "!vendor/mine/**"), fail_on=Severity.LOW)

    assert why(file("docs/a.md", hunk("x")), policy) == "path_filters"
    assert why(file("vendor/mine/a.py", hunk("x")), policy) is None


def test_every_hunk_of_a_file_left_out_is_a_segment() -> None:
    left = plan(file("uv.lock", hunk("a", "b"), hunk("c", start=9))).excluded

    assert [entry.segment.lines for entry in left] == ["1-2", "9"]
    assert sum(entry.segment.added for entry in left) == 3


# --- risk ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "triggers"),
    [
        ("src/auth/views.py", "x", ("sensitive path",)),
        ("lib/authorization.rb", "x", ("sensitive path",)),
        (".github/workflows/ci.yml", "x", ("sensitive path",)),
        ("src/authors.py", "x", ()),
        ("src/a.py", "eval(text)", ("dangerous call eval(",)),
        ("src/a.py", "model.eval()", ()),
        ("src/a.py", "yaml.load(text)", ("dangerous call yaml.load(",)),
        ("src/a.py", "yaml.load(text, Loader=SafeLoader)", ()),
        ("src/a.py", 'db.execute(f"SELECT {x}")', ("dangerous call raw SQL",)),
        ("src/a.js", "node.innerHTML = text", ("dangerous call innerHTML",)),
        ("src/a.py", "get(url, verify=False)", ("dangerous call verify=False",)),
        ("tests/test_a.py", "eval(text)", ()),
        ("src/a.py", "key = '[redacted: AWS access key]'", ("secret",)),
    ],
)
def test_strong_signals_ask_for_a_second_look(
    path: str, text: str, triggers: tuple[str, ...]
) -> None:
    (chunk,) = plan(file(path, hunk(text))).chunks

    assert chunk.triggers == triggers


def test_a_tests_name_does_not_hide_danger_from_a_gate() -> None:
    (chunk,) = plan(file("tests/test_a.py", hunk("eval(text)")), policy=GATED).chunks

    assert chunk.triggers == ("dangerous call eval(",)


def test_deleted_and_unchanged_lines_are_no_danger() -> None:
    (chunk,) = plan(file("a.py", hunk("eval(x)", "eval(y)", "z", signs="- +"))).chunks

    assert chunk.triggers == ()


def test_the_policys_sensitive_paths_count() -> None:
    policy = Policy(escalation=Escalation(sensitive_paths=("core/**",)))

    assert plan(file("core/a.py", hunk("x")), policy=policy).chunks[0].triggers


def test_the_riskiest_comes_first() -> None:
    found = plan(
        file("docs/a.md", hunk("x")),
        file("src/a.py", hunk("x")),
        file("src/b.py", hunk("x")),
        file("src/c.py", hunk("eval(x)")),
        file("src/login/d.py", hunk("eval(x)")),
    )

    assert [chunk.path for chunk in found.chunks] == [
        "src/login/d.py",
        "src/c.py",
        "src/a.py",
        "src/b.py",
        "docs/a.md",
    ]


# --- requests --------------------------------------------------------------------------------


def test_a_source_and_its_test_share_a_request() -> None:
    bulk = ["value = 1"] * 280
    paths = ["src/b.py", "tests/test_b.py", "src/a.py", "tests/test_a.py"]

    requests = pack(plan(*(file(path, hunk(*bulk)) for path in paths)).chunks, 4500)

    assert {frozenset(chunk.path for chunk in request) for request in requests} == {
        frozenset({"src/a.py", "tests/test_a.py"}),
        frozenset({"src/b.py", "tests/test_b.py"}),
    }


CHUNKS = st.lists(
    st.builds(
        Chunk,
        path=st.sampled_from(["a.py", "test_a.py", "x/a.py", "x/b.py", "y/c.go"]),
        pieces=st.just(()),
        tokens=st.integers(1, 7000),
        risk=st.floats(0, 1),
        triggers=st.just(()),
    ),
    max_size=25,
)


@given(CHUNKS)
@settings(max_examples=200, deadline=None)
def test_each_chunk_is_in_one_request_that_is_not_too_big(chunks: list[Chunk]) -> None:
    requests = pack(chunks)

    assert Counter(id(c) for request in requests for c in request) == Counter(map(id, chunks))
    assert all(len(r) == 1 or sum(c.tokens for c in r) <= REQUEST_TOKENS for r in requests)
    assert not chunks or requests[0][0].risk == max(chunk.risk for chunk in chunks)
    assert requests == pack(chunks)


# --- the law ---------------------------------------------------------------------------------

TEXT = st.sampled_from(["", "x", "    y = 1", "z" * 400, "w " * 9_000, "v" * 99_000, "eval(1)"])
HUNKS = st.lists(
    st.lists(TEXT, max_size=30).flatmap(
        lambda texts: st.builds(
            hunk,
            *map(st.just, texts),
            start=st.integers(1, 99),
            signs=st.sampled_from(["+", "-", " +", " ", "+-"]),
        )
    ),
    max_size=3,
)
FILES = st.builds(
    lambda path, hunks, change, content: FileDiff(path, None, change, content, tuple(hunks)),
    st.sampled_from(["a.py", "uv.lock", "vendor/x.py", "b.min.js"]),
    HUNKS,
    st.sampled_from(Change),
    st.sampled_from(Content),
)


@given(st.lists(FILES, max_size=4), st.sampled_from([ANY, GATED]))
@settings(max_examples=150, deadline=None)
def test_every_line_is_in_one_segment_and_every_entry_has_one(
    files: list[FileDiff], policy: Policy
) -> None:
    diff = Diff(tuple(files), (Unreadable("u", "broken"),))

    found = plan_survey(diff, policy)

    read = [piece for chunk in found.chunks for piece in chunk.pieces]
    entries = [*(piece.segment for piece in read), *(left.segment for left in found.excluded)]
    assert {entry.path for entry in entries} == {"u", *(each.path for each in files)}
    assert sum(entry.added for entry in entries) == sum(each.added for each in files)
    lines = Counter(id(line) for piece in read for line in piece.lines)
    assert set(lines.values()) <= {1}
    assert lines.keys() <= {id(line) for f in files for h in f.hunks for line in h.lines}
    for chunk in found.chunks:
        size = sum(len(line.text.encode()) for piece in chunk.pieces for line in piece.lines)
        assert chunk.tokens >= int(size / BYTES_PER_TOKEN) * 0.9
        assert chunk.tokens <= 6000 or len(chunk.pieces) == len(chunk.pieces[0].lines) == 1
