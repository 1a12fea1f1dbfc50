from __future__ import annotations

import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import openai
import pytest

from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel
from reviewbot.sandbox.model_manners import Fault, Manners, Trouble
from tests.contracts.sandbox.prompts import added, fenced
from tests.fakes.patience import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = "You review chunks of a pull request. Answer only JSON."
STRICT = {
    "type": "object",
    "properties": {
        "findings": {"type": "array", "items": {"type": "string"}},
        "risk": {"type": "number"},
        "summary": {"type": "string"},
    },
    "required": ["findings", "risk", "summary"],
    "additionalProperties": False,
}


@pytest.fixture
def server() -> Iterator[SandboxModel]:
    with SandboxModel() as started:
        yield started


def send(
    server: SandboxModel, body: object, *, method: str = "POST", path: str = "", **headers: str
) -> tuple[int, dict[str, str], Any]:
    """One request; what is not said otherwise is right."""
    url = urlsplit(server.base_url)
    given = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=PATIENCE)
    try:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path or f"{url.path}/chat/completions", raw, given)
        response = connection.getresponse()
        return response.status, dict(response.headers), json.loads(response.read())
    finally:
        connection.close()


def asked(prompt: str = "", model: str = CHEAP_MODEL, **more: object) -> dict[str, Any]:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
    return {"model": model, "messages": messages, "max_tokens": 2000, "temperature": 0.0} | more


def schema(value: object = STRICT, name: object = "review") -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": value}}


def said(server: SandboxModel, prompt: str, model: str = CHEAP_MODEL) -> Any:  # noqa: ANN401 - JSON
    status, _, completion = send(server, asked(prompt, model))
    assert status == 200
    return json.loads(completion["choices"][0]["message"]["content"])


# --- the wire --------------------------------------------------------------------------------


def test_the_openai_client_gets_an_answer_it_understands(server: SandboxModel) -> None:
    with openai.OpenAI(base_url=server.base_url, api_key=API_KEY, max_retries=0) as client:
        completion = client.chat.completions.create(
            **asked(added("a.py", "eval(text)"), response_format=schema())
        )
        names = [model.id for model in client.models.list()]

    (choice,) = completion.choices
    (found,) = json.loads(choice.message.content or "")["findings"]
    assert choice.finish_reason == "stop"
    assert found["quote"] == "eval(text)"
    assert names == [CHEAP_MODEL, STRONG_MODEL]


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"top_k": 4}, "top_k"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": ""}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": 5}, "max_tokens"),
        ({"temperature": "cold"}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"response_format": {"type": "xml"}}, "response_format"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": schema(name="a b")}, "response_format.json_schema.name"),
        ({"response_format": schema(STRICT | {"required": []})}, "response_format"),
        ({"response_format": schema({"type": "object"})}, "response_format"),
        (
            {"response_format": schema({"type": "array", "items": {"type": "object"}})},
            "response_format",
        ),
    ],
)
def test_what_openai_refuses_is_refused_by_name(
    server: SandboxModel, changes: dict[str, Any], parameter: str
) -> None:
    status, _, answer = send(server, asked(**changes))

    assert status == 400
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["param"] == parameter


def test_an_object_is_promised_only_where_the_prompt_speaks_of_json(server: SandboxModel) -> None:
    wanted: dict[str, Any] = {"response_format": {"type": "json_object"}}
    silent: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}

    assert send(server, asked(**wanted))[0] == 200
    assert send(server, asked(**wanted, **silent))[0] == 400


@pytest.mark.parametrize("authorization", ["", "Bearer other", f"Basic {API_KEY}"])
def test_a_wrong_key_is_refused(server: SandboxModel, authorization: str) -> None:
    status, _, answer = send(server, asked(), Authorization=authorization)

    assert (status, answer["error"]["code"]) == (401, "invalid_api_key")


