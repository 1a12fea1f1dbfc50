"""An App's credentials as the set-up page stores them: files that only their owner may read."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from reviewbot.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.github.manifest import RegisteredApp
    from reviewbot.runtime.settings import Settings

_APP, _KEY, _SECRET = "github-app.json", "github-app.pem", "github-app.webhook-secret"
_KEY_VARIABLE, _SECRET_VARIABLE = "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_WEBHOOK_SECRET"
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


@dataclass(frozen=True, slots=True)
class CredentialFiles:
    """Where one App's credentials lie."""

    folder: Path

    def prepare(self) -> None:
        """Make the folder, and see that it can be written to; raises SettingsError."""
        try:
            self.folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            self._write(".probe", "")
            (self.folder / ".probe").unlink()
        except OSError as error:
            message = f"{self.folder} cannot be written to: {error.strerror}"
            advice = "Name another folder in github.credentials_dir."
            raise SettingsError(message, advice) from error

    def store(self, app: RegisteredApp) -> None:
        """Write everything; what names the App comes last, so that no half of it is ever used."""
        self._write(_KEY, app.pem)
        self._write(_SECRET, app.webhook_secret)
        self._write(_APP, json.dumps({"id": app.id, "slug": app.slug}))

    def applied(self, settings: Settings) -> Settings:
        """The settings with the stored App, where one is stored and none is configured."""
        github = settings.github
        if github.app_id or github.private_key_env or github.private_key_file:
            return settings
        try:
            app_id = str(json.loads((self.folder / _APP).read_text(encoding="utf-8"))["id"])
        except (FileNotFoundError, NotADirectoryError):
            return settings
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{self.folder / _APP} cannot be used"
            raise SettingsError(message, "Mend it, or remove it and set up again.") from error
        return settings.with_github(
            app_id=app_id,
            private_key_file=os.fspath(self.folder / _KEY),
            webhook_secret_file=os.fspath(self.folder / _SECRET),
        )

    def _write(self, name: str, text: str) -> None:
        """Whole or not at all, and never readable by others, not even for a moment."""
        path = self.folder / f"{name}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, _FILE_MODE), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), _FILE_MODE)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        path.replace(self.folder / name)


def credential_files(settings: Settings) -> CredentialFiles:
    """Where the settings want credentials to be kept."""
    named = settings.github.credentials_dir
    return CredentialFiles(Path(named) if named else platformdirs.user_config_path("reviewbot"))


def with_stored_app(settings: Settings) -> Settings:
    """The settings with the App that the set-up page stored, if it is needed and there."""
    return credential_files(settings).applied(settings)


def needs_setup(settings: Settings) -> bool:
    """Whether nothing says who reviewbot is on GitHub."""
    github = settings.github
    named = github.app_id or github.private_key_env or github.private_key_file
    return not named and not github.token


def environment_lines(app: RegisteredApp) -> Iterator[str]:
    """What a shell, or a vault, needs instead of files."""
    for name, value in _variables(app).items():
        yield f"{name}={shlex.quote(value)}"


def with_app_in_memory(settings: Settings, app: RegisteredApp) -> Settings:
    """The settings with an App whose credentials are kept nowhere."""
    return settings.with_variables(_variables(app)).with_github(
        app_id=str(app.id),
        private_key_env=_KEY_VARIABLE,
        webhook_secret_env=_SECRET_VARIABLE,
    )


def _variables(app: RegisteredApp) -> dict[str, str]:
    return {
        "REVIEWBOT_GITHUB__APP_ID": str(app.id),
        "REVIEWBOT_GITHUB__PRIVATE_KEY_ENV": _KEY_VARIABLE,
        "REVIEWBOT_GITHUB__WEBHOOK_SECRET_ENV": _SECRET_VARIABLE,
        _KEY_VARIABLE: app.pem.strip().replace("\n", "\\n"),
        _SECRET_VARIABLE: app.webhook_secret,
    }
