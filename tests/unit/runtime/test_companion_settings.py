from __future__ import annotations

import pytest

from reviewbot.domain.errors import SettingsError
from reviewbot.runtime.settings import load_settings


def test_an_address_is_kept_as_tokens_name_it() -> None:
    settings = load_settings({"REVIEWBOT_COMPANION__URL": "https://reviews.example.org/"})
    assert settings.values.companion.url == "https://reviews.example.org"


@pytest.mark.parametrize(
    "url",
    [
        "http://reviews.example.org",
        "https://",
        "https://user:secret@reviews.example.org",
        "https://reviews.example.org?x",
        "https://reviews.example.org#x",
        "https://reviews example.org",
        "ftp://reviews.example.org",
    ],
)
@pytest.mark.parametrize("key", ["URL", "ISSUER"])
def test_sessions_and_keys_travel_over_https_alone(key: str, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({f"REVIEWBOT_COMPANION__{key}": url})
    assert f"REVIEWBOT_COMPANION__{key}" in caught.value.message


@pytest.mark.parametrize("ids", ["[0]", "[-1]", '["all"]', "[1.5]"])
def test_lists_hold_ids(ids: str) -> None:
    with pytest.raises(SettingsError):
        load_settings({"REVIEWBOT_COMPANION__REPOSITORIES": ids})


def test_without_a_word_there_is_no_companion_and_nobody_enrolled() -> None:
    companion = load_settings({}).values.companion
    assert companion.url is None
    assert companion.repositories == companion.installations == ()
    assert companion.workflows == ()