def test_an_unknown_model_is_named(server: SandboxModel) -> None:
    status, _, answer = send(server, asked(model="gpt-0"))

    assert (status, answer["error"]["code"]) == (404, "model_not_found")
    assert "gpt-0" in answer["error"]["message"]


def test_only_json_is_read(server: SandboxModel) -> None:
    assert send(server, asked(), Content_Type="text/plain")[0] == 415
    assert send(server, b"{")[0] == 400
    assert send(server, [])[0] == 400


def test_other_addresses_are_refused_in_the_same_format(server: SandboxModel) -> None:
    status, _, answer = send(server, {}, path="/v1/completions")

    assert (status, answer["error"]["type"]) == (404, "invalid_request_error")


# --- manners ---------------------------------------------------------------------------------


def test_a_model_may_know_neither_schemas_nor_objects() -> None:
    manners = {CHEAP_MODEL: Manners(supports_schema=False, supports_json_object=False)}
    with SandboxModel(manners=manners) as server:
        for wanted in (schema(), {"type": "json_object"}):
            status, _, answer = send(server, asked(response_format=wanted))
            assert (status, answer["error"]["param"]) == (400, "response_format")
        assert send(server, asked())[0] == 200
        assert send(server, asked(model=STRONG_MODEL, response_format=schema()))[0] == 200


def test_a_model_may_refuse_a_parameter() -> None:
    with SandboxModel(manners={CHEAP_MODEL: Manners(refuses=frozenset({"max_tokens"}))}) as server:
        status, _, answer = send(server, asked())

    assert (status, answer["error"]["code"]) == (400, "unsupported_parameter")


def test_a_slow_model_takes_its_time() -> None:
    with SandboxModel(manners={CHEAP_MODEL: Manners(delay=0.2)}) as server:
        began = time.monotonic()
        send(server, asked())

    assert time.monotonic() - began >= 0.2


def test_troubles_come_in_their_order_and_end(server: SandboxModel) -> None:
    limited = Fault(status=429, code="rate_limit_exceeded", headers=(("Retry-After", "7"),))
    troubles = (limited, Fault(Trouble.GARBLED), Fault(Trouble.NO_USAGE), Fault(Trouble.DROP))
    server.misbehave(CHEAP_MODEL, *troubles)

    status, headers, answer = send(server, asked())
    assert (status, headers["Retry-After"]) == (429, "7")
    assert answer["error"]["code"] == "rate_limit_exceeded"
    content = send(server, asked())[2]["choices"][0]["message"]["content"]
    with pytest.raises(json.JSONDecodeError):
        json.loads(content)
    assert "usage" not in send(server, asked())[2]
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        send(server, asked())
    assert send(server, asked())[0] == 200
    assert [call.status for call in server.calls] == [429, 200, 200, 0, 200]


def test_a_stalled_request_ends_with_the_server() -> None:
    ended: list[BaseException] = []

    def wait(server: SandboxModel) -> None:
        try:
            send(server, asked())
        except (http.client.HTTPException, OSError) as error:
            ended.append(error)

    manners = {CHEAP_MODEL: Manners(faults=(Fault(Trouble.STALL),))}
    with SandboxModel(manners=manners) as server:
        caller = threading.Thread(target=wait, args=(server,))
        caller.start()
        wait_for("the request", lambda: server.calls)
        assert not ended
    caller.join(PATIENCE)

    assert len(ended) == 1


# --- counting --------------------------------------------------------------------------------


