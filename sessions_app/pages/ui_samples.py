"""What the UI kit shows: each component in its states, made of invented view models and the pages' own templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator

from sessions_app.errors import FieldError
from sessions_app.models import InterviewSession, InterviewTemplate, SessionMessage
from sessions_app.models.actions import Status
from sessions_app.models.session import STATUS_CHOICES
from sessions_app.services.dimensions import known_of

from . import present
from .history import Filters
from .insights import Insights, ScoreLine, ScorePoint, Trend
from .practice_list import card
from .report import Quote, ScoreRow, Stepper
from .room import Composer, Room, Timer
from .words import moment

NOW = datetime(2026, 11, 23, 15, 14, tzinfo=UTC)
SESSION_ID = UUID("0193d000-0000-7000-8000-0000000000aa")
CANDIDATE = present.Viewer(True, frozenset({"answer", "skip", "save_draft", "pause", "complete"}))
READER = present.Viewer(False, frozenset())
CODE = "```python\ndef shorten(url: str) -> str:\n    return hash_of(url)[:7]\n```"


@dataclass(frozen=True)
class Part:
    """A template and what it is given."""

    caption: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Component:
    """``is_wide`` for what needs the width of a page to look as it does there."""

    key: str
    title: str
    parts: list[Part]
    is_wide: bool = False


def components() -> list[Component]:
    """All of them; words in the language that is active."""
    return [
        Component(
            "button", "Button", [Part("At rest", "kit/buttons.html"), Part("Busy, and not now", "kit/busy.html")]
        ),
        Component("field", "Field", list(_fields())),
        Component("summary", "Error summary", [_summary()]),
        Component("chip", "Chip", [*(_chip(str(status), str(word)) for status, word in STATUS_CHOICES), _opens()]),
        Component("turn", "Turn and code block", list(_turns()), is_wide=True),
        Component("composer", "Composer", list(_composers())),
        Component("bar", "Bar, timer and progress", list(_bars()), is_wide=True),
        Component("rail", "Question rail", [Part("On the third of six", "_rail.html", {"room": _room()})]),
        Component("time", "Time warning", [_warning()]),
        Component(
            "notice",
            "Notice and banner",
            [Part("Four kinds", "kit/notices.html"), Part("Without a connection", "kit/offline.html")],
        ),
        Component("panel", "Panel", [Part("Plain, paused, failed", "kit/panels.html")]),
        Component("dialog", "Dialog", [Part("Open", "kit/dialog.html")]),
        Component("menu", "Menu", [Part("Open", "kit/menu.html")]),
        Component("tabs", "Tabs", [Part("Links first", "_room_tabs.html", {"room": _room()})]),
        Component("list", "Data list", list(_lists()), is_wide=True),
        Component("card", "Card", list(_cards())),
        Component("filter", "Filter", [_filter()]),
        Component("pagination", "Pagination", [_pages(1), _pages(2), _pages(3)]),
        Component("score", "Score row and quote link", list(_scores()), is_wide=True),
        Component("known", "Bars", [_known()]),
        Component("chart", "Chart with its table", list(_charts()), is_wide=True),
        Component("empty", "Empty state", [Part("With a way on", "kit/empty.html")]),
        Component("stepper", "Stepper", list(_steppers())),
        Component("copy", "Copy button", [Part("After a click", "kit/copy.html")]),
    ]


class _Form(forms.Form):
    name = forms.CharField(max_length=120, help_text="As they want to be addressed.")
    email = forms.EmailField(required=False)
    language = forms.ChoiceField(choices=[("en", "English"), ("de", "Deutsch")])
    about = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)


def _fields() -> Iterator[Part]:
    wrong = _Form({"name": "", "email": "kim", "language": "en"})
    yield Part("At rest", "_form.html", {"form": _Form(initial={"name": "Kim Lee"})})
    yield Part("With errors", "_form.html", {"form": wrong})
    yield Part("Choices", "kit/choices.html")


def _summary() -> Part:
    wrong = [FieldError("time", "invalid_choice", "Choose one of the times offered.")]
    return Part("One error", "_errors.html", {"errors": [*wrong, FieldError("agree", "required", "Tick the box.")]})


def _chip(kind: str, word: str) -> Part:
    return Part(word, "_chip.html", {"chip": present.Chip(kind, word)})


def _opens() -> Part:
    return Part("Not open yet", "_chip.html", {"chip": present.Chip("opens", "Opens Mon 23 Nov, 09:00 CET")})


def _session(status: str = Status.ACTIVE, **fields: Any) -> InterviewSession:
    """One that is nowhere stored, on its third question of six."""
    made = InterviewSession(
        id=SESSION_ID,
        status=status,
        title="System design",
        current_question_number=3,
        planned_questions=6,
        time_limit_seconds=1800,
        created_at=NOW - timedelta(hours=2),
        started_at=NOW - timedelta(hours=1),
        active_ms=780_000,
        **fields,
    )
    made.now = NOW
    made.plan = {"dimensions": ["communication", "technical_depth"]}
    made.precision = {"communication": 0.5, "technical_depth": 0.82}
    return made


def _message(number: int, kind: str, text: str, **fields: Any) -> SessionMessage:
    role = "user" if kind == "answer" else "assistant"
    at = NOW + timedelta(minutes=number)
    ids = UUID(int=SESSION_ID.int + number * 10 + (kind == "answer"))
    return SessionMessage(
        id=ids, role=role, kind=kind, content=text, question_number=number, created_at=at, completed_at=at, **fields
    )


def _turns() -> Iterator[Part]:
    session = _session()
    asked = "You chose a single cache node. What happens to writes when it fails?"
    shown = {
        "Question": _message(3, "question", asked),
        "Answer": _message(3, "answer", "First I would separate reads from writes."),
        "Answer with code": _message(4, "answer", f"Like this:\n\n{CODE}"),
        "From right to left": _message(5, "answer", "أفصل القراءة عن الكتابة أولاً."),
        "Skipped": _message(6, "answer", "", payload={"skipped": True}),
        "Sent when time ran out": _message(7, "answer", "The last words", payload={"auto_submitted": True}),
        "Closing words": _message(8, "notice", "Thank you. That was the last question."),
    }
    for caption, message in shown.items():
        yield Part(caption, "_turn.html", {"turn": present.turn(message, session)})


def _room(session: InterviewSession | None = None, viewer: present.Viewer = CANDIDATE, **fields: Any) -> Room:
    states = (("done", "answered"), ("skipped", "skipped"), ("now", "current"), ("ahead", "not asked yet"))
    entries = [present.Rail(number, *state, state[0] != "ahead") for number, state in enumerate(states, 1)]
    given: dict[str, Any] = {
        "session": session or _session(),
        "viewer": viewer,
        "slot": "waiting_for_answer",
        "heading": "Question 3 of about 6",
        "chip": present.Chip("active", "In progress"),
        "timer": Timer("17 minutes", moment(NOW), 1_020_000),
        "rail": entries,
        **dict.fromkeys(("earlier", "latest", "hidden", "composer", "ended", "unsent")),
        **dict.fromkeys(("partial", "asked_ago", "paused_ago", "paused_idle", "opens"), ""),
        "waited": timedelta(0),
    }
    return Room(**{**given, **fields})


def _composer(**fields: Any) -> Composer:
    given = {"text": "", "revision": 1, "client_message_id": "kit", "in_reply_to": "", "why_not": "", "is_saved": False}
    return Composer(**{**given, **fields})


def _composers() -> Iterator[Part]:
    session = _session()
    states = {
        "Empty": (_composer(), CANDIDATE),
        "With a saved draft": (_composer(text="Half a thought", is_saved=True), CANDIDATE),
        "While the question is written": (
            _composer(why_not="The next question is still being written. You can note your thoughts and save them."),
            present.Viewer(True, frozenset({"save_draft"})),
        ),
    }
    for caption, (composer, viewer) in states.items():
        room = _room(session, viewer, composer=composer)
        yield Part(caption, "_composer.html", {"room": room, "session": session, "viewer": viewer})


def _bars() -> Iterator[Part]:
    session = _session()
    states = {
        "Running": _room(session),
        "No time limit": _room(session, timer=Timer("", None)),
        "To be read only": _room(session, READER),
    }
    for caption, room in states.items():
        yield Part(caption, "_bar.html", {"room": room, "session": session})


def _warning() -> Part:
    session = _session(running_since=NOW, extra_seconds=0)
    session.active_ms = 1_710_000
    viewer = present.Viewer(True, frozenset({"extend"}))
    return Part("In the last two minutes", "_time_warning.html", {"room": _room(session, viewer), "session": session})


def _row(status: str, *, score: str = "—", **fields: Any) -> present.Row:
    return present.row(_session(status, **fields), NOW, score)


def _lists() -> Iterator[Part]:
    ended: dict[str, Any] = {"ended_at": NOW, "paused_ms": 360_000}
    rows = [
        _row(Status.COMPLETED, score="Solid, 71 of 100", **ended),
        _row(Status.EXPIRED, **ended),
        _row(Status.CANCELLED),
    ]
    yield Part("History", "_history.html", {"history": rows})
    for status in (Status.PAUSED, Status.ACTIVE, Status.CREATED):
        at = NOW - timedelta(hours=2) if status == Status.PAUSED else None
        yield Part(f"Unfinished: {status}", "_open_row.html", {"row": _row(status, paused_at=at)})


def _cards() -> Iterator[Part]:
    offered = InterviewTemplate(
        slug="kit", title="System design", summary="From a sketch to scale.", enabled_modes=["text", "code"]
    )
    yield Part("Practice interview", "_card.html", {"card": card(offered)})
    row = _row(Status.PAUSED, paused_at=NOW - timedelta(hours=2))
    yield Part("Continue", "_continue.html", {"row": row})


def _filter() -> Part:
    modes = [("text", "Written answers"), ("code", "Code")]
    context = {"filters": Filters(search="graphs", mode="code"), "choices": STATUS_CHOICES, "modes": modes}
    return Part("With something chosen", "_list_filter.html", context)


def _pages(number: int) -> Part:
    page = Paginator(range(60), 25).get_page(number)
    return Part(f"Page {number} of 3", "_pagination.html", {"page": page, "filters": Filters(status="completed")})


def _score(score: float | None, word: str, **fields: Any) -> ScoreRow:
    given: dict[str, Any] = {
        "key": "trade-offs",
        "title": "Trade-offs",
        "weight": 1.0,
        "number": "" if score is None else f"{score:.0f} of 100",
        "rationale": "Names what is given up, and when.",
        **dict.fromkeys(("quotes", "points", "people"), ()),
        "objection": None,
    }
    return ScoreRow(**{**given, "score": score, "word": word, **fields})


def _scores() -> Iterator[Part]:
    quotes = [Quote("I would separate reads from writes", 6, 3)]
    points = [{"statement": "Says what an index costs", "shown": True}, {"statement": "Names a lock", "shown": False}]
    rows = {
        "Scored, with evidence": _score(80, "Strong", quotes=quotes, points=points),
        "Also by people": _score(40, "Developing", quotes=quotes, people=["Solid", "Weak"]),
        "No quote": _score(55, "Solid"),
        "Not enough evidence": _score(None, "Not enough evidence", rationale=""),
    }
    for caption, row in rows.items():
        yield Part(caption, "_score_row.html", {"row": row, "viewer": READER, "session": _session()})
    own = {"row": _score(80, "Strong", typed="I named it."), "viewer": CANDIDATE, "session": _session()}
    yield Part("With an objection", "_score_row.html", {**own, "most_words": 500})


def _known() -> Part:
    return Part("How well somebody is known", "_precision.html", {"known": known_of(_session())})


def _charts() -> Iterator[Part]:
    scores = ((28, 60.0), (320, 71.0), (612, 78.0))
    points = [_point(x, score) for x, score in scores]
    line = ScoreLine("ai", "AI", " ".join(f"{point.x},{point.y}" for point in points))
    trend = Trend("Trade-offs", 40, 78, 3, "4,20 60,14 116,6")
    context = {"insights": Insights(points, [line], [trend], trend)}
    yield Part("Score over time", "insights_chart.html", context)
    yield Part("By criterion", "insights_criteria.html", context)


def _point(x: int, score: float) -> ScorePoint:
    return ScorePoint(SESSION_ID, "System design", moment(NOW), score, "AI", "ai", x, 172 - score * 1.44)


def _steppers() -> Iterator[Part]:
    states: Sequence[tuple[str, Stepper]] = (
        ("Scoring", Stepper("scoring")),
        ("Tried again later", Stepper("scoring", moment(NOW))),
        ("Ready", Stepper("ready")),
        ("Failed", Stepper("failed")),
        ("Hidden by policy", Stepper("hidden")),
        ("Nothing to score", Stepper("nothing")),
    )
    for caption, stepper in states:
        yield Part(caption, "_stepper.html", {"stepper": stepper, "session": _session(), "viewer": CANDIDATE})
