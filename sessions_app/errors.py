"""What can go wrong, as small classes.

Every error carries the HTTP status, the code of the API contract and a sentence that names the state and the remedy.
Verbs raise them; one handler turns them into JSON (``api/errors.py``), one into pages (``pages/errors.py``).

A sentence is in the language of whoever is being answered when the error is raised: English for the API. What only
programs or staff are told is not translated.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class DomainError(Exception):
    """Base of everything a caller can be told. ``extra`` is merged into the JSON ``detail``."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "BAD_REQUEST"
    sentence: ClassVar[StrOrPromise] = gettext_lazy("The request could not be carried out.")

    def __init__(self, sentence: StrOrPromise = "", **extra: Any) -> None:
        self.message = str(sentence or self.sentence)
        self.extra = extra
        super().__init__(self.message)


@dataclass(frozen=True)
class FieldError:
    """One wrong field, named by the key of the body that carried it."""

    field: str
    code: str
    message: str

    @classmethod
    def too_long(cls, field: str, most: int) -> FieldError:
        """A text of more than so many characters."""
        words = _("Use at most %(number)s characters.") % {"number": number_format(most, force_grouping=True)}
        return cls(field, "max_length", words)


class ValidationFailed(DomainError):
    code = "VALIDATION_ERROR"
    sentence = gettext_lazy("Some fields are not valid. Correct them and send the request again.")

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        super().__init__(errors=[asdict(error) for error in errors])


class InvalidSessionState(DomainError):
    code = "INVALID_SESSION_STATE"


class WindowClosed(InvalidSessionState):
    """A pause after the window's end, which nobody could resume."""

    sentence = gettext_lazy(
        "This interview has closed, so it could not be resumed after a pause. Answer what you can, then finish."
    )


class SessionNotActive(DomainError):
    code = "SESSION_NOT_ACTIVE"

    def __init__(self, status: str) -> None:
        remedy = {
            "created": "Start it first.",
            "paused": "Resume it first.",
        }.get(status, "It has ended and takes no more answers.")
        super().__init__(f"The session is {status}, not active. {remedy}")


class SessionNotOpen(DomainError):
    code = "SESSION_NOT_OPEN"


# Why the time of a session is over, by ``InterviewSession.time_ended_by``; pages add when.
WHY_OVER = {
    "clock": gettext_lazy("Time ran out"),
    "window_closed": gettext_lazy("This interview closed"),
    "pause_too_long": gettext_lazy("The pause was longer than this interview allows, so it ended"),
}


class SessionExpired(DomainError):
    code = "SESSION_EXPIRED"

    def __init__(self, cause: str, *, is_practice: bool) -> None:
        """``cause`` as ``InterviewSession.time_ended_by`` says it."""
        sentence = (
            _("%(why)s: the session is over. What you had written by then was kept. You can begin this practice anew.")
            if is_practice
            else _(
                "%(why)s: the session is over. What you had written by then was kept. "
                "Ask the people who invited you to open it again."
            )
        )
        super().__init__(sentence % {"why": WHY_OVER[cause]})


class SessionAlreadyCompleted(DomainError):
    code = "SESSION_ALREADY_COMPLETED"
    sentence = gettext_lazy("The session is completed already. Its transcript can still be read.")


class SessionNotCompleted(DomainError):
    code = "SESSION_NOT_COMPLETED"
    sentence = gettext_lazy("The session has not ended, so there is nothing to evaluate yet. Complete it first.")


class NothingToAnswer(DomainError):
    code = "NOTHING_TO_ANSWER"
    sentence = gettext_lazy("There is no open question. Wait for the next one, then answer it.")


class TokenBudgetExhausted(DomainError):
    code = "TOKEN_BUDGET_EXHAUSTED"
    sentence = gettext_lazy(
        "The token budget of this session is spent; its last question was asked. Ask staff for more tokens."
    )


class InvalidStatusFilter(DomainError):
    code = "INVALID_STATUS_FILTER"


class NotAuthenticated(DomainError):
    status = 401
    code = "NOT_AUTHENTICATED"
    sentence = "Authentication credentials are missing or not valid. Sign in, or send a valid Bearer token."


class TokenExpired(NotAuthenticated):
    code = "TOKEN_EXPIRED"
    sentence = "The token has expired. Ask for a new one with the refresh token."


class PermissionDenied(DomainError):
    status = 403
    code = "PERMISSION_DENIED"
    sentence = gettext_lazy("You are not allowed to do this.")


class NotFound(DomainError):
    status = 404
    code = "NOT_FOUND"
    sentence = gettext_lazy("There is nothing at this address.")


class SessionNotFound(NotFound):
    """A foreign session and a missing one are the same to a stranger."""

    code = "SESSION_NOT_FOUND"
    sentence = gettext_lazy("Session not found or you don't have permission to access it")


class OperationNotFound(NotFound):
    code = "OPERATION_NOT_FOUND"
    sentence = gettext_lazy("Operation not found or you don't have permission to access it")


class JobPostingNotFound(NotFound):
    code = "JOB_POSTING_NOT_FOUND"
    sentence = gettext_lazy("Job posting not found or you don't have permission to access it")


class ResumeNotFound(NotFound):
    code = "RESUME_NOT_FOUND"
    sentence = gettext_lazy("Résumé not found or you don't have permission to access it")


