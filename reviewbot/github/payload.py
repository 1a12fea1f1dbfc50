"""What GitHub sends, as far as it is used."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """A part of an answer or an event; what is not named here is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")