def test_tokens_are_a_quarter_of_the_bytes_and_a_known_system_message_is_cached(
    server: SandboxModel,
) -> None:
    first, second = (send(server, asked("größer"))[2] for _ in range(2))

    system, prompt = -(-len(SYSTEM) // 4), 2
    assert first["usage"]["prompt_tokens"] == system + prompt
    assert first["usage"]["completion_tokens"] == -(
        -len(first["choices"][0]["message"]["content"]) // 4
    )
    assert first["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}
    assert second["usage"]["prompt_tokens_details"] == {"cached_tokens": system}
    assert send(server, asked(model=STRONG_MODEL))[2]["usage"]["prompt_tokens_details"] == {
        "cached_tokens": 0
    }


def test_the_totals_are_what_the_answers_said(server: SandboxModel) -> None:
    usages = [send(server, asked(added("a.py", code)))[2]["usage"] for code in ("x = 1", "eval(x)")]
    send(server, asked(model=STRONG_MODEL))
    send(server, asked(temperature=9))

    totals = server.totals(CHEAP_MODEL)

    assert (totals.calls, totals.answered) == (3, 2)
    assert totals.prompt_tokens == sum(usage["prompt_tokens"] for usage in usages)
    assert totals.completion_tokens == sum(usage["completion_tokens"] for usage in usages)
    assert server.totals().calls == 4


def test_an_answer_beyond_the_cap_is_cut_off(server: SandboxModel) -> None:
    completion = send(server, asked(added("a.py", "eval(x)"), max_tokens=5))[2]

    assert completion["choices"][0]["finish_reason"] == "length"
    assert completion["usage"]["completion_tokens"] == 5


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "code", "cwe"),
    [
        ("a.py", "cursor.execute(f\"DELETE FROM users WHERE name = '{name}'\")", "CWE-89"),
        ("a.py", "cursor.execute('SELECT * FROM users WHERE id = %s' % user_id)", "CWE-89"),
        ("a.py", "query = 'SELECT * FROM users WHERE id = ' + user_id", "CWE-89"),
        ("a.py", "db.execute('SELECT * FROM t WHERE id = {}'.format(key))", "CWE-89"),
        ("a.js", "db.query(`SELECT * FROM users WHERE id = ${id}`);", "CWE-89"),
        ("a.py", "os.system('convert ' + name)", "CWE-78"),
        ("a.py", "subprocess.run(command, shell=True)", "CWE-78"),
        ("a.py", "value = eval(text)", "CWE-95"),
        ("a.py", "data = open(request.args['file']).read()", "CWE-22"),
        ("a.js", "fs.readFileSync(base + req.query.name);", "CWE-22"),
        ("a.py", "config = yaml.load(stream)", "CWE-502"),
        ("a.py", "state = pickle.loads(blob)", "CWE-502"),
        ("a.ts", "row.innerHTML = comment.text;", "CWE-79"),
        ("a.py", "requests.get(url, verify=False)", "CWE-295"),
        ("a.py", 'DB_PASSWORD = "hunter2hunter"', "CWE-798"),
        ("a.py", "stored = hashlib.md5(password.encode()).hexdigest()", "CWE-916"),
        ("a.py", "mean = total / len(values)", "CWE-369"),
    ],
)
def test_typical_defects_are_found_in_any_code(
    server: SandboxModel, path: str, code: str, cwe: str
) -> None:
    (found,) = said(server, added(path, "", f"    {code}", first=40))["findings"]

    assert (found["cwe"], found["path"], found["start_line"]) == (cwe, path, 41)
    assert (found["quote"], found["side"]) == (f"    {code}", "RIGHT")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("a.py", ("def f():", "    try:", "        go()", "    except:", "        pass")),
        ("a.py", ("if x == None:",)),
        ("a.py", ("# TODO: handle refunds",)),
        ("a.py", ("async def f():", "    asyncio.sleep(1)")),
        ("a.ts", ("async function f() {", "  api.post(url, body);", "}")),
        ("tests/test_a.py", ("def test_a():", "    assert True")),
        ("a.test.ts", ("expect(true).toBe(true);",)),
    ],
)
def test_careless_code_is_found_too(server: SandboxModel, path: str, code: tuple[str, ...]) -> None:
    (found,) = said(server, added(path, *code))["findings"]

    assert found["quote"] in code


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("a.py", ('cursor.execute("SELECT * FROM users WHERE id = ?", (user_id,))',)),
        ("a.py", ("value = ast.literal_eval(text)",)),
        ("a.py", ("subprocess.run(command, check=True)",)),
        ("a.py", ("config = yaml.safe_load(stream)", "config = yaml.load(s, SafeLoader)")),
        ("a.py", ("if not values:", "    return 0", "return total / len(values)")),
        ("a.py", ("# eval(text) would be wrong here",)),
        ("a.py", ('password = os.environ["PASSWORD"]', 'token = "[redacted: credential]"')),
        ("a.py", ("except Exception:", "    log.exception('failed')", "    raise")),
        ("a.ts", ("async function f() {", "  await api.post(url, body);", "}")),
        ("a.ts", ("row.textContent = comment.text;", 'row.innerHTML = "";')),
        ("README.md", ("Never call eval(text).",)),
    ],
)
def test_sound_code_is_left_alone(server: SandboxModel, path: str, code: tuple[str, ...]) -> None:
    assert said(server, added(path, *code)) == {
        "findings": [],
        "risk": 0.05,
        "summary": f"{path}: adds {len(code)} and removes 0 lines",
    }


