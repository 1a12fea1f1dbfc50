"""Where the code of each file may go: policies narrow it by path, and nothing widens it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.diff import Change, Content, FileDiff
from reviewbot.domain.errors import PolicyError
from reviewbot.domain.finding import Side
from reviewbot.domain.policy import Data, DataPath, Policy
from reviewbot.domain.thread import Said, Thread
from reviewbot.review.ask import Asked, answer_question
from reviewbot.review.describe import describe_pull_request
from reviewbot.review.places import common, data_of, names_of
from reviewbot.review.plan import pack, plan_survey
from reviewbot.review.policy_file import effective_policy
from reviewbot.review.ports import BaseFiles, Document
from tests.unit.review.examples import NOTHING, REQUEST, World, diff, entry, world

if TYPE_CHECKING:
    from collections.abc import Sequence

EU = DataPath(path="secret/**", allowed_jurisdictions=("EU",))
OURS = DataPath(path="*.key", allowed_endpoints=("ours",))
DATA = Data(allowed_jurisdictions=("EU", "US"), paths=(EU, OURS))
POLICY = Policy(data=DATA)
_PLACES = st.none() | st.lists(st.sampled_from(["EU", "US", "CN"]), unique=True).map(tuple)
_ENTRIES = st.builds(
    DataPath,
    path=st.sampled_from(["a/**", "*.py", "b", "**"]),
    allowed_jurisdictions=_PLACES,
    allowed_endpoints=_PLACES,
)
_DATA = st.builds(
    Data,
    allowed_jurisdictions=_PLACES,
    allowed_endpoints=_PLACES,
    paths=st.lists(_ENTRIES, max_size=4).map(tuple),
)
_PATHS = st.sampled_from(["a/x.py", "a/y", "b", "c.py"])
_SPOTS = [(place, place) for place in ("EU", "US", "CN")]


@pytest.mark.parametrize(
    ("paths", "jurisdictions", "endpoints"),
    [
        (("src/a.py",), ("EU", "US"), None),
        (("secret/a.py",), ("EU",), None),
        (("secret/deep/a.py",), ("EU",), None),
        (("my.key",), ("EU", "US"), ("ours",)),
        (("secret/my.key",), ("EU",), ("ours",)),
        (("src/a.py", "secret/a.py"), ("EU",), None),
    ],
)
def test_every_entry_that_lists_a_file_narrows(
    paths: tuple[str, ...], jurisdictions: tuple[str, ...], endpoints: tuple[str, ...] | None
) -> None:
    found = data_of(paths, DATA)
    assert (found.allowed_jurisdictions, found.allowed_endpoints) == (jurisdictions, endpoints)


def test_a_file_keeps_the_places_of_its_old_name() -> None:
    moved = FileDiff("public/a.py", "secret/a.py", Change.RENAMED, Content.TEXT, ())
    assert data_of(names_of(moved), DATA).allowed_jurisdictions == ("EU",)


def test_files_with_other_places_share_no_request() -> None:
    parsed = diff(
        entry("src/a.py", "x = 1"), entry("secret/b.py", "y = 2"), entry("src/c.py", "z = 3")
    )
    requests = pack(plan_survey(parsed, POLICY).chunks)
    assert sorted(sorted(chunk.path for chunk in request) for request in requests) == [
        ["secret/b.py"],
        ["src/a.py", "src/c.py"],
    ]


def test_a_question_says_where_its_files_may_go() -> None:
    here = _world(entry("src/a.py", "x = 1"), entry("secret/b.py", "y = 2"))
    here.review()
    places = {asked.label: asked.data for asked in here.model.asked}
    assert places["src/a.py"] == DATA
    assert (found := places["secret/b.py"])
    assert found.allowed_jurisdictions == ("EU",)


def test_guidance_that_may_not_go_everywhere_goes_nowhere() -> None:
    data = "data: {paths: [{path: AGENTS.md, allowed_jurisdictions: [EU]}]}"
    guidance = (Document("AGENTS.md", "Secret plans."), Document("CLAUDE.md", "Plain words."))
    here = world(policy=data)
    here.forge.files = replace(here.forge.files, guidance=guidance)
    here.review()
    said = str([asked.prompt for asked in here.model.asked])
    assert "Plain words." in said
    assert "Secret plans." not in said


def test_a_question_of_a_person_is_about_code_that_may_go_everywhere() -> None:
    here = _world(entry("secret/b.py", "eval(y)"), entry("src/a.py", "x = 1"))
    assert _asked(here) == ("src/a.py", DATA)


def test_a_question_about_narrow_code_alone_goes_where_that_may_go() -> None:
    here = _world(entry("secret/b.py", "eval(y)"))
    path, data = _asked(here)
    assert (path, data.allowed_jurisdictions) == ("secret/b.py", ("EU",))


def test_a_thread_goes_where_its_file_may_go_even_if_that_is_gone() -> None:
    here = _world(entry("src/a.py", "x = 1"))
    thread = Thread("secret/b.py", Side.RIGHT, 1, (Said("ada", "y = 2"),), None)
    assert _asked(here, thread)[1].allowed_jurisdictions == ("EU",)


def test_a_description_is_made_without_narrow_code() -> None:
    said = {"title": "t", "what": "w", "why": "y", "files": []}
    changes = diff(entry("secret/b.py", "hidden = 2"), entry("src/a.py", "x = 1"))
    here = world(changes, server=POLICY, say=lambda _: json.dumps(said))
    describe_pull_request("below:5", REQUEST, here.ports, here.house)
    [asked] = here.model.asked
    assert "x = 1" in asked.prompt.user
    assert "hidden" not in asked.prompt.user
    assert "secret/b.py" not in asked.prompt.user


@pytest.mark.parametrize("path", ["!secret/**", "# all", "", " ", "x" * 257])
def test_an_entry_that_protects_nothing_is_refused(path: str) -> None:
    text = f"data: {{paths: [{{path: '{path}', allowed_jurisdictions: [EU]}}]}}"
    with pytest.raises(PolicyError, match=r"data\.paths\.0\.path"):
        effective_policy(BaseFiles(Document(".reviewbot.yml", text), None, ()), Policy())


def test_repository_and_base_branch_add_to_the_servers_entries() -> None:
    def document(path: str) -> Document:
        text = f"data: {{paths: [{{path: {path}, allowed_endpoints: [ours]}}]}}"
        return Document(".reviewbot.yml", text)

    found = effective_policy(
        BaseFiles(document("a"), document("b"), ()), Policy(data=Data(paths=(EU,)))
    )
    assert sorted(each.path for each in found.data.paths) == ["a", "b", "secret/**"]


def test_entries_of_several_layers_may_be_more_than_one_may_have() -> None:
    def entries(name: str) -> tuple[DataPath, ...]:
        return tuple(DataPath(path=f"{name}/{n}", allowed_endpoints=()) for n in range(50))

    wishes = {"data": {"paths": [each.model_dump(mode="json") for each in entries("house")]}}
    house = Document("house.yml", yaml.safe_dump(wishes))
    quiet = Document(".reviewbot.yml", "max_comments: 3")
    files = BaseFiles(quiet, None, (), organisation=house)
    found = effective_policy(files, Policy(data=Data(paths=entries("server"))))
    assert len(found.data.paths) == 100


@given(_DATA, _DATA, _PATHS)
def test_no_policy_widens_another(one: Data, other: Data, path: str) -> None:
    both = data_of((path,), one.within(other))
    for name, jurisdiction in _SPOTS:
        if both.allows(name, jurisdiction):
            assert data_of((path,), one).allows(name, jurisdiction)
            assert data_of((path,), other).allows(name, jurisdiction)


@given(st.lists(_PATHS, min_size=1, max_size=3), _DATA)
def test_several_files_go_only_where_each_of_them_may(paths: Sequence[str], data: Data) -> None:
    together = common(data_of((path,), data) for path in paths)
    assert together is not None
    for name, jurisdiction in _SPOTS:
        alone = all(data_of((path,), data).allows(name, jurisdiction) for path in paths)
        assert together.allows(name, jurisdiction) is alone
        assert data_of(paths, data).allows(name, jurisdiction) is alone


def _world(*entries: str) -> World:
    return world(diff(*entries), server=POLICY, say=lambda asked: _said(asked.reason == "ask"))


def _said(is_answer: bool) -> str:  # noqa: FBT001 - what the model is asked for
    return json.dumps({"answer": "So it is."}) if is_answer else NOTHING


def _asked(here: World, thread: Thread | None = None) -> tuple[str, Data]:
    """The file that a person's question shows, and where it goes."""
    answer_question(Asked("below:5", REQUEST, "Why?", thread), here.ports, here.house)
    [asked] = here.model.asked
    assert asked.data is not None
    shown = [line for line in asked.prompt.user.split("\n") if line.startswith("File: ")]
    return "".join(shown).removeprefix("File: "), asked.data
