"""An interview as a file over the API: JSON, Markdown, text and PDF, with the report for whoever may see it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from sessions_app.models import InterviewSession, User
from tests import factories as f
from tests.judges import SAID, evaluate, finished

pytestmark = pytest.mark.django_db


def download(client: Any, session: InterviewSession, extension: str) -> Any:
    return client.get(f"/api/v1/sessions/{session.pk}/export", {"format": extension})


def text_of(answer: Any) -> str:
    """What a PDF says, white space evened out."""
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize(
    ("extension", "kind"),
    [
        ("json", "application/json; charset=utf-8"),
        ("md", "text/markdown; charset=utf-8"),
        ("txt", "text/plain; charset=utf-8"),
        ("pdf", "application/pdf"),
    ],
)
def test_it_is_a_download_in_every_format(extension: str, kind: str, ann: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    answer = download(as_(ann), session, extension)
    said = text_of(answer) if extension == "pdf" else answer.content.decode()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["Content-Disposition"].endswith(f'.{extension}"')
    assert SAID in said
    assert "slower writes" in said.partition("Report")[2] or extension == "json"


def test_json_is_the_default_and_has_the_report(ann: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    exported = as_(ann).get(f"/api/v1/sessions/{session.pk}/export").json()
    assert exported["evaluation"]["overall_score"] == 50.0
    assert [message["kind"] for message in exported["messages"]][:2] == ["question", "answer"]


def test_the_report_says_who_scored_and_how(ann: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    said = download(as_(ann), session, "md").content.decode()
    assert "50 of 100. Evidence coverage by the practice engine, not an AI." in said


def test_staff_who_have_not_rated_yet_get_the_transcript_without_the_report(ann: User, sam: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    assert download(as_(sam), session, "json").json()["evaluation"] is None
    for extension in ("md", "txt"):
        assert "Evidence coverage" not in download(as_(sam), session, extension).content.decode()
    assert "Evidence coverage" not in text_of(download(as_(sam), session, "pdf"))


def test_who_asked_is_whoever_wrote_the_question(ann: User, as_: Any) -> None:
    """The session's model was away, so the built-in interviewer asked: that is never passed off as an AI's question."""
    session = f.waiting(ann, questions=1)
    InterviewSession.objects.filter(pk=session.pk).update(model_name="oracle-9")
    said = download(as_(ann), session, "md").content.decode()
    assert "*Practice engine ·" in said and "*AI interviewer ·" not in said
    (question,) = download(as_(ann), session, "json").json()["messages"]
    assert question["asked_by"] == "built-in"
    session.messages.update(payload={"by": "oracle-9"})
    assert "*AI interviewer ·" in download(as_(ann), session, "md").content.decode()


def test_an_open_interview_can_be_taken_home_too(ann: User, as_: Any) -> None:
    session = f.waiting(ann, questions=2)
    assert download(as_(ann), session, "json").json()["evaluation"] is None
    assert "Answer 1" in text_of(download(as_(ann), session, "pdf"))


def test_a_pdf_takes_whatever_people_type(ann: User, as_: Any) -> None:
    said = "<b>bold</b> & <para>\x07 Zürich, Ελληνικά, Привет\n    indented()\n\n" + "x" * 3_000
    session = finished(ann, said, candidate_name="<i>Ann & Co</i>")
    text = text_of(download(as_(ann), session, "pdf"))
    assert "<b>bold</b> & <para>" in text and "Zürich" in text and "<i>Ann & Co</i>" in text


def test_a_title_breaks_no_file_name_and_no_heading(ann: User, as_: Any) -> None:
    session = finished(ann)
    InterviewSession.objects.filter(pk=session.pk).update(title='x"\r\n# Not a "/../heading')
    answer = download(as_(ann), session, "md")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="x-not-a-heading-')
    assert answer.content.decode().startswith('# x" # Not a "/../heading\n')


def test_other_formats_are_refused_and_strangers_told_nothing(ann: User, ben: User, as_: Any) -> None:
    session = finished(ann)
    wrong = download(as_(ann), session, "exe")
    assert (wrong.status_code, wrong.json()["detail"]["code"]) == (400, "VALIDATION_ERROR")
    assert download(as_(ben), session, "pdf").json()["detail"]["code"] == "SESSION_NOT_FOUND"


@pytest.mark.parametrize("extension", ["md", "txt"])
def test_a_file_is_the_same_in_whatever_language_its_page_is_read(
    extension: str, ann: User, as_: Any, client: Any
) -> None:
    session = evaluate(finished(ann))
    english = download(as_(ann), session, extension)
    client.force_login(ann)
    german = client.get(f"/sessions/{session.pk}/export.{extension}", headers={"Accept-Language": "de"})
    assert german.content == english.content