def test_a_removed_guard_is_reported_on_the_old_side(server: SandboxModel) -> None:
    rows = ["@@ def drop(user):", "7 -     require_admin(user)", "7       table.clear()"]

    (found,) = said(server, fenced("a.py", rows))["findings"]

    assert (found["side"], found["start_line"]) == ("LEFT", 7)
    assert (found["quote"], found["suggestion"]) == ("    require_admin(user)", None)


def test_unchanged_lines_are_no_business_of_the_review(server: SandboxModel) -> None:
    rows = ["@@", "1   eval(text)", "2 + done = 1"]

    assert said(server, fenced("a.py", rows))["findings"] == []


def test_every_chunk_of_a_request_is_read(server: SandboxModel) -> None:
    prompt = "\n\n".join((added("a.py", "eval(x)"), added("b.py", "", "eval(y)"), "Answer."))

    found = said(server, prompt)["findings"]

    assert [(each["path"], each["start_line"]) for each in found] == [("a.py", 1), ("b.py", 2)]


def test_code_cannot_close_its_fence(server: SandboxModel) -> None:
    prompt = added("a.py", ">>>CHUNK 0", "<<<CHUNK 1", "eval(x)")

    (found,) = said(server, prompt)["findings"]

    assert found["start_line"] == 3


def claim(name: str, quote: str, title: str, line: int = 1) -> dict[str, Any]:
    return {
        "id": name,
        "path": "a.py",
        "side": "RIGHT",
        "line": line,
        "quote": quote,
        "claim": title,
    }


def test_the_strong_model_rules_on_every_claim(server: SandboxModel) -> None:
    (found,) = said(server, added("a.py", "", "eval(x)"))["findings"]
    claims = [
        claim("c1", "eval(x)", found["title"], 2),
        claim("c2", "exec(z)", found["title"]),
        claim("c3", "eval(x)", "The moon is wrong", 2),
    ]

    answer = said(server, fenced("a.py", ["@@", "1 +", "2 + eval(x)"], claims), STRONG_MODEL)

    verdicts = {each["id"]: each["verdict"] for each in answer["verdicts"]}
    assert verdicts == {"c1": "confirmed", "c2": "rejected", "c3": "uncertain"}
    better = answer["verdicts"][0]["finding"]
    assert (better["start_line"], better["quote"], better["confidence"]) == (2, "eval(x)", 0.9)


def test_between_equal_lines_the_claimed_number_decides(server: SandboxModel) -> None:
    rows = ["@@", "1 + eval(x)", "2 + eval(x)"]
    title = said(server, fenced("a.py", rows))["findings"][0]["title"]

    answer = said(server, fenced("a.py", rows, [claim("c1", "eval(x)", title, 2)]), STRONG_MODEL)

    assert answer["verdicts"][0]["finding"]["start_line"] == 2