class ApiKeyNotFound(NotFound):
    code = "API_KEY_NOT_FOUND"
    sentence = gettext_lazy("API key not found or revoked")


class TemplateNotFound(NotFound):
    code = "TEMPLATE_NOT_FOUND"
    sentence = gettext_lazy("Interview template not found or no longer offered")


class InvitationNotFound(NotFound):
    code = "INVITATION_NOT_FOUND"
    sentence = gettext_lazy("Invitation not found or you don't have permission to access it")


class RequestNotFound(NotFound):
    code = "REQUEST_NOT_FOUND"
    sentence = gettext_lazy("Request not found or you don't have permission to access it")


class EvaluationNotFound(NotFound):
    code = "EVALUATION_NOT_FOUND"
    sentence = gettext_lazy(
        "There is no evaluation of this session that you can see. It is there once the session was scored."
    )


class InvitationGone(DomainError):
    """The link was good once: it was revoked or replaced, or its time is over."""

    status = 410
    code = "INVITATION_GONE"
    sentence = gettext_lazy("This invitation is not valid any more. Ask whoever sent it for a new link.")


class WrongAccount(PermissionDenied):
    code = "WRONG_ACCOUNT"
    sentence = gettext_lazy("This invitation is for another account. Sign in with the one it was sent to.")


class Conflict(DomainError):
    status = 409


class AccountNeeded(Conflict):
    """Staff whom others depend on: that has to be handed over first."""

    code = "ACCOUNT_NEEDED"

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(f"This account cannot be erased yet: {'; '.join(reasons)}. See to that, then try again.")


class AlreadyAnswered(Conflict):
    code = "ALREADY_ANSWERED"
    sentence = gettext_lazy("That question is not open any more. Read the current question and answer that one.")


class QuestionOpen(Conflict):
    code = "QUESTION_OPEN"
    sentence = gettext_lazy("The current question has no answer yet. Answer or skip it before asking for the next one.")


class GenerationInProgress(Conflict):
    code = "GENERATION_IN_PROGRESS"
    sentence = gettext_lazy("The next question is being written already. Wait for that operation.")


class ClientIdConflict(Conflict):
    code = "CLIENT_ID_CONFLICT"
    sentence = gettext_lazy("This client_message_id was used for another text. Send the new text with a new id.")


class IdempotencyInProgress(Conflict):
    code = "IDEMPOTENCY_IN_PROGRESS"
    sentence = "A request with this Idempotency-Key is still running. Try again in a moment."


class TemplateInUse(Conflict):
    code = "TEMPLATE_IN_USE"
    sentence = "Sessions were made from this template. Deactivate it instead."


class InvitationUsed(Conflict):
    code = "INVITATION_USED"
    sentence = gettext_lazy("Somebody has joined with this invitation already. Sign in with the account that was used.")


class RequestOpen(Conflict):
    code = "REQUEST_OPEN"
    sentence = gettext_lazy("You have asked for this already, and it is not answered yet. Wait for the answer.")


class RequestAnswered(Conflict):
    code = "REQUEST_ANSWERED"
    sentence = "This request is answered already. Look at the answer."


class EvaluationInProgress(Conflict):
    code = "EVALUATION_IN_PROGRESS"
    sentence = gettext_lazy("The session is being evaluated already. Wait for that operation.")


class EvaluationSuperseded(Conflict):
    code = "EVALUATION_SUPERSEDED"
    sentence = "The interview was scored anew since you began to rate it. Load the scorecard again and rate that one."


class ReviewSubmitted(Conflict):
    code = "REVIEW_SUBMITTED"
    sentence = "You have submitted your review of this interview already. It stands as it is."


class ReviewSealed(Conflict):
    code = "REVIEW_SEALED"
    sentence = "Your ratings are fixed, since you have seen the other score. Give the reason and submit."


class ReviewSkipped(Conflict):
    code = "REVIEW_SKIPPED"
    sentence = "You skipped this review and could see the scores since. Somebody who has not seen them can rate it."


class ReviewChanged(Conflict):
    code = "REVIEW_CHANGED"
    sentence = "You saved this scorecard somewhere else meanwhile. Load it again and repeat what is missing."


class PreconditionFailed(DomainError):
    status = 412
    code = "PRECONDITION_FAILED"
    sentence = "The session has changed since you read it. Load it again and retry with its new ETag."


class PayloadTooLarge(DomainError):
    status = 413
    code = "PAYLOAD_TOO_LARGE"
    sentence = gettext_lazy("The request is too large. Send less than 1 MB.")


class IdempotencyKeyReused(DomainError):
    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"
    sentence = "This Idempotency-Key was used for another request. Use a new key for a new request."


class RateLimited(DomainError):
    status = 429
    code = "RATE_LIMITED"

    def __init__(self, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(
            ngettext(
                "Too many requests. Wait %(seconds)s second and try again.",
                "Too many requests. Wait %(seconds)s seconds and try again.",
                wait_seconds,
            )
            % {"seconds": wait_seconds}
        )


class Unavailable(DomainError):
    """The database is away or busy. ``Retry-After`` says when to come back."""

    status = 503
    code = "UNAVAILABLE"
    sentence = gettext_lazy(
        "The service is not available for the moment. Nothing was lost; try again in a few seconds."
    )
    wait_seconds = 3
