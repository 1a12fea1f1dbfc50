"""The house in order: sizes, proofs, and that documents, settings, schema and commands agree."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click
import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from pydantic import BaseModel

from reviewbot.domain.errors import SettingsError
from reviewbot.domain.money import plain_usd
from reviewbot.domain.policy import DataPath, Policy
from reviewbot.entrypoints import cli
from reviewbot.runtime.settings import (
    Endpoint,
    Model,
    Organisation,
    Route,
    RoutePrice,
    Values,
    load_settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "reviewbot").rglob("*.py"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 40


def tracked() -> list[Path]:
    """What git tracks, or would once it is added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


# --- sizes -----------------------------------------------------------------------------------


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the name to the end; the docstring is for readers and does not count."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    said = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - said


def test_modules_and_functions_are_small() -> None:
    large = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if (lines := len(text.splitlines())) > MOST_LINES_OF_A_MODULE:
            large.append(f"{path.relative_to(ROOT)}: {lines} lines")
        large += [
            f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {length(function)} lines"
            for function in functions(ast.parse(text))
            if length(function) > MOST_LINES_OF_A_FUNCTION
        ]
    assert large == []


# --- proofs ----------------------------------------------------------------------------------

MAKERS = {
    "VerifiedDelivery": {"reviewbot/github/delivery.py:verify_delivery"},
    "Grant": {"reviewbot/ledger/money.py:_reserve"},
    "Anchor": {"reviewbot/domain/anchors.py:_anchor"},
    "JobIdentity": {"reviewbot/github/oidc.py:_identity"},
}


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if (isinstance(called, ast.Name) and called.id == name) or (
                isinstance(called, ast.Attribute) and called.attr == name
            ):
                yield node


@pytest.mark.parametrize("proof", MAKERS)
def test_proofs_are_made_in_one_place_only(proof: str) -> None:
    made = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(call): function.name
            for function in functions(tree)
            for call in calls(function, proof)
        }
        where = path.relative_to(ROOT).as_posix()
        made |= {f"{where}:{inside.get(id(call), 'module')}" for call in calls(tree, proof)}
    assert made == MAKERS[proof]


# --- settings --------------------------------------------------------------------------------

# Lists of tables have no default to look into, so their tables are named here.
TABLES: dict[str, type[BaseModel]] = {
    "endpoints": Endpoint,
    "models": Model,
    "organisations": Organisation,
    "models.routes": Route,
    "models.routes.price": RoutePrice,
    "policy.path_instructions": Policy.model_fields["path_instructions"].annotation.__args__[0],  # type: ignore[union-attr]
    "policy.data.paths": DataPath,
    "policy.rules": Policy.model_fields["rules"].annotation.__args__[0],  # type: ignore[union-attr]
}


