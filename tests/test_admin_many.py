"""The console's list: many sessions at once, and as files."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from contextlib import nullcontext

import pytest
from django.contrib.auth.models import Permission
from pypdf import PdfReader

from sessions_app import errors
from sessions_app.admin.transitions import VERBS
from sessions_app.models import InterviewSession, OutgoingMessage, SessionEvent, User
from sessions_app.services import dry_runs, reviewing
from sessions_app.services.evaluating import retry_evaluation
from sessions_app.services.replay import contradictions
from sessions_app.services.running import run_operation
from sessions_app.services.spreadsheets import plain

from .factories import UserFactory, as_actor, created, ended, fresh, paused, types, waiting
from .invited import assessed, invited
from .judged import evaluation_of, judged

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/interviewsession/"


@pytest.fixture
def console(client, sam):
    client.force_login(sam)
    return client


def bulk(client, action, *chosen, **form):
    name = action if "_" in action else f"{action}_selected"
    return client.post(LIST, {"action": name, "_selected_action": [s.pk for s in chosen], **form}, follow=True)


def hidden_in(html):
    """What the form keeps of the amount and the reason."""
    names = ("minutes", "other_minutes", "percent", "tokens", "reason")
    return {name: re.search(rf'<input type="hidden"\s+name="{name}"\s+value="([^"]*)"', html)[1] for name in names}


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_it_first_lists_what_would_happen(console, ann, ben):
    running, over = waiting(ann), ended(ben)
    response = bulk(console, "pause", running, over)
    html = response.content.decode()
    assert "1 will be paused" in html
    assert "1 of 2 can&#x27;t be paused because it is finished." in html
    assert "Cannot pause completed session." in html
    assert 'name="reason"' not in html
    assert (fresh(running).status, fresh(over).status) == ("active", "completed")


@pytest.mark.parametrize(
    ("make", "verb", "status"),
    [
        (created, "start", "active"),
        (waiting, "pause", "paused"),
        (paused, "resume", "active"),
        (paused, "complete", "completed"),
        (waiting, "cancel", "cancelled"),
    ],
)
def test_then_does_it_and_tells_what_was_not_possible(console, sam, ann, ben, make, verb, status):
    able, over = make(ann), ended(ben)
    response = bulk(console, verb, able, over, confirmed="yes", reason="All called off")
    assert f"1 session {VERBS[verb].done}." in said(response)
    assert any("Ben Jones" in sentence for sentence in said(response))
    assert (fresh(able).status, fresh(over).status) == (status, "completed")
    assert f"staff:{sam.pk}" in SessionEvent.objects.filter(session=able).values_list("actor", flat=True)


def test_it_asks_once_why_for_all(console, ann, ben):
    chosen = [waiting(ann), waiting(ben)]
    assert 'name="reason"' in bulk(console, "cancel", *chosen).content.decode()
    response = bulk(console, "cancel", *chosen, confirmed="yes", reason=" ")
    assert "Say why" in response.content.decode()
    assert {fresh(session).status for session in chosen} == {"active"}
    bulk(console, "cancel", *chosen, confirmed="yes", reason="All called off")
    assert [s.events.last().reason_row.text for s in chosen] == ["All called off"] * 2


def test_it_takes_200_at_most(console, ann, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.many.MOST_AT_ONCE", 1)
    chosen = [waiting(ann), waiting(ann)]
    assert said(bulk(console, "pause", *chosen, confirmed="yes")) == ["Choose at most 1 sessions at a time."]
    assert {fresh(session).status for session in chosen} == {"active"}


@pytest.mark.parametrize(
    ("minutes", "other", "added"), [("5", "", 300), ("15", "99", 900), ("other", "45", 2700), ("", "45", 2700)]
)
def test_it_adds_time_to_many(console, ann, ben, minutes, other, added):
    chosen = [waiting(ann, time_limit_minutes=20), paused(ben, time_limit_minutes=20)]
    assert "+15" in bulk(console, "extend", *chosen).content.decode()
    bulk(console, "extend", *chosen, confirmed="yes", reason="Fire drill", minutes=minutes, other_minutes=other)
    assert [fresh(session).extra_seconds for session in chosen] == [added, added]


def test_it_asks_how_much(console, ann):
    session = waiting(ann, time_limit_minutes=20)
    html = bulk(console, "extend", session, confirmed="yes", reason="Fire drill").content.decode()
    assert "Choose how many minutes" in html
    html = bulk(
        console, "extend", session, confirmed="yes", reason="Fire drill", minutes="5", tokens="7"
    ).content.decode()
    assert "Choose either time or tokens" in html
    for percent in ("7", "405", "x", "0"):
        form = {"minutes": "percent", "percent": percent, "reason": "Fire drill"}
        html = bulk(console, "extend", session, confirmed="yes", **form).content.decode()
        assert "Choose 5 to 400 % in steps of 5." in html
    html = bulk(console, "extend", session, confirmed="yes", reason="Fire drill", minutes="0").content.decode()
    assert "Choose 1 to 1,440 minutes." in html
    assert fresh(session).extra_seconds == 0


@pytest.mark.parametrize(("choice", "percent"), [("50%", ""), ("percent", "50"), ("percent", "50 %")])
def test_it_says_what_a_share_of_the_limit_is_for_each_before_it_is_added(console, ann, ben, sam, choice, percent):
    chosen = [
        waiting(ann, time_limit_minutes=45),
        paused(ben, time_limit_minutes=20),
        waiting(sam, time_limit_minutes=None),
    ]
    form = {"reason": "Fire drill", "minutes": choice, "percent": percent}
    assert "Show what each gets" in bulk(console, "extend", *chosen).content.decode()
    html = bulk(console, "extend", *chosen, look="yes", **form).content.decode()
    assert "45 min + 23 min (50 % of the limit) = 68 min" in html and "20 min + 10 min" in html
    assert "2 will be extended" in html and "1 will be skipped" in html
    assert "there is no time to extend" in html
    assert [fresh(session).extra_seconds for session in chosen] == [0, 0, 0]
    sent = hidden_in(html)
    bulk(console, "extend", *chosen[:2], confirmed="yes", **sent)
    assert [fresh(session).extra_seconds for session in chosen] == [23 * 60, 600, 0]


def test_it_says_what_more_tokens_make_and_who_cannot_have_them(console, ann, ben):
    small, full = waiting(ann, token_budget=2_000), waiting(ben, token_budget=199_000)
    html = bulk(console, "extend", small, full, look="yes", reason="More", tokens="5000").content.decode()
    assert "2,000 + 5,000 tokens = 7,000" in html
    assert "It can get 1,000 more tokens at most." in html


def test_it_reopens_and_deletes_many(console, ann, ben):
    chosen = [ended(ann), ended(ben)]
    bulk(console, "reopen", *chosen, confirmed="yes", reason="Too early")
    assert {fresh(session).status for session in chosen} == {"paused"}
    response = bulk(console, "erase_selected", *chosen, confirmed="yes", reason="They asked us to")
    assert "2 sessions deleted." in said(response)
    assert not InterviewSession.objects.kept().exists()


def test_it_anonymises_what_others_have_judged_and_says_what_that_means(console, sam, ann, ben):
    reviewed, practice, going_on = judged(ann), judged(ben, assessed=False), waiting(ann)
    unjudged = ended(ben)
    InterviewSession.objects.filter(pk=unjudged.pk).update(is_practice=False)
    html = bulk(console, "anonymise", reviewed, practice, going_on, unjudged).content.decode()
    assert "1 will be anonymised" in html and "3 will be skipped" in html
    for words in (
        "Gone for good are the name",
        "numbers about nobody",
        "It is practice",
        "It has not ended",
        "nothing to keep",
    ):
        assert words in html
    assert "Say why" in bulk(console, "anonymise", reviewed, confirmed="yes").content.decode()
    response = bulk(console, "anonymise", reviewed, unjudged, confirmed="yes", reason="She asked us to")
    assert "1 session anonymised." in said(response)
    row = InterviewSession.objects.get(pk=reviewed.pk)
    assert (row.candidate_name, row.candidate, row.draft_text) == ("", None, "") and not row.messages.exists()
    assert row.evaluations.get().overall_score == 71 and not row.evaluations.exclude(summary="").exists()
    event = row.events.last()
    assert (event.type, event.data["code"], event.reason_row.text) == (
        "session.erased",
        "anonymised",
        "She asked us to",
    )
    assert event.actor == f"staff:{sam.pk}"
    assert not list(contradictions(row))


def test_the_page_of_a_judged_session_offers_to_anonymise_it(console, ann, ben):
    session, practice = judged(ann), judged(ben, assessed=False)
    assert "/do/anonymise/" not in console.get(f"{LIST}{practice.pk}/change/").content.decode()
    html = console.get(f"{LIST}{session.pk}/change/").content.decode()
    assert "/do/anonymise/" in html and "numbers about nobody" in html
    console.post(f"{LIST}{practice.pk}/do/anonymise/", {"reason": "No"})
    assert InterviewSession.objects.kept().filter(pk=practice.pk).exists()
    response = console.post(f"{LIST}{session.pk}/do/anonymise/", {"reason": "She asked us to"}, follow=True)
    assert "The session was anonymised. Its log, scores and ratings are kept" in said(response)[-1]
    assert console.get(f"{LIST}{session.pk}/change/", follow=True).redirect_chain


def test_a_reminder_goes_to_who_waits_and_the_others_are_told_why_not(console, sam, ann, settings):
    settings.SENDS_LETTERS = True
    waits, practice = invited(sam)[0].session, paused(ann)
    nobody, no_address = assessed(sam), assessed(sam, candidate_email="")
    html = bulk(console, "remind", waits, practice, nobody, no_address).content.decode()
    assert "1 will be reminded" in html and "3 will be skipped" in html
    for sentence in ("This is practice", "Nobody has a link that works.", "There is no address"):
        assert sentence in html
    assert not OutgoingMessage.objects.filter(kind="nudge").exists()
    response = bulk(console, "remind", waits, practice, confirmed="yes")
    assert "1 session reminded." in said(response)
    assert OutgoingMessage.objects.get(kind="nudge").session == waits
    assert "less than 12 hours ago" in said(bulk(console, "remind", waits, confirmed="yes"))[0]


def test_it_assigns_a_reviewer_to_what_is_scored(console, sam, ann, ben):
    ines = UserFactory(name="Ines Second", is_staff=True)
    scored, unscored, done = judged(ann), waiting(ben), judged(ben)
    reviewing.skip_review(done.pk, "I know him.", actor=as_actor(ines))
    html = bulk(console, "assign", scored, unscored, done).content.decode()
    assert "2 will be given to the reviewer" in html
    assert "1 of 3: It is not scored" in html
    assert f'<option value="{ines.pk}">' in html
    assert f'<option value="{ann.pk}">' not in html
    assert "Choose who is to review them." in bulk(console, "assign", scored, confirmed="yes").content.decode()
    assert not scored.reviews.exists()
    response = bulk(console, "assign", scored, done, confirmed="yes", reviewer=ines.pk)
    assert "1 session given to the reviewer." in said(response)
    assert any("They skipped this review" in sentence for sentence in said(response))
    review = scored.reviews.get()
    assert (review.reviewer, review.assigned_by, review.status) == (ines, sam, "draft")
    assert types(scored)[-1] == "review.assigned"


def test_nobody_is_given_their_own_interview(console, ann):
    session = judged(ann)
    User.objects.filter(pk=ann.pk).update(is_staff=True)
    response = bulk(console, "assign", session, confirmed="yes", reviewer=ann.pk)
    assert any("who is not the candidate" in sentence for sentence in said(response))
    assert not session.reviews.exists()


def test_it_has_them_judged_again(console, ann, ben):
    again, running, going_on = judged(ann), ended(ben), waiting(ben)
    before = evaluation_of(again)
    html = bulk(console, "judge", again, running, going_on).content.decode()
    assert "1 will be queued for a new evaluation" in html
    assert "1 of 3: The session is being evaluated already." in html
    assert "1 of 3: The session has not ended" in html
    assert 'name="reason"' not in html
    response = bulk(console, "judge", again, running, confirmed="yes")
    assert "1 session queued for a new evaluation." in said(response)
    assert fresh(again).phase == "evaluating"
    assert evaluation_of(again) == before
    run_operation(fresh(again).evaluation_operation_id)
    assert evaluation_of(again) != before


@pytest.mark.parametrize("make", [judged, ended, waiting, created, paused])
def test_the_dry_run_says_what_the_verbs_do(ann, sam, make):
    session = fresh(make(ann))
    cases = (
        (dry_runs.why_not_judge_again, lambda: retry_evaluation(session.pk, actor=as_actor(sam))),
        (dry_runs.why_not_review, lambda: reviewing.assign_reviewer(session.pk, sam.pk, actor=as_actor(sam))),
    )
    for why_not, verb in cases:
        is_refused = bool(why_not([session]))
        with pytest.raises(errors.DomainError) if is_refused else nullcontext():
            verb()


def test_staff_who_may_not_review_are_not_offered_to_assign(client, ann):
    staff = UserFactory(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename="view_interviewsession"))
    client.force_login(staff)
    session = judged(ann)
    assert "assign_selected" not in client.get(LIST).content.decode()
    bulk(client, "assign", session, confirmed="yes", reviewer=staff.pk)
    assert not session.reviews.exists()


# -- files -------------------------------------------------------------------------------------------------------------


def test_csv_has_a_row_a_session_and_no_formulas(console, ann, ben):
    session, other = waiting(ann), ended(ben)
    InterviewSession.objects.filter(pk=session.pk).update(candidate_name='=HYPERLINK("http://x")')
    response = bulk(console, "export_csv", session, other)
    assert "attachment" in response.headers["Content-Disposition"]
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))}
    assert set(rows) == {str(session.pk), str(other.pk)}
    assert rows[str(session.pk)]["candidate_name"] == '\'=HYPERLINK("http://x")'
    assert rows[str(other.pk)]["status"] == "completed"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_what_looks_like_a_formula_is_text(text):
    assert plain(text) == f"'{text}"
    assert (plain("a=1"), plain(None), plain(7), plain(True)) == ("a=1", "", "7", "True")


def test_json_has_the_transcripts(console, ann):
    session = ended(ann)
    told = json.loads(bulk(console, "export_json", session).content)
    assert told["schema_version"] == 1
    assert [row["kind"] for row in told["sessions"][0]["messages"]] == ["question", "answer", "question"]
    assert told["sessions"][0]["candidate_name"] == "Ann Smith"


def test_zip_has_a_pdf_of_each_with_no_more_than_one_may_see(console, sam, ann):
    hidden, open_, going_on = judged(ann), judged(ann), waiting(ann)
    reviewing.skip_review(open_.pk, "I know her.", actor=as_actor(sam))
    response = bulk(console, "export_pdf", hidden, open_, going_on)
    assert response.headers["Content-Type"] == "application/zip"
    assert 'filename="sessions.zip"' in response.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        texts = {name[-12:-4]: text_of(archive.read(name)) for name in archive.namelist()}
    assert set(texts) == {session.pk.hex[-8:] for session in (hidden, open_, going_on)}
    assert "71 of 100" in texts[open_.pk.hex[-8:]]
    assert "71 of 100" not in texts[hidden.pk.hex[-8:]]
    assert "It makes writes slower" in texts[hidden.pk.hex[-8:]]


def test_a_zip_has_an_end(console, ann, monkeypatch):
    monkeypatch.setattr("sessions_app.admin.exports.MOST_PDFS", 1)
    assert said(bulk(console, "export_pdf", created(ann), created(ann))) == ["Choose at most 1 sessions at a time."]


def text_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())
