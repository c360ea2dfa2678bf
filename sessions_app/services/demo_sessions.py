"""The demo's interviews: lived through with the product's own verbs, on a clock that runs ahead through the past.

Every row and event comes about as in a real interview, so the logs verify and nothing has to be made up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from sessions_app.access import Actor
from sessions_app.ai.builtin import BuiltInInterviewer
from sessions_app.ai.protocol import BUILT_IN, FREE, Estimate, Outcome, Provider, ProviderError, Turn
from sessions_app.models import InterviewSession, JobPosting, Resume, SessionMessage, User

from . import answers, creation, invitations, operations, sessions
from .change import changing
from .config import SessionConfig
from .running import turn_of

STORY: dict[str, Any] = tomllib.loads((Path(__file__).parent / "demo.toml").read_text(encoding="utf-8"))
WRITING = timedelta(seconds=4)
READING = timedelta(seconds=15)


class Unreachable:
    """A model whose server does not answer."""

    name = BUILT_IN

    def estimate(self, turn: Turn) -> Estimate:
        return FREE

    def ask(self, turn: Turn) -> Iterator[str | Outcome]:
        raise ProviderError("PROVIDER_UNAVAILABLE", "The interviewer could not be reached.", retryable=True)


@dataclass
class Demo:
    """Who takes part, what they interview for, and the moment up to which it all has happened."""

    ana: User
    sam: User
    lee: User
    posting: JobPosting
    resume: Resume
    now: datetime

    def play(self) -> int:
        """One interview in every state that there is. Returns how many."""
        scenes = (
            *(self.completed, self.completed_with_follow_up, self.completed_with_skip, self.expired, self.cancelled),
            *(self.invited, self.not_open_yet, self.paused, self.generation_failed, self.created, self.active),
            *(self.reviewed, self.awaiting_review),
        )
        for scene in scenes:
            scene()
        return len(scenes)

    def completed(self) -> None:
        told = self._begin(self.sam, "system-design", ago=timedelta(days=6, hours=3))
        told.go_on(STORY["answers"])
        sessions.end_session(told.session_id, actor=told.actor, now=told.later(READING))

    def completed_with_follow_up(self) -> None:
        told = self._begin(self.sam, "tell-me-about", ago=timedelta(days=3, hours=1))
        told.go_on(STORY["answers"])
        sessions.end_session(told.session_id, actor=told.actor, now=told.later(READING))

    def completed_with_skip(self) -> None:
        told = self._begin(self.lee, "tell-me-about", ago=timedelta(days=2, hours=5))
        told.go_on(STORY["lee"])
        sessions.end_session(told.session_id, actor=told.actor, now=told.later(READING))

    def expired(self) -> None:
        """Nobody sends what was written when the time ran out; it is taken as the last answer."""
        told = self._begin(self.sam, "python-and-sql", ago=timedelta(days=4, hours=2), time_limit_minutes=5)
        told.go_on(STORY["answers"], questions=1)
        told.draft(STORY["drafts"]["expired"])
        session = sessions.get_session(told.session_id, actor=told.actor)
        deadline = cast(datetime, session.deadline)
        # As the sweep does while a server is up: without a sign of life the time would count as an outage.
        InterviewSession.objects.filter(pk=session.pk).update(alive_at=deadline)
        with changing(session.pk, now=deadline + timedelta(seconds=11)):
            pass

    def cancelled(self) -> None:
        told = self._begin(self.sam, "system-design", ago=timedelta(days=5))
        told.go_on(STORY["answers"], questions=1)
        sessions.pause_session(told.session_id, actor=told.actor, now=told.later(READING))
        reason, at = STORY["cancelled"]["reason"], told.later(timedelta(hours=20))
        sessions.cancel_session(told.session_id, actor=Actor(self.ana), reason=reason, now=at)

    def invited(self) -> None:
        """Made by staff for somebody who has not come yet."""
        config = SessionConfig(
            candidate_name="Noor Haddad",
            candidate_email="noor@demo.local",
            template_id="system-design",
            job_posting_id=self.posting.pk,
        )
        at = self.now - timedelta(days=1, hours=2)
        creation.create_session(config, actor=Actor(self.ana), now=at, is_demo=True)

    def reviewed(self) -> None:
        """Taken for the job; ``demo_verdicts`` has it reviewed once it is judged."""
        self._assessed(self.sam, "system-design", STORY["answers"], ago=timedelta(days=7, hours=4))

    def awaiting_review(self) -> None:
        self._assessed(self.lee, "tell-me-about", STORY["answers"], ago=timedelta(days=1, hours=6))

    def not_open_yet(self) -> None:
        opens = (self.now + timedelta(days=7)).replace(hour=9, minute=0, second=0, microsecond=0)
        self._create(self.sam, "system-design", self.now - timedelta(hours=26), opens_at=opens)

    def created(self) -> None:
        self._create(self.sam, "tell-me-about", self.now - timedelta(hours=1))

    def paused(self) -> None:
        """In the middle of question 3, with something written but not sent."""
        for_job = {"job_posting_id": self.posting.pk, "resume_id": self.resume.pk}
        told = self._begin(self.sam, "python-and-sql", ago=timedelta(hours=2, minutes=20), **for_job)
        told.go_on(STORY["answers"], questions=2)
        told.draft(STORY["drafts"]["paused"])
        sessions.pause_session(told.session_id, actor=told.actor, now=told.later(READING))

    def generation_failed(self) -> None:
        told = self._begin(self.sam, "python-and-sql", ago=timedelta(minutes=50))
        told.go_on(STORY["answers"], questions=1)
        told.answer(STORY["answers"])
        for backoff in (0, 2, 4):
            told.later(timedelta(seconds=backoff))
            told.ask(Unreachable())

    def active(self) -> None:
        """No time limit, so that it stays as it is until somebody comes; the question arrives at this very moment."""
        told = self._begin(self.sam, "tell-me-about", ago=timedelta(minutes=5), time_limit_minutes=None)
        told.go_on(STORY["answers"], questions=1, asks_next=False)
        told.now = self.now - WRITING
        told.ask()

    def _assessed(self, candidate: User, template: str, words: dict[str, str], *, ago: timedelta) -> None:
        """An interview that staff made and somebody joined by its link, to the end."""
        at = self.now - ago
        config = SessionConfig(
            candidate_name=candidate.name,
            candidate_email=str(candidate.email),
            template_id=template,
            job_posting_id=self.posting.pk,
        )
        made = creation.create_session(config, actor=Actor(self.ana), now=at - timedelta(days=1), is_demo=True)
        _, token = invitations.create_invitation(
            made.pk, actor=Actor(self.ana), email=str(candidate.email), letter=False, now=at - timedelta(days=1)
        )
        invitations.accept_invitation(token, user=candidate, now=at)
        told = self._start(made, candidate, at)
        told.go_on(words)
        sessions.end_session(made.pk, actor=told.actor, now=told.later(READING))

    def _create(self, candidate: User, template: str, at: datetime, **config: Any) -> InterviewSession:
        wanted = SessionConfig(template_id=template, **config)
        return creation.create_session(wanted, actor=Actor(candidate), now=at, is_demo=True)

    def _begin(self, candidate: User, template: str, *, ago: timedelta, **config: Any) -> Telling:
        at = self.now - ago
        return self._start(self._create(candidate, template, at, **config), candidate, at)

    def _start(self, session: InterviewSession, candidate: User, at: datetime) -> Telling:
        sessions.start_session(session.pk, actor=Actor(candidate), now=at)
        told = Telling(session.pk, Actor(candidate), at)
        told.ask()
        return told


@dataclass
class Telling:
    """One interview as it goes on; ``now`` is the time in it."""

    session_id: Any
    actor: Actor
    now: datetime

    def later(self, by: timedelta) -> datetime:
        self.now += by
        return self.now

    def go_on(self, words: dict[str, str], *, questions: int = 99, asks_next: bool = True) -> None:
        """Answer and be asked, ``questions`` times or to the last question."""
        for nth in range(questions):
            session = self.answer(words)
            if session.current_question_number >= session.planned_questions:
                return
            if asks_next or nth < questions - 1:
                self.ask()

    def answer(self, words: dict[str, str]) -> InterviewSession:
        """Say what the story has for the open question; skip it if there is nothing."""
        session = sessions.get_session(self.session_id, actor=self.actor)
        question = SessionMessage.objects.get(pk=session.open_question_id)
        suffix = "-follow-up" if question.payload["is_follow_up"] else ""
        text = words.get(question.payload["key"] + suffix, "")
        new = answers.NewAnswer(text, str(uuid4()), question.pk, skip=not text)
        at = self.later(READING + timedelta(seconds=1.2 * len(text.split())))
        InterviewSession.objects.filter(pk=self.session_id).update(alive_at=at)  # no outage: it was thought about
        answers.submit_answer(self.session_id, new, actor=self.actor, now=at)
        return session

    def draft(self, text: str) -> None:
        session = sessions.get_session(self.session_id, actor=self.actor)
        revision, at = session.draft_revision + 1, self.later(READING)
        answers.save_draft(self.session_id, text, revision, actor=self.actor, now=at)

    def ask(self, provider: Provider | None = None) -> None:
        """What ``run_operation`` does, at the time of this interview."""
        session = sessions.get_session(self.session_id, actor=self.actor)
        claimed = operations.claim(cast(UUID, session.turn_id), worker="demo", now=self.now)
        if claimed is None:
            raise RuntimeError(f"Question {session.current_question_number + 1} of the demo is not due yet.")
        try:
            pieces = list((provider or BuiltInInterviewer()).ask(turn_of(session)))
        except ProviderError as error:
            operations.fail(claimed, error, now=self.later(WRITING))
            return
        text = "".join(piece for piece in pieces if isinstance(piece, str)).strip()
        outcome = next(piece for piece in pieces if isinstance(piece, Outcome))
        operations.finish(claimed, text, outcome, now=self.later(WRITING))
