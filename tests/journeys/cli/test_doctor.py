"""``reviewbot doctor``, and what the service says when it cannot start."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from reviewbot.sandbox.github_access import generate_app_key
from tests.journeys.cli.driver import NOWHERE, PASSWORD, Shell

if TYPE_CHECKING:
    from pathlib import Path

    from reviewbot.sandbox.model import SandboxModel


def test_a_healthy_set_up_is_fine(shell: Shell) -> None:
    ended = shell.run("doctor")

    assert (ended.code, ended.err) == (0, "")
    assert {line[0] for line in ended.out.splitlines()} == {"✓"}
    assert f"sqlite:///{shell.environ['HOME']}" in ended.out


def test_each_part_that_is_ill_is_named_with_its_cure(shell: Shell, model: SandboxModel) -> None:
    host = model.base_url.removeprefix("http://").removesuffix("/v1")
    for environ, code, parts in (
        (
            {"REVIEWBOT_API_KEY": "sk-wrong", "GITHUB_API_URL": NOWHERE},
            3,
            (
                f"✗ endpoint {host}: {host} does not accept the API key (http-401)\n    Check",
                "✗ GitHub token: GET /user: no answer from 127.0.0.1",
                "    Check the network",
            ),
        ),
        (
            {
                "REVIEWBOT_BASE_URL": f"{NOWHERE}/v1",
                "GITHUB_TOKEN": "ghs_wrong",
                "REVIEWBOT_POLICY__BUDGET__PER_PR": "0.001",
            },
            2,
            (
                "✗ endpoint 127.0.0.1:9: 127.0.0.1:9 cannot be reached\n    Check base_url",
                "✗ GitHub token: ",
                "    The token is wrong or has expired; set a valid one.",
                "✗ limits, cheap tier: ",
                "    Raise the limits",
            ),
        ),
    ):
        ended = shell.having(environ).run("doctor")

        assert ended.code == code
        assert ended.out.startswith("✓ database: ")
        for part in parts:
            assert part in ended.out


def test_a_key_file_that_holds_no_key_is_said(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(PASSWORD)
    app = {
        "REVIEWBOT_GITHUB__APP_ID": "123",
        "REVIEWBOT_GITHUB__PRIVATE_KEY_FILE": str(tmp_path / "app.pem"),
        "REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV": "WEBHOOK_SECRET",
        "WEBHOOK_SECRET": PASSWORD,
    }
    guarded = Shell(shell.folder, {**shell.environ, **app}, (*shell.secrets, PASSWORD))

    diagnosed = guarded.run("doctor", "--json")
    served = guarded.run("serve", "--port", "0")

    found = {each["part"]: each for each in json.loads(diagnosed.out)}
    assert diagnosed.code == served.code == 2
    assert found["GitHub App 123"]["health"] == "wrong"
    assert "private key" in found["GitHub App 123"]["says"]
    assert found["GitHub App 123"]["advice"]
    assert "private key" in served.err
    assert served.out == ""


def test_a_port_that_is_taken_is_said(shell: Shell, tmp_path: Path) -> None:
    pem, _ = generate_app_key()
    (tmp_path / "app.pem").write_text(pem)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = shell.run(
            *("serve", "--port", port),
            REVIEWBOT_GITHUB__APP_ID="123",
            REVIEWBOT_GITHUB__PRIVATE_KEY_FILE=str(tmp_path / "app.pem"),
            REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV="WEBHOOK_SECRET",
            WEBHOOK_SECRET=PASSWORD,
        )

    assert ended.code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.err
    assert "Choose another --host or --port." in ended.err
