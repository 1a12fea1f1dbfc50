"""The configuration's TOML, as a file or as text, and other small files that it names."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class ConfigText:
    """A configuration as text; *name* is what errors call it."""

    name: str
    text: str


def as_text(config: Path | ConfigText) -> ConfigText:
    """The text of a file; raises SettingsError."""
    if isinstance(config, ConfigText):
        return config
    return ConfigText(str(config), read_file(config, "--config"))


def read_toml(config: ConfigText) -> dict[str, Any]:
    """The values in it, unchecked but for secrets, which never stand there."""
    try:
        loaded = tomllib.loads(config.text)
    except tomllib.TOMLDecodeError as error:
        message = f"{config.name} is no valid TOML: {error}"
        raise SettingsError(message, "Mend it.") from error
    for section, key in (("github", "token"), ("quick", "api_key")):
        found = loaded.get(section)
        if isinstance(found, dict) and key in found:
            message = f"{config.name}: {section}.{key} is a secret"
            raise SettingsError(message, "Secrets come from the environment or from files only.")
    return loaded


def read_file(path: Path, key: str) -> str:
    """The text of a small file that *key* names; raises SettingsError."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            message = f"{path} ({key}) is larger than {_MOST_BYTES // 1024} KiB"
            raise SettingsError(message, "Name another file.")
        return raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        message = f"{path} ({key}) cannot be read: {why}"
        raise SettingsError(message, "Check the path and its rights.") from error
