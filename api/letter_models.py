"""The shapes in which dead letters are shown, replayed and deleted; part of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Answer, Utc


class DeadLetterOut(Answer):
    """A message that could not become readings."""

    id: int
    received: Utc
    topic: str
    device: str | None = Field(description="Device key, if the message names one")
    reason: str = Field(examples=["not_json"])
    detail: str
    payload_bytes: int = Field(description="Length as received; a very long payload is kept in part")
    encoding: Literal["utf-8", "base64"]
    payload: str = Field(description="In a list cut to its first 1000 bytes")
    family: str | None = Field(description="Decoder that recognised it, if one did", examples=["zigbee2mqtt"])
    tries: int = Field(description="How often it was read in vain: once, and once with each replay")


class DeadLetterPage(Answer):
    """Dead letters, newest first; ``next`` is the ``before`` of the next page, null on the last."""

    counts: dict[str, int] = Field(description="All letters by reason", examples=[{"not_json": 3}])
    items: list[DeadLetterOut]
    next: int | None


class LettersMeant(BaseModel):
    """Which letters are meant; what is missing does not narrow."""

    model_config = ConfigDict(extra="forbid")
    reason: str | None = Field(None, pattern=r"^[a-z0-9_]{1,64}$")
    family: str | None = Field(None, max_length=64)
    topic: str | None = Field(None, max_length=1_000, description="MQTT filter: + one level, # all the rest")
    ids: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] | None = Field(None, max_length=10_000)


class ReplayIn(LettersMeant):
    """One page of a replay; begin without ``after_id`` and ``through_id``, go on with those answered."""

    after_id: int = Field(0, ge=0, le=2**63 - 1)
    through_id: int | None = Field(None, ge=0, le=2**63 - 1)
    limit: int = Field(5_000, ge=1, le=5_000)


class ReplayOut(Answer):
    """What a page of a replay came to, in letters."""

    placed: int = Field(description="Read now, and no letters any more")
    failed: dict[str, int] = Field(description="Still letters, by their present reason")
    cut: int = Field(description="Kept in part only: they cannot be replayed")
    waiting: int = Field(description="Handed in; read once the store serves")
    next_id: int | None = Field(description="after_id of the next page, null after the last")
    through_id: int


class PurgeIn(LettersMeant):
    """Which letters to delete for good; an empty object means all of them."""

    received_before: str | None = Field(
        None, max_length=64, description="RFC 3339 or a date; local time of the site where it names no zone"
    )


class PurgeOut(Answer):
    """How many letters were deleted."""

    purged: int