def sections(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key that holds a value, with its full name."""
    for name, info in model.model_fields.items():
        full = f"{path}.{name}" if path else name
        if isinstance(info.default, BaseModel):
            yield from sections(type(info.default), full)
        elif full in TABLES:
            yield from sections(TABLES[full], full)
        else:
            yield full, info
            if full == "models.routes.price":
                yield from sections(RoutePrice, full)


def literal(info: FieldInfo) -> str:
    """A default as the documents write it."""
    value = info.default
    if info.is_required():
        return "required"
    if value is None:
        return "none"
    if "_read_usd" in repr(info.metadata):
        return f"`{plain_usd(value)}`"
    if isinstance(value, (float, Decimal)):
        return f"`{value:g}`"
    return f"`{json.dumps(value)}`"


def rows(text: str) -> Iterator[tuple[list[str], str]]:
    """Keys and default of every row of the tables headed `key | default | says`."""
    for table in re.findall(
        r"^\| key \| default \| says \|\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE
    ):
        for line in table.splitlines():
            keys, default = line.split(" | ")[:2]
            yield re.findall(r"`([^`]+)`", keys), default


def documented() -> dict[str, str]:
    found: dict[str, str] = {}
    for heading in re.split(r"^### ", CONFIGURATION, flags=re.MULTILINE)[1:]:
        section = re.sub(r"[\[\]`]", "", heading.splitlines()[0])
        for keys, default in rows(heading):
            for key in keys:
                assert f"{section}.{key}" not in found
                found[f"{section}.{key}"] = default
    return found


def test_every_key_is_documented_with_its_default_and_nothing_else_is() -> None:
    assert documented() == {name: literal(info) for name, info in sections(Values)} | {
        "models.routes": "required",
        "models.routes.price": '`"today"`',
    }


def test_the_readmes_policy_keys_have_the_defaults_it_says() -> None:
    true = {
        name.removeprefix("policy."): literal(info)
        for name, info in sections(Values)
        if name.startswith("policy.")
    } | {"path_instructions": "`[]`", "rules": "`[]`", "data.paths": "`[]`"}
    words = {'`""`': "none", "`[]`": "none"}
    for keys, default in rows(README):
        prefix = keys[0].rpartition(".")[0]
        said = default.removesuffix(" USD").split(", ")
        for key, value in zip(keys, said * len(keys) if len(said) == 1 else said, strict=True):
            full = f"{prefix}{key}" if key.startswith(".") else key
            expected = true[full].replace('"', "")
            unset = {words.get(true[full]), "all"} if true[full] in {"none", *words} else set()
            assert value in {expected, expected.strip("`"), *unset}, full


def test_the_readmes_policy_is_valid() -> None:
    [policy] = [block for block in fenced(README, "yaml") if block.startswith("auto_review:")]
    values = yaml.safe_load(policy)
    Policy.model_validate(values)
    jsonschema.validate(values, json.loads(schema_file().read_text(encoding="utf-8")))


def test_the_readmes_configuration_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "reviewbot.toml"
    for block in [*fenced(README, "toml"), *fenced(CONFIGURATION, "toml")]:
        file.write_text(block, encoding="utf-8")
        assert load_settings({}, file).values.models


def schema_file() -> Path:
    return ROOT / "reviewbot/domain/policy.schema.json"


def test_the_packaged_schema_is_what_the_command_prints() -> None:
    done = subprocess.run(
        ["reviewbot", "schema"], check=True, capture_output=True, text=True, timeout=120
    )
    stored = schema_file().read_text(encoding="utf-8")
    assert stored == done.stdout, "reviewbot schema > reviewbot/domain/policy.schema.json"
    jsonschema.Draft202012Validator.check_schema(json.loads(stored))


# --- documents -------------------------------------------------------------------------------


def fenced(text: str, language: str) -> list[str]:
    """The code blocks of a language, without their indentation."""
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in blocks]


def command_lines() -> Iterator[tuple[list[str], list[str]]]:
    """Every call of reviewbot in the documents: command with subcommand, and options."""
    for path in documents():
        for line in re.split(r"\n|[|;&)]", path.read_text(encoding="utf-8").replace("\\\n", " ")):
            for call in re.findall(r"(?:^|[\s`(])reviewbot ([a-z]+)((?: [^\s`#\"]+)*)", line):
                if call[0] in cli.COMMANDS or call[1]:
                    words = re.match(r"(?: [a-z]+)*(?= --)|", call[1])
                    command = [call[0], *(words[0].split() if words else ())]
                    yield command, re.findall(r" (--[a-z-]+)", call[1])


def test_commands_and_options_in_the_documents_exist() -> None:
    context = click.Context(cli.cli)
    for (name, *below), options in command_lines():
        if not options and name not in cli.COMMANDS:
            continue  # prose
        command = cli.cli.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group) and below:
            command = command.commands[below[0]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(options) <= known, name


def test_the_readme_names_every_command() -> None:
    assert [name for name in cli.COMMANDS if f"reviewbot {name}" not in README] == []


def test_the_readmes_exit_codes_are_the_command_lines() -> None:
    table = re.findall(r"^\| (\d+) \| (.*) \|$", README, re.MULTILINE)
    assert [int(code) for code, _ in table] == [
        cli.FINE,
        cli.FINDINGS,
        cli.WRONG_USE,
        cli.UNFINISHED,
    ]
    assert [meaning.split()[0] for _, meaning in table] == ["fine", "findings", "wrong", "could"]


def is_known(variable: str) -> bool:
    """Whether the settings know a variable, whatever they think of its value."""
    try:
        load_settings({variable: "1"})
    except SettingsError as error:
        return "unknown" not in error.message
    return True


def test_variables_in_the_documents_exist() -> None:
    named = {
        variable
        for path in documents()
        for variable in re.findall(
            r"REVIEWBOT_[A-Z]+(?:_+[A-Z]+)*", path.read_text(encoding="utf-8")
        )
    }
    placeholder = "REVIEWBOT_SECTION__KEY"
    assert [each for each in sorted(named - {placeholder}) if not is_known(each)] == []


def test_links_to_files_resolve() -> None:
    broken = []
    for path in documents():
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            file, _, heading = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            there = path.parent / file if file else path
            if not there.exists() or (heading and heading not in slugs(there)):
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def slugs(path: Path) -> set[str]:
    """GitHub's names for a document's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def names(table: str) -> list[str]:
    """What stands in the first column of the README's table with this head."""
    [body] = re.findall(rf"^\| {table} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", README, re.MULTILINE)
    return [name for row in body.splitlines() for name in re.findall(r"`(.+?)`", row.split("|")[1])]


def test_the_readmes_inputs_and_outputs_are_the_actions() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert sorted(names("input")) == sorted(action["inputs"])
    assert sorted(names("output")) == sorted(action["outputs"])


def test_the_actions_lock_holds_what_the_package_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / ".github/action-requirements.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", lock, re.MULTILINE))
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    unmet = [
        each
        for each in map(Requirement, needed)
        if not each.specifier.contains(locked.get(each.name, "0"))
    ]
    assert unmet == [], "make it again, as its first lines say"
    files = re.split(r"^(?=[a-z0-9-]+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in each for each in files)


def test_the_readmes_workflow_is_the_one_used_here() -> None:
    [block] = [each for each in fenced(README, "yaml") if "jobs:" in each]
    told = yaml.safe_load(block)
    here = yaml.safe_load((ROOT / ".github/workflows/review.yml").read_text(encoding="utf-8"))
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    for part in ("name", True, "permissions", "concurrency"):  # YAML reads `on` as true
        assert told[part] == here[part]
    (job,), (used,) = told["jobs"].values(), here["jobs"].values()
    assert job["permissions"] == used["permissions"]
    for step in (job["steps"][-1], used["steps"][-1]):
        assert set(step["with"]) <= set(action["inputs"])


def test_actions_are_pinned_and_workflows_begin_without_rights() -> None:
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert yaml.safe_load(text)["permissions"] == {}
        for uses in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"\./ # .*|[\w./-]+@[0-9a-f]{40} # v[\d.]+", uses), uses


def test_the_changelog_has_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[?{re.escape(version)}\]?\b", changelog, re.MULTILINE)


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    places: Sequence[str] = ["/" + name + "/" for name in ("root", "home", "work", "Users")]
    pattern = re.compile(rf"(?<![\w.~*-])(?:{'|'.join(places)})[a-z]")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if (match := pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert found == []
