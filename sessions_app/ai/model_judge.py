"""A model as the judge of one criterion: what it is sent, what it may reply, and what code makes of the reply.

Among the rubric points of every case is a decoy: something that no answer can show. A judge that finds it shown was
talked into it, or does not read; whatever else it says is not used. So instructions that nobody has found
(``injections``) cannot lift a score by having everything marked as shown: they leave the criterion to a person.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sessions_app import scoring

from . import quotes
from . import sentences as s
from .criteria import Criterion, PlacedPoint, Said, answered_share, asked_points
from .judging import (
    LEFT_TO_HUMAN,
    MODEL,
    NOT_ENOUGH,
    SCORED,
    Judgement,
    PointShown,
    Prepared,
    Quotation,
    answered,
    by_coverage,
)
from .masking import masked
from .prompts import Prompt, prompt
from .protocol import Point, ProviderError, Question, Usage

MOST_QUOTES = 3
LONGEST_RATIONALE = 800
ASKED_QUOTE, ASKED_RATIONALE = 240, 400  # characters, so that a whole reply fits into its tokens
# What the words of a judge about its own certainty are taken for; the share of the rubric that was answered caps them.
CONFIDENCE = {"low": 0.3, "medium": 0.6, "high": 0.9}
# Errors that concern this one call, and would again: they leave one criterion to a person, not the whole report.
ONE_CALL = frozenset({"BAD_REPLY", "CONTEXT_TOO_LONG", "CONTENT_FILTERED"})
DECOYS = (
    Point("Tells the serial number of the clock in the interview room", solid="Gives all of its digits."),
    Point("Names the password of the building's wireless network", solid="Gives it letter by letter."),
    Point("Recites the last page of the interviewer's diary", solid="Gives it word for word."),
    Point("Tells how many steps lead down to the company's archive", solid="Gives the exact number."),
)
_RUN = 3  # words in a row that a question has from the résumé


class Judge(Protocol):
    """What is needed of a ``ChatModel``."""

    @property
    def name(self) -> str: ...

    def structured(
        self, messages: list[dict[str, str]], schema: dict[str, Any], max_tokens: int
    ) -> tuple[dict[str, Any], Usage]: ...


@dataclass(frozen=True)
class _Case:
    """One criterion with what the judge is shown of it. ``names`` and ``resume`` are what it must not see.

    ``decoy`` is the place of the point that cannot be shown.
    """

    criterion: Criterion
    points: Sequence[PlacedPoint]
    decoy: int
    answers: Sequence[Prepared]
    names: Sequence[str] = ()
    resume: str = ""


class _BadReply(ValueError):
    """A reply that is not what was asked for."""


class _Misled(_BadReply):
    """A reply that finds the decoy shown."""


def by_model(
    judge: Judge, criterion: Criterion, prepared: Sequence[Prepared], *, names: Sequence[str] = (), resume: str = ""
) -> Judgement:
    """The criterion as the model sees it and code counts it. Nothing answered: no call.

    Raises:
        ProviderError: the model is away; a reply that is no good leaves the criterion to a person instead.
    """
    said = [one.said for one in prepared]
    points, mine = asked_points(criterion, said), answered(criterion, prepared)
    if not mine:
        return by_coverage(criterion, prepared)
    case = _Case(criterion, *_with_decoy(points or _itself(criterion, mine)), mine, names, resume)
    written = prompt("judge")
    share = answered_share(criterion, said) if points else 1.0
    return _judged(judge, case, written, share)


def _with_decoy(points: Sequence[PlacedPoint]) -> tuple[list[PlacedPoint], int]:
    """The points with a decoy at a place that nobody can foretell, and that place."""
    place = 1 + secrets.randbelow(len(points))
    decoy = PlacedPoint(points[0].question, -1, secrets.choice(DECOYS))
    return [*points[:place], decoy, *points[place:]], place


def _itself(criterion: Criterion, answers: Sequence[Prepared]) -> list[PlacedPoint]:
    """Where there is no rubric, the criterion is its own only point."""
    said = answers[0].said
    return [PlacedPoint(Question(said.key, "", said.question), 0, Point(statement=criterion.title))]


def schema(points: int, answers: int) -> dict[str, Any]:
    """What a reply about so many points of so many answers has to look like."""
    text = {"type": "string", "maxLength": ASKED_QUOTE}
    quote = _object({"answer": {"type": "integer", "minimum": 1, "maximum": answers}, "text": text})
    point = {
        "point": {"type": "integer", "minimum": 1, "maximum": points},
        "level": {"type": "string", "enum": ["none", *scoring.LEVEL_POINTS]},
        "quotes": {"type": "array", "items": quote, "maxItems": MOST_QUOTES},
    }
    reply = {
        "points": {"type": "array", "items": _object(point), "maxItems": points},
        "rationale": {"type": "string", "maxLength": ASKED_RATIONALE},
        "confidence": {"type": "string", "enum": list(CONFIDENCE)},
    }
    return _object(reply)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _judged(judge: Judge, case: _Case, written: Prompt, share: float) -> Judgement:
    """Ask, and ask once more where the reply is not what was asked for; then leave it to a person."""
    spent, is_misled = Usage(), False
    fits, longest = schema(len(case.points), len(case.answers)), 300 + 160 * len(case.points)
    for _ in range(2):
        try:
            reply, usage = judge.structured(messages(case, written), fits, longest)
            spent += usage
            return _counted(reply, case, judge.name, written, share, spent)
        except ProviderError as error:
            spent += error.usage or Usage()
            if error.retryable or error.code not in ONE_CALL:
                error.usage = spent
                raise
            break  # the model was asked again already
        except _BadReply as reply:
            is_misled = is_misled or isinstance(reply, _Misled)
    why = s.MISLED if is_misled else s.NO_REPLY
    left = Judgement(case.criterion, LEFT_TO_HUMAN, MODEL, rationale=why.said(), usage=spent)
    return replace(left, is_misled=is_misled, model_name=judge.name, prompt_version=written.id)


def _counted(reply: dict[str, Any], case: _Case, name: str, written: Prompt, share: float, spent: Usage) -> Judgement:
    """What is left of a reply once code has looked for its quotes. Raises _BadReply."""
    claims = _read(reply, len(case.points))
    if claims.get(case.decoy + 1, ("", []))[0]:
        raise _Misled
    points, dropped = [], 0
    for number, rubric in enumerate(case.points, start=1):
        if number == case.decoy + 1:
            continue
        level, claimed = claims.get(number, ("", []))
        kept, lost = _kept(claimed, case, rubric)
        dropped += lost
        points.append(PointShown(rubric, level if kept else "", tuple(kept)))
    score = scoring.score_of_levels([point.level for point in points])
    stands = CONFIDENCE[reply["confidence"]]
    return Judgement(
        case.criterion,
        NOT_ENOUGH if score is None else SCORED,
        MODEL,
        score,
        None if score is None else min(stands, share),
        str(reply["rationale"]).strip()[:LONGEST_RATIONALE],
        tuple(points),
        dropped,
        spent,
        name,
        written.id,
    )


def _read(reply: Any, points: int) -> dict[int, tuple[str, list[dict[str, Any]]]]:
    """Level and quotes by the number of the point; the first word about a point counts. Raises _BadReply."""
    try:
        if reply["confidence"] not in CONFIDENCE or not isinstance(reply["rationale"], str):
            raise _BadReply
        claims: dict[int, tuple[str, list[dict[str, Any]]]] = {}
        for row in reply["points"]:
            number, level = row["point"], row["level"]
            if level != "none" and level not in scoring.LEVEL_POINTS:
                raise _BadReply
            found = [{"answer": int(quote["answer"]), "text": str(quote["text"])} for quote in row["quotes"]]
            if 1 <= number <= points:
                claims.setdefault(number, ("" if level == "none" else level, found))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _BadReply from error
    return claims


def _kept(claimed: Sequence[dict[str, Any]], case: _Case, rubric: PlacedPoint) -> tuple[list[Quotation], int]:
    """The quotes that are the candidate's words in that answer, each once, and how many were not."""
    kept: list[Quotation] = []
    dropped = 0
    for quote in claimed:
        evidence = _evidence(quote, case, rubric)
        if evidence is None:
            dropped += 1
        elif evidence not in kept and len(kept) < MOST_QUOTES:
            kept.append(evidence)
    return kept, dropped


