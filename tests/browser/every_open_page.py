"""What is on offer, and what this site says of itself: pages for everybody, in their states, beside ``every_page``."""

from __future__ import annotations

from sessions_app.models import InterviewSession, ModelConnection, User
from tests import factories as f

from .every_page import Cast, Made, Visit, at, landing, scored


def _offers(query: str = "") -> Made:
    def make(cast: Cast) -> Visit:
        landing(cast)
        for number in range(25):
            f.TemplateFactory(title=f"Practice {number}", questions=1)
        return Visit(f"/practice/{query}")

    return make


def _as_demo(session: InterviewSession) -> None:
    User.objects.filter(pk=session.candidate_id).update(is_demo=True)
    InterviewSession.objects.filter(pk=session.pk).update(is_demo=True)


def _with_example(path: str) -> Made:
    def make(cast: Cast) -> Visit:
        landing(cast)
        _as_demo(scored(cast.ann, method="evidence_coverage"))
        return Visit(path)

    return make


def _starts_over(cast: Cast) -> Visit:
    landing(cast)
    f.paused(cast.ann, template_id=f.TemplateFactory().pk, questions=2)
    return Visit("/", cast.ann)


def _late(cast: Cast) -> Visit:
    session = f.generating(cast.ann)
    session.operations.update(not_before=f.utc(2020, 1, 17))
    ModelConnection.objects.create(name="local-llama", base_url="http://localhost:11434/v1", model_id="llama")
    return Visit("/status")


OPEN: dict[str, Made] = {
    "landing-example": _with_example("/"),
    "landing-start-over": _starts_over,
    "landing-wrong-link": at("/invite/", link="https://example.com/"),
    "practice-list": _offers(),
    "practice-list-last": _offers("?page=2"),
    "practice-list-chosen": _offers("?length=medium&mode=code"),
    "practice-list-nothing-matches": _offers("?topic=python&length=short"),
    "practice-list-refused": _offers("?length=ages"),
    "practice-list-empty": at("/practice/"),
    "example": _with_example("/example"),
    "accessibility": at("/accessibility"),
    "status": at("/status"),
    "status-late": _late,
}
