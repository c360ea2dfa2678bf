"""What an interviewer is given and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

BUILT_IN = "built-in"  # the name of the interviewer, judge and reader without a model


@dataclass(frozen=True)
class Point:
    """One thing a good answer says, the words that show it, and what each level sounds like."""

    statement: str
    aliases: tuple[str, ...] = ()
    follow_up: str = ""
    developing: str = ""
    solid: str = ""
    strong: str = ""


@dataclass(frozen=True)
class Question:
    """A planned question. ``type`` is technical, behavioral or situational.

    ``criterion`` is the key of what its answers are judged for; where it is empty, its type is.
    """

    key: str
    type: str
    text: str
    skills: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    criterion: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Question:
        points = tuple(Point(**{**point, "aliases": tuple(point.get("aliases", ()))}) for point in row["points"])
        return cls(**{**row, "skills": tuple(row.get("skills", ())), "points": points})


@dataclass(frozen=True)
class Posting:
    title: str
    company: str = ""
    description: str = ""
    tech_stack: tuple[str, ...] = ()
    level: str = "mid"


@dataclass(frozen=True)
class PastTurn:
    """A question that was asked and what the candidate made of it. ``key`` names the planned question behind it."""

    key: str
    question: str
    answer: str
    is_follow_up: bool = False
    skipped: bool = False


@dataclass(frozen=True)
class Turn:
    """Everything the interviewer may use to write the next question.

    ``asked`` are the earlier questions in full, also where ``history`` was cut; ``seconds_left`` is None without a
    limit. ``attempt`` counts from 1.
    """

    seed: str
    candidate_name: str
    planned_questions: int
    plan: tuple[Question, ...]
    history: tuple[PastTurn, ...] = ()
    posting: Posting | None = None
    resume: str = ""
    has_template: bool = False
    language: str = "en"
    asked: tuple[str, ...] = ()
    seconds_left: int | None = None
    tokens_left: int | None = None
    attempt: int = 1

    def planned(self, key: str) -> Question | None:
        return next((question for question in self.plan if question.key == key), None)

    @property
    def may_stay(self) -> bool:
        """Whether the last answer may be asked about: at most a third of the questions are follow-ups."""
        follow_ups = sum(exchange.is_follow_up for exchange in self.history)
        return follow_ups < max(1, self.planned_questions // 3)


@dataclass(frozen=True)
class Usage:
    """Tokens of one call, or of several: what was sent and what came back, as the provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def total(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input_tokens + other.input_tokens, self.output_tokens + other.output_tokens)

    def as_json(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class Estimate:
    """What a call may cost at the most, said before it is made.

    ``prompt_tokens`` is counted, or guessed too high rather than too low. ``max_output_tokens`` is sent with the
    request as its limit, so that the reply cannot cost more. The budget holds their sum while the call runs.
    """

    prompt_tokens: int = 0
    max_output_tokens: int = 0

    @property
    def as_usage(self) -> Usage:
        """What is charged when nobody knows how much of it was used."""
        return Usage(self.prompt_tokens, self.max_output_tokens)


FREE = Estimate()


@dataclass(frozen=True)
class Outcome:
    """What is known once a question is written: its type, where it comes from, and the tokens it cost.

    ``by`` names who wrote it where that is not who was asked; ``is_last`` says that no question follows, because the
    budget is spent.
    """

    question_type: str
    key: str = ""
    is_follow_up: bool = False
    input_tokens: int = 0
    output_tokens: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    by: str = ""
    is_last: bool = False

    @property
    def usage(self) -> Usage:
        return Usage(self.input_tokens, self.output_tokens)


class ProviderError(Exception):
    """The interviewer could not write. ``code`` is shown to people, so it and the sentence hold no secrets.

    ``usage`` is what the failed call cost, if that is known: ``Usage()`` where nothing was sent. Without it the attempt
    is charged with all that was held for it. ``wait_seconds`` is what the provider asks to be waited for.
    """

    def __init__(
        self, code: str, message: str, *, retryable: bool, usage: Usage | None = None, wait_seconds: float = 0.0
    ) -> None:
        self.code, self.message, self.retryable, self.usage = code, message, retryable, usage
        self.wait_seconds = wait_seconds
        super().__init__(message)


class Provider(Protocol):
    """Anything that can interview. ``ask`` yields the question piece by piece and ends with one Outcome."""

    @property
    def name(self) -> str: ...

    def estimate(self, turn: Turn) -> Estimate:
        """What ``ask`` may cost with this turn, before anything is sent; ``FREE`` where it costs nothing."""
        ...

    def ask(self, turn: Turn) -> Iterator[str | Outcome]:
        """Write the next question.

        Raises:
            ProviderError: it cannot be written now (``retryable``) or at all.
        """
        ...


def provider_for(model_name: str) -> Provider:
    """The interviewer behind a model name.

    Raises:
        ProviderError: no interviewer of that name is connected.
    """
    from .builtin import BuiltInInterviewer

    if model_name != BuiltInInterviewer.name:
        raise ProviderError("MODEL_NOT_CONNECTED", f"No model named {model_name} is connected.", retryable=False)
    return BuiltInInterviewer.from_settings()


def descriptions() -> list[dict[str, Any]]:
    """The connected interviewers, as people are told about them."""
    about = "Practice engine: prepared questions and rules, no AI model."
    return [{"name": BUILT_IN, "is_ai": False, "description": about}]
