"""The peer: document 0's sketch. FastAPI, async SQLAlchemy, pydantic; the same tables, the same token, the same user.

Written the way its documentation teaches, with what is faster where there is a choice: asyncpg, one JOIN for posting
and résumé, and a response model that FastAPI serialises in pydantic's own core.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship, selectinload

POOL_SIZE = 16
URL = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
engine = create_async_engine(URL, pool_size=POOL_SIZE)
new_db = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: TIMESTAMP(timezone=True), dict[str, Any]: JSONB, list[str]: JSONB}


class User(Base):
    __tablename__ = "sessions_app_user"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None]
    name: Mapped[str]
    password: Mapped[str]
    is_staff: Mapped[bool]
    is_active: Mapped[bool]


class JobPosting(Base):
    __tablename__ = "sessions_app_jobposting"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    company: Mapped[str]
    description: Mapped[str]
    tech_stack: Mapped[list[str]]
    experience_level: Mapped[str]
    language: Mapped[str]


class Resume(Base):
    __tablename__ = "sessions_app_resume"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    content: Mapped[str]


class Message(Base):
    __tablename__ = "sessions_app_sessionmessage"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions_app_interviewsession.id"))
    seq: Mapped[int | None]
    role: Mapped[str]
    kind: Mapped[str]
    question_number: Mapped[int | None]
    question_type: Mapped[str]
    in_reply_to_id: Mapped[UUID | None]
    mode: Mapped[str]
    content: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    client_message_id: Mapped[str]
    payload: Mapped[dict[str, Any]]


class InterviewSession(Base):
    __tablename__ = "sessions_app_interviewsession"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    candidate_id: Mapped[UUID]
    job_posting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions_app_jobposting.id"))
    resume_id: Mapped[UUID | None] = mapped_column(ForeignKey("sessions_app_resume.id"))
    title: Mapped[str]
    status: Mapped[str]
    version: Mapped[int]
    current_question_number: Mapped[int]
    planned_questions: Mapped[int]
    message_count: Mapped[int]
    candidate_name: Mapped[str]
    candidate_email: Mapped[str]
    model_name: Mapped[str]
    enabled_modes: Mapped[list[str]]
    challenge_text: Mapped[str]
    language: Mapped[str]
    time_limit_seconds: Mapped[int | None]
    extra_seconds: Mapped[int]
    active_ms: Mapped[int]
    running_since: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    token_budget: Mapped[int]
    tokens_used: Mapped[int]
    precision: Mapped[dict[str, Any]]
    draft_text: Mapped[str]
    draft_revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime]
    job_posting: Mapped[JobPosting | None] = relationship()
    resume: Mapped[Resume | None] = relationship()
    messages: Mapped[list[Message]] = relationship(order_by=Message.seq)


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class JobPostingOut(Out):
    id: UUID
    title: str
    company: str
    description: str
    tech_stack: list[str]
    experience_level: str
    language: str


class ResumeOut(Out):
    id: UUID
    content: str


class MessageOut(Out):
    id: UUID
    seq: int
    role: str
    kind: str
    question_number: int | None
    question_type: str
    in_reply_to_id: UUID | None
    mode: str
    content: str
    state: str
    created_at: datetime
    client_message_id: str
    payload: dict[str, Any]


class SessionResponse(Out):
    id: UUID
    title: str
    status: str
    version: int
    current_question_number: int
    planned_questions: int
    message_count: int
    candidate_name: str
    candidate_email: str
    model_name: str
    enabled_modes: list[str]
    challenge_text: str
    language: str
    time_limit_seconds: int | None
    extra_seconds: int
    active_ms: int
    running_since: datetime | None
    deadline: datetime | None
    token_budget: int
    tokens_used: int
    precision: dict[str, float]
    draft_text: str
    draft_revision: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None
    last_activity_at: datetime
    job_posting: JobPostingOut | None
    resume: ResumeOut | None
    messages: list[MessageOut]


app = FastAPI()


async def get_db() -> AsyncIterator[AsyncSession]:
    async with new_db() as db:
        yield db


Db = Annotated[AsyncSession, Depends(get_db)]


async def get_current_user(db: Db, authorization: Annotated[str, Header()]) -> User:
    try:
        claims = jwt.decode(authorization.removeprefix("Bearer "), os.environ["SECRET_KEY"], algorithms=["HS256"])
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    user = await db.scalar(select(User).where(User.id == UUID(claims["user_id"])))
    if user is None or not user.is_active:
        raise HTTPException(401)
    return user


@app.get("/api/v1/sessions/{session_id}")
async def get_session(session_id: UUID, db: Db, user: Annotated[User, Depends(get_current_user)]) -> SessionResponse:
    session = await db.scalar(
        select(InterviewSession)
        .where(InterviewSession.id == session_id, InterviewSession.candidate_id == user.id)
        .options(
            joinedload(InterviewSession.job_posting),
            joinedload(InterviewSession.resume),
            selectinload(InterviewSession.messages.and_(Message.seq.is_not(None))),
        )
    )
    if session is None:
        raise HTTPException(404, {"code": "SESSION_NOT_FOUND", "message": "Session not found."})
    return SessionResponse.model_validate(session)
