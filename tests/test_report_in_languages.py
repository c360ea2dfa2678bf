"""A report is stored in English and read in the reader's language: whatever a program said in it, and nothing else."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.ai import bank, practice, sentences
from sessions_app.ai.criteria import Criterion, PlacedPoint, Said, criteria_of
from sessions_app.ai.judging import MODEL, Judgement, PointShown, Quotation, by_coverage, prepare
from sessions_app.ai.model_judge import by_model
from sessions_app.ai.protocol import Point, Question
from sessions_app.ai.report import Findings, findings_of
from sessions_app.ai.sentences import Sentence
from sessions_app.ai.wording import listed
from sessions_app.models import CriterionScore, Evaluation, InterviewSession, User
from sessions_app.services.criterion_names import criterion_name
from sessions_app.services.retelling import Retold, retold
from tests import factories as f
from tests import pseudo
from tests.judged import judged
from tests.judges import Judge, evaluate, finished
from tests.labelled_answers import RANK, labelled

LANGUAGES = ("de", "ar")
UNTOLD = "fr"  # has no catalogue of ours: every sentence comes back in English, as Django falls back to it
OURS = {name: one for name, one in vars(sentences).items() if isinstance(one, Sentence)}
GIVEN = sentences.GIVEN.said(answers=sentences.ANSWERS.said(count=1), questions=sentences.QUESTIONS.said(count=2))
each_language = pytest.mark.parametrize("language", LANGUAGES)


# -- reports of every kind ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """What is stored of a report."""

    told: Findings
    judged: list[Judgement]

    @property
    def titles(self) -> dict[str, str]:
        return {one.criterion.title: criterion_name(one.criterion.key, one.criterion.title) for one in self.judged}

    @property
    def texts(self) -> list[str]:
        lists = (
            getattr(self.told, one.name) for one in fields(self.told) if isinstance(getattr(self.told, one.name), list)
        )
        return [self.told.summary, *(line for lines in lists for line in lines)]

    @property
    def rationales(self) -> list[str]:
        return [one.rationale for one in self.judged]


def by_rules(kind: str, *, tells_anchors: bool) -> Written:
    """An interview of labelled questions, answered by one kind; the fifth is left out, and the last never asked."""
    entries = labelled(held_out=False)[:7]
    plan = {"questions": [entry.question.as_json() for entry in entries]}
    said = [
        Said(entry.question.key, entry.question.text, "" if n % 5 == 4 else entry.answers[kind], f"m{n}")
        for n, entry in enumerate(entries[:-1])
    ]
    prepared = prepare(said)
    found = [by_coverage(criterion, prepared) for criterion in criteria_of(plan)]
    return Written(findings_of(found, said, tells_anchors=tells_anchors, is_flagged=False), found)


def by_a_model() -> Written:
    """Shown a little, shown well, found misled, and without a usable reply; one without a rubric, one never asked."""
    asked = Question(
        "a", "technical", "When?", points=(Point("Says what it costs", (), "What is it?", solid="A lot."),)
    )
    one, two = (Criterion(key, f"{key}, and more", 1.0, (asked,)) for key in ("misled", "unread"))
    said = [Said("a", "When?", "It costs a lot of time.", "m1")]
    found = [
        _shown("weak", "developing", 20.0),
        _shown("well", "strong", 100.0),
        replace(_shown("bare", "", 0.0), points=()),
        by_model(Judge(is_gullible=True), one, prepare(said)),
        by_model(Judge(bad_about=two.title), two, prepare(said)),
        by_coverage(Criterion("talk", "Talk", 1.0), prepare(said)),
        by_coverage(Criterion("never", "Never", 1.0, (Question("b", "technical", "?"),)), prepare(said)),
    ]
    return Written(findings_of(found, said, tells_anchors=True, is_flagged=False), found)


def _shown(title: str, level: str, score: float) -> Judgement:
    asked = Question("a", "technical", "When?")
    placed = PlacedPoint(asked, 0, Point("Says what it costs", follow_up="Why?", solid="A lot."))
    words = Quotation("m1", 0, 4, "It costs", "Says what it costs")
    points = (PointShown(placed, level, (words,)),)
    return Judgement(Criterion(title, title, 1.0, (asked,)), "scored", MODEL, score, 1.0, "It is plain.", points)


def without_right_answers(*, has_rubric: bool) -> Written:
    asked = Question("a", "behavioral", "Who are you?", points=(Point("Tells of one thing"),) if has_rubric else ())
    found = by_coverage(Criterion("self", "Yourself", 1.0, (asked,), is_judged=False), prepare([Said("a", "?", "I.")]))
    return Written(findings_of([found], [Said("a", "?", "I.")], tells_anchors=True, is_flagged=False), [found])


def all_well() -> Written:
    found = [_shown("well", "strong", 100.0)]
    return Written(findings_of(found, [Said("a", "?", "It costs", "m1")], tells_anchors=True, is_flagged=False), found)


@pytest.fixture(scope="module")
def reports() -> list[Written]:
    by_kind = [by_rules(kind, tells_anchors=n % 2 == 0) for n, kind in enumerate(RANK)]
    told = [without_right_answers(has_rubric=has_rubric) for has_rubric in (True, False)]
    return [*by_kind, by_a_model(), *told, all_well()]


# -- every sentence is found again -------------------------------------------------------------------------------------


def in_english(text: str) -> list[str]:
    """What of the text is the words of a sentence of ours, two of them or more, or one of its numbers."""
    forms = [form for one in OURS.values() for form in (one.one, one.many)]
    parts = {part.strip(" .,:;“”") for form in forms for part in re.split(r"%\(\w+\)s", form)}
    said = [part for part in parts if " " in part and part in text]
    return said + re.findall(r"\d+ (?:answer|question|thing|rubric point)s?\b|\d+ of \d+", text)


@each_language
def test_whatever_the_evaluator_writes_is_said_in_the_language(language: str, reports: list[Written]) -> None:
    for report in reports:
        with translation.override(language):
            told = [retold(text, report.titles) for text in report.texts]
            why = [retold(text) for text in report.rationales if text != "It is plain."]
        assert [text for text in (*told, *why) if not isinstance(text, Retold)] == []
        assert in_english(" ".join((*told, *why))) == []


def test_those_reports_have_every_sentence_that_there_is(reports: list[Written]) -> None:
    """So that the test above leaves none out; and that it would see one that was left in English."""
    written = "\n".join(text for report in reports for text in (*report.texts, *report.rationales))
    missing = []
    for name, one in OURS.items():
        forms = (re.sub(r"%\\\(\w+\\\)s", ".+?", re.escape(form)) for form in (one.one, one.many) if form)
        if not any(re.search(form, written) for form in forms):
            missing.append(name)
    assert missing == []
    assert all(in_english(report.told.summary) for report in reports)


def test_nothing_is_lost_on_the_way(reports: list[Written]) -> None:
    """Said again in a language that has no words of ours, each text is what it was: every value is in its place."""
    with translation.override(UNTOLD):
        for report in reports:
            for text in report.texts:
                again = retold(text, {title: title for title in report.titles})
                assert isinstance(again, Retold) and again == text


words = st.text(min_size=1, max_size=60).filter(str.strip)


@given(st.lists(words, min_size=1, max_size=4, unique=True), words, words)
@settings(max_examples=60, deadline=None)
def test_any_values_are_kept(names: list[str], point: str, quote: str) -> None:
    """Titles, points and quotes may hold anything: line ends, percent signs, words of the sentences themselves."""
    texts = [
        f"{GIVEN} {sentences.UNKNOWN.said(titles=listed(names))}",
        sentences.GAP.said(title=names[0], point=point),
        sentences.SHOWN.said(title=names[0], shown=0, count=3),
        f"{sentences.SUCH_AS.said(title=names[0], shown=1, count=1, point=point)} {sentences.SAID.said(quote=quote)}",
        f"{sentences.SHOW.said(point=point)} {sentences.ASK.said(question=quote)} {sentences.SOLID.said(answer=point)}",
    ]
    for text in texts:
        with translation.override(UNTOLD):
            assert retold(text, {name: name for name in names}) == text
        with translation.override("de"):
            assert isinstance(retold(text, {name: name for name in names}), Retold)


STORED = (
    "1 answer to 2 questions: evidence for 1 of 4 rubric points. Most shown: Links. Least shown: Queues. Not enough "
    "evidence about Tests. Left to a person: Talk. This counts what the answers speak of. It does not tell how good "
    "they are; a person should.",
    "2 answers to 2 questions, which tell of 1 of 4 things that could be told. This says how much was told. There are "
    "no right answers, so nothing is scored.",
    "Links: 2 of 2 points shown, such as “names S3”. You said: “S3”",
    "Show this in an answer: Says what it costs. Ask yourself: What is it? A solid answer: Names the cost.",
    "Talk about Links, Queues and Tests: there was not enough to go by.",
    "3 of 4 rubric points have evidence. The answers touch on 1 more, with too little to count.",
    "No usable reply came from the model, so a person has to look at this.",
)


@each_language
@pytest.mark.parametrize("text", STORED)
def test_what_was_stored_is_understood_from_now_on(language: str, text: str) -> None:
    """In the words of its day: a sentence may change, but reports keep the one that they were written with."""
    with translation.override(language):
        told = retold(text, {title: title for title in ("Links", "Queues", "Tests", "Talk")})
    assert isinstance(told, Retold) and in_english(told) == []


@each_language
@pytest.mark.parametrize(
    "text",
    ["", "Weighs costs", "The candidate weighs reads against writes.", "3 answers", "Data, 2 of 3 points shown.",
     "No question about this was answered. Or was it?", "Left to a person: Someone else."],
)  # fmt: skip
def test_what_we_did_not_say_stays_as_it_is(language: str, text: str) -> None:
    with translation.override(language):
        assert type(retold(text, {"Data": "Daten"})) is str and retold(text, {"Data": "Daten"}) == text


def test_in_english_it_is_what_is_stored() -> None:
    text = sentences.NOT_ASKED.said()
    assert retold(text) is text


def test_titles_with_commas_of_their_own_are_told_apart() -> None:
    titles = {"Links": "Verweise", "Links, and more": "Mehr", "Queues and topics": "Schlangen"}
    with translation.override("de"):
        told = retold(f"{GIVEN} {sentences.UNKNOWN.said(titles=listed(list(titles)))}", titles)
    assert told == "1 Antwort auf 2 Fragen. Nicht genug Belege zu: Verweise, Mehr sowie Schlangen."


def test_english_within_arabic_keeps_its_direction() -> None:
    with translation.override("ar"):
        told = retold(sentences.SHOW.said(point="Names S3"))
    assert "\u2068Names S3\u2069" in told


@pytest.mark.parametrize(
    ("count", "said"), [(1, "نقطة واحدة"), (2, "نقطتين"), (3, "3 نقاط"), (11, "11 نقطة"), (100, "100 نقطة")]
)
def test_arabic_has_its_plurals(count: int, said: str) -> None:
    with translation.override("ar"):
        assert said in retold(sentences.COVERED.said(shown=1, count=count))


# -- the product's own names -------------------------------------------------------------------------------------------


@each_language
def test_the_names_of_our_criteria_are_told_in_the_language(language: str) -> None:
    """Of all areas of the bank, all types of questions, and the practice interviews that come with the product."""
    typed = [Question(kind, kind, "?") for kind in ("technical", "behavioral", "situational")]
    named = [(one.key, one.title) for one in criteria_of({"questions": [one.as_json() for one in typed]})]
    named += [(area.slug, area.title) for area in bank.areas()]
    named += [(row["key"], row["title"]) for one in practice.shipped() for row in one.fields.get("criteria", ())]
    names_of_products = {"DevOps", "Python"}
    with translation.override(language):
        english = {title for key, title in named if criterion_name(key, title) == title}
    assert english == names_of_products


def test_names_that_staff_gave_stay() -> None:
    with translation.override("de"):
        assert criterion_name("databases", "Databases at Acme") == "Databases at Acme"
        assert criterion_name("our-own", "Databases") == "Databases"


# -- on the page -------------------------------------------------------------------------------------------------------

pages = pytest.mark.django_db


def page(user: User, session: InterviewSession, language: str) -> str:
    client = Client(headers={"Accept-Language": language})
    client.force_login(user)
    return " ".join(client.get(f"/sessions/{session.pk}/report").content.decode().split())


def report_part(html: str) -> str:
    """Without the transcript, which is what was said."""
    return html.partition('id="verdict-heading"')[2].partition('id="record-heading"')[0]


@pages
@each_language
def test_a_report_by_rules_has_no_english_sentence(language: str, ann: User) -> None:
    session = evaluate(finished(ann, types=("technical", "behavioral", "situational")))
    told = report_part(page(ann, session, language))
    assert in_english(told) == []
    assert not any(title in told for title in CriterionScore.objects.values_list("title", flat=True))
    assert in_english(report_part(page(ann, session, "en")))


@pages
def test_none_of_it_is_said_past_the_catalogues(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    session = evaluate(finished(ann, types=("technical", "behavioral", "situational")))
    with pseudo.spoken(monkeypatch):
        told = report_part(page(ann, session, "en")).partition('class="report__made"')[0]
    assert pseudo.OPENS in told
    assert [text for text in pseudo.unmarked(told) if not text.endswith("UTC")] == []


@pages
@each_language
def test_nor_has_any_other(language: str, ann: User, reports: list[Written]) -> None:
    session = judged(ann)
    evaluation = Evaluation.objects.get()
    for report in reports:
        Evaluation.objects.update(**asdict(report.told))
        evaluation.criteria.all().delete()
        for n, one in enumerate(report.judged):
            row = {"verdict": one.verdict, "score": one.score, "method": one.method, "rationale": one.rationale}
            evaluation.criteria.create(position=n, key=one.criterion.key, title=one.criterion.title, **row)
        told = report_part(page(ann, session, language))
        assert told and in_english(told) == []


@pages
def test_the_english_page_the_api_and_the_file_say_what_is_stored(ann: User, as_: Any) -> None:
    session = evaluate(finished(ann))
    stored = Evaluation.objects.get()
    html = page(ann, session, "en")
    assert f'dir="auto">{stored.summary}</p>' in html
    assert all(f"<li><bdi>{line.split('“')[0]}" in html for line in stored.to_improve + stored.okay + stored.went_well)
    api = as_(ann)
    api.credentials(HTTP_ACCEPT_LANGUAGE="de")
    answered = api.get(f"/api/v1/sessions/{session.pk}/evaluation").json()
    assert (answered["summary"], answered["recommendations"]) == (stored.summary, stored.recommendations)
    assert [row["rationale"] for row in answered["criteria"]] == [row.rationale for row in stored.criteria.all()]
    client = Client(headers={"Accept-Language": "de"})
    client.force_login(ann)
    assert stored.summary in client.get(f"/sessions/{session.pk}/export.txt").content.decode()


@pages
def test_reading_it_changes_no_row(ann: User) -> None:
    session = evaluate(finished(ann))
    before = [list(rows.values()) for rows in (Evaluation.objects.all(), CriterionScore.objects.all())]
    page(ann, session, "ar")
    assert [list(rows.values()) for rows in (Evaluation.objects.all(), CriterionScore.objects.all())] == before


@pages
def test_what_a_model_wrote_stands_as_it_wrote_it(ann: User) -> None:
    session = judged(ann)
    told = page(ann, session, "ar")
    assert 'dir="auto">The candidate weighs reads against writes.</p>' in told
    Evaluation.objects.update(went_well=["Weighs costs"])
    assert "<li><bdi>Weighs costs</bdi></li>" in page(ann, session, "ar")


@pages
@each_language
def test_what_the_sentences_carry_is_shown_as_text(language: str, ann: User) -> None:
    bad = '<script>alert("%(title)s %s")</script>'
    session = judged(ann)
    CriterionScore.objects.filter(position=0).update(title=bad)
    lines = f"{sentences.SUCH_AS.said(title=bad, shown=1, count=2, point=bad)} {sentences.SAID.said(quote=bad)}"
    Evaluation.objects.update(summary=f"{GIVEN} {sentences.UNKNOWN.said(titles=bad)}", went_well=[lines])
    told = page(ann, session, language)
    assert "<script>alert" not in told
    assert told.count("&lt;script&gt;alert(&quot;%(title)s %s&quot;)&lt;/script&gt;") >= 5
    assert in_english(report_part(told)) == []


@pages
def test_trends_and_the_list_of_topics_name_criteria_in_the_language(ann: User) -> None:
    for score in (40.0, 60.0, 80.0):
        session = judged(ann, overall=score, scores=[score])
        session.evaluations.get().criteria.update(key="databases", title="Databases")
    client = Client(headers={"Accept-Language": "de"})
    client.force_login(ann)
    assert "<bdi>Datenbanken</bdi>" in client.get("/sessions/insights").content.decode()
    template = f.TemplateFactory(questions=1)
    template.questions.update(criterion="databases")
    assert ">Datenbanken<" in client.get("/practice/").content.decode()
