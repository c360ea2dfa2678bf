"""What an answer tells about the session's dimensions: read in the background, stored with its quotes, added up anew.

The connected model reads it where there is one. Whatever keeps it from that, the built-in analyser reads it at once, so
nothing of this ever fails a session or holds up a question. The numbers follow from the stored evidence alone, all of
it, by the rule of ``scoring``: they are the same to the last bit whoever adds it up, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast
from uuid import UUID

from sessions_app import scoring
from sessions_app.ai import injections
from sessions_app.ai.chat import ChatModel
from sessions_app.ai.dimensions import Dimension, dimension
from sessions_app.ai.protocol import BUILT_IN, ProviderError, Usage
from sessions_app.ai.reading import read_with
from sessions_app.ai.signs import Sign, signs
from sessions_app.logs import log
from sessions_app.models import DimensionEvidence, InterviewSession, SessionMessage

from . import operations
from .change import Change
from .connections import chat_for
from .creation import starting_precision
from .heartbeat import beating, leavable
from .operations import Claim, LeaseLost


@dataclass(frozen=True)
class Reading:
    """What was found in an answer, who read it, and what that cost."""

    found: list[Sign]
    by: str = BUILT_IN
    usage: Usage = Usage()


def run_analysis(claimed: Claim, stopping: Callable[[], bool]) -> None:
    """Read the answer of an operation and store what it tells.

    Raises:
        LeaseLost: somebody else has it now, or the session was erased.
        Stopped: the process is about to end.
    """
    answer = _answer_of(claimed)
    wanted = dimensions_of_plan(answer.session)
    with beating(claimed):
        reading = leavable(partial(_read, answer, wanted, chat_for(claimed.model_name)), stopping)
    with operations.finishing(claimed, reading.usage) as change:
        _store(change, answer, reading)
        known = add_up(change.session)
        told: dict[str, Any] = {f"precision.{key}": known[key] for key in {one.dimension for one in reading.found}}
        change.record("precision.updated", message_id=answer.pk, evidence=len(reading.found), **told)


def dimensions_of_plan(session: InterviewSession) -> list[Dimension]:
    """What the session's answers are read for: frozen with its plan."""
    return [dimension(key) for key in session.plan.get("dimensions", ())]


def add_up(session: InterviewSession) -> dict[str, float]:
    """Put precision and estimates on the locked session, from all its evidence. Returns the precision."""
    pieces: dict[str, list[tuple[float, float]]] = {}
    for key, polarity, strength in session.dimension_evidence.values_list("dimension", "polarity", "strength"):
        pieces.setdefault(key, []).append((polarity, strength))
    known = starting_precision(session.plan.get("dimensions", ()))
    known |= {key: scoring.precision(strength for _, strength in found) for key, found in pieces.items()}
    session.precision = known
    session.estimates = {key: scoring.estimate(pieces[key]) for key in known if key in pieces}
    return known


def _answer_of(claimed: Claim) -> SessionMessage:
    """Raises LeaseLost: it was erased."""
    rows = SessionMessage.objects.select_related("session", "in_reply_to")
    answer = rows.filter(pk=cast(UUID, claimed.message_id)).first()
    if answer is None:
        raise LeaseLost
    return answer


def _read(answer: SessionMessage, wanted: Sequence[Dimension], chat: ChatModel | None) -> Reading:
    """By the model if it can, else by the rules; sentences that speak to the reader are none of the evidence."""
    text = injections.cut(answer.content, injections.find(answer.content))
    question = answer.in_reply_to.content if answer.in_reply_to else ""
    spent = Usage()
    if chat is not None:
        try:
            found, usage = read_with(chat, text, question, wanted)
            return Reading(_kept(found, text, answer), chat.name, usage)
        except ProviderError as error:
            spent = error.usage or Usage()
            log.warning("analysis.provider_error", message_id=str(answer.pk), code=error.code)
        except Exception:
            log.exception("analysis.model_failed", message_id=str(answer.pk))
    found = [] if answer.mode == "code" else signs(text, wanted, question)  # its rules are for sentences
    return Reading(_kept(found, text, answer), usage=spent)


def _kept(found: Sequence[Sign], text: str, answer: SessionMessage) -> list[Sign]:
    """What lies in the part that was read; no answer says more about a dimension than the rule allows."""
    own = [one for one in found if text[one.start : one.end] == answer.content[one.start : one.end]]
    lowered: list[Sign] = []
    for key in dict.fromkeys(one.dimension for one in own):
        mine = [one for one in own if one.dimension == key]
        strengths = scoring.capped([one.strength for one in mine])
        lowered += [replace(one, strength=strength) for one, strength in zip(mine, strengths, strict=True)]
    return lowered


def _store(change: Change, answer: SessionMessage, reading: Reading) -> None:
    DimensionEvidence.objects.bulk_create(
        DimensionEvidence(
            session=change.session,
            message=answer,
            dimension=one.dimension,
            polarity=one.polarity,
            strength=one.strength,
            start=one.start,
            end=one.end,
            quote=answer.content[one.start : one.end],
            model_name=reading.by,
            created_at=change.now,
        )
        for one in reading.found
    )
