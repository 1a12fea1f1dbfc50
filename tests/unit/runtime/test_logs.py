from __future__ import annotations

import json
import logging

import pytest

from reviewbot.runtime.logs import JsonLines


def test_an_error_is_logged_by_kind_and_place_and_never_by_its_text() -> None:
    with pytest.raises(ValueError, match="Expecting value") as caught:
        json.loads("password=hunter2")
    error = (caught.type, caught.value, caught.tb)
    record = logging.makeLogRecord({"msg": "a bug\n{}", "exc_info": error, "id": "7"})
    line = JsonLines().format(record)
    said = json.loads(line)
    assert (said["event"], said["id"], said["error"]) == ("a bug\n{}", "7", "JSONDecodeError")
    assert said["where"].startswith("json.decoder:")
    assert "hunter2" not in line
    assert "\n" not in line