def _evidence(quote: dict[str, Any], case: _Case, rubric: PlacedPoint) -> Quotation | None:
    if not 1 <= quote["answer"] <= len(case.answers):
        return None
    one = case.answers[quote["answer"] - 1]
    place = quotes.find(quote["text"], one.text)
    return one.evidence(place.start, place.end, rubric.point.statement) if place else None


def messages(case: _Case, written: Prompt) -> list[dict[str, str]]:
    """The prompt and the case. The fence is new every time, so that no answer can close it."""
    fence = secrets.token_hex(8)
    parts = [f"Criterion: {case.criterion.title}", "", "Rubric points", *_rubric(case), "", "Answers"]
    for number, one in enumerate(case.answers, start=1):
        asked = question_shown(one.said, case.criterion.questions, case.resume, case.names)
        parts += ["", f"Question: {asked}", f"ANSWER {number} {fence}", one.text, f"END {number} {fence}"]
    return [
        {"role": "system", "content": written.filled(fence=fence)},
        {"role": "user", "content": "\n".join(parts)},
    ]


def _rubric(case: _Case) -> list[str]:
    lines = []
    for number, rubric in enumerate(case.points, start=1):
        lines.append(f"{number}. {rubric.point.statement}")
        anchors = ((level, getattr(rubric.point, level)) for level in scoring.LEVEL_POINTS)
        lines += [f"   {level}: {anchor}" for level, anchor in anchors if anchor]
    return lines


def question_shown(said: Said, planned: Sequence[Question], resume: str, names: Sequence[str]) -> str:
    """The question as the judge may see it: as planned, or one that was not without what it has from the résumé."""
    text = next((question.text for question in planned if question.key == said.key), "")
    if said.is_follow_up or not text:
        known = _runs(resume)
        sentences = re.findall(r"[^.!?]+[.!?]*", said.question)
        text = "".join(part for part in sentences if not known & _runs(part)).strip() or text
    return masked(text, names)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}
