"""The filters of the session list, each a condition that the database can count without a subquery per row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from django.contrib.admin import ListFilter, SimpleListFilter
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest

from sessions_app.access import as_uuid
from sessions_app.models import InterviewSession
from sessions_app.models.actions import Phase, Status
from sessions_app.models.limits import MODES
from sessions_app.models.operation import LIVE, OperationStatus

from .chips import PHASES

_ACTIVE = Q(status=Status.ACTIVE)
_GOING_ON = Q(status__in=[Status.ACTIVE, Status.PAUSED])
_ASKED = Q(turn__status=OperationStatus.SUCCEEDED)
_OPEN = Q(turn__message__seq=F("message_count"))
_OVER = Q(status__in=[Status.COMPLETED, Status.EXPIRED])
_JUDGED = "evaluation_operation__status"
_LAST = Q(current_question_number__gte=F("planned_questions"))


class ByCondition(SimpleListFilter):
    """``conditions`` maps the value in the address to its words and what it asks of a session.

    Where that depends on who looks, ``in_words`` says it instead.
    """

    conditions: ClassVar[dict[str, tuple[str, Q]]]

    def in_words(self) -> dict[str, tuple[str, Q]]:
        return self.conditions

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, words) for value, (words, _) in self.in_words().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value, conditions = self.value(), self.in_words()
        if value is None:
            return queryset
        return queryset.filter(conditions[value][1]) if value in conditions else queryset.none()

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Count]:
        conditions = [condition for _, condition in self.in_words().values()]
        return {f"{i}__c": Count(pk_attname, filter=condition) for i, condition in enumerate(conditions)}


class PhaseFilter(ByCondition):
    """The phase is not stored: each is a status and what its newest question says, joined from two rows by key.

    It costs as much as there are sessions going on (found by the index of the status), however many have ended.
    """

    title, parameter_name = "phase", "phase"
    conditions: ClassVar = {
        str(phase): (PHASES[phase].capitalize(), condition)
        for phase, condition in {
            Phase.WAITING_FOR_ANSWER: _ACTIVE & _ASKED & _OPEN,
            Phase.GENERATING: _GOING_ON & Q(turn__status__in=LIVE),
            Phase.GENERATION_FAILED: _GOING_ON
            & Q(turn__status__in=[OperationStatus.FAILED, OperationStatus.CANCELLED]),
            Phase.READY_FOR_NEXT: _ACTIVE & _ASKED & ~_OPEN & ~_LAST,
            Phase.CLOSING: _ACTIVE & _ASKED & ~_OPEN & _LAST,
            Phase.EVALUATING: _OVER & Q((f"{_JUDGED}__in", LIVE)),
            Phase.EVALUATED: _OVER & Q((_JUDGED, OperationStatus.SUCCEEDED)),
            Phase.EVALUATION_FAILED: _OVER & Q((_JUDGED, OperationStatus.FAILED)),
        }.items()
    }


class ModeFilter(ByCondition):
    title, parameter_name = "mode", "mode"
    conditions: ClassVar = {mode: (f"With {mode}", Q(modes_text__contains=f'"{mode}"')) for mode in MODES}


class AccommodationFilter(ByCondition):
    title, parameter_name = "accommodation", "accommodation"
    conditions: ClassVar = {
        "yes": ("Has accommodation", Q(accommodation_percent__gt=0)),
        "no": ("None", Q(accommodation_percent=0)),
    }


class GuestFilter(ByCondition):
    title, parameter_name = "kind of candidate", "guest"
    conditions: ClassVar = {
        "yes": ("Guest", Q(candidate__is_guest=True)),
        "no": ("Account", Q(candidate__is_guest=False)),
        "none": ("Nobody yet", Q(candidate=None)),
    }


class PracticeFilter(ByCondition):
    title, parameter_name = "purpose", "is_practice__exact"
    conditions: ClassVar = {
        "1": ("Practice", Q(is_practice=True)),
        "0": ("Judged by somebody", Q(is_practice=False)),
    }


class DemoFilter(ByCondition):
    title, parameter_name = "origin", "is_demo__exact"
    conditions: ClassVar = {"1": ("Demo", Q(is_demo=True)), "0": ("Real", Q(is_demo=False))}


class ModelFilter(SimpleListFilter):
    """The models of the newest sessions: to list every model ever used, all sessions would have to be read."""

    title, parameter_name = "model", "model_name"
    newest = 500

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = InterviewSession.objects.order_by("-created_at", "-id").values_list("model_name", flat=True)
        names = set(rows[: self.newest]) | ({self.value()} - {None})
        return [(str(name), str(name)) for name in sorted(map(str, names))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(model_name=self.value()) if self.value() else queryset

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Count]:
        names = [name for name, _ in self.lookup_choices]
        return {f"{i}__c": Count(pk_attname, filter=Q(model_name=name)) for i, name in enumerate(names)}


class VersionFilter(SimpleListFilter):
    """The versions of the template that is chosen; without one there is nothing to choose from."""

    title, parameter_name = "version of the template", "template_version"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        template = as_uuid(request.GET.get("template__id__exact", ""))
        if template is None:
            return []
        rows = InterviewSession.objects.kept().filter(template=template).exclude(template_version=None)
        used = rows.order_by("-template_version").values_list("template_version", flat=True).distinct()
        return [(str(version), f"Version {version}") for version in used]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        version = self.value()
        if version is None:
            return queryset
        is_number = version.isascii() and version.isdecimal() and len(version) < 10
        return queryset.filter(template_version=int(version)) if is_number else queryset.none()

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Count]:
        versions = [int(version) for version, _ in self.lookup_choices]
        return {f"{i}__c": Count(pk_attname, filter=Q(template_version=version)) for i, version in enumerate(versions)}


class RangeFilter(ListFilter):
    """Ready-made choices, and two fields to type the ends of a range into.

    What cannot be read filters everything away, and the list says so: see ``unreadable``.
    """

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def has_output(self) -> bool:
        return True

    def read(self, name: str) -> Any:
        """What a parameter asks for; None where it cannot be read."""
        raise NotImplementedError

    def unreadable(self) -> dict[str, str]:
        """The parameters that cannot be read, with what they are."""
        given = {str(name): str(value) for name, value in self.used_parameters.items()}
        return {name: value for name, value in given.items() if value and self.read(name) is None}


class CreatedFilter(RangeFilter):
    """Today, the last days, or from one day to another; whole days in UTC, like all times of the console."""

    title = "created"
    template = "admin/sessions_app/interviewsession/_dates.html"
    DAYS: ClassVar = {"today": ("Today", 1), "7": ("Past 7 days", 7), "30": ("Past 30 days", 30)}

    def expected_parameters(self) -> list[str | None]:
        return ["created", "created_from", "created_to"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        day = timedelta(days=1)
        if self.unreadable():
            return queryset.none()
        if chosen := self.DAYS.get(str(self.used_parameters.get("created", ""))):
            return queryset.filter(created_at__gte=_midnight(datetime.now(UTC).date()) - (chosen[1] - 1) * day)
        if first := self._day("created_from"):
            queryset = queryset.filter(created_at__gte=_midnight(first))
        if last := self._day("created_to"):
            queryset = queryset.filter(created_at__lt=_midnight(last) + day)
        return queryset

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """The quick ones; the last entry carries what the form of the custom range needs."""
        mine, chosen = self.expected_parameters(), self.used_parameters.get("created")
        everything = changelist.get_query_string(remove=mine)
        yield {"selected": not self.used_parameters, "query_string": everything, "display": "Any time"}
        for value, (words, _) in self.DAYS.items():
            query = changelist.get_query_string({"created": value}, remove=mine)
            yield {"selected": chosen == value, "query_string": query, "display": words}
        kept = [(name, value) for name, value in self.request.GET.items() if name not in (*mine, "p", "e")]
        days = {name: day.isoformat() for name in ("created_from", "created_to") if (day := self._day(name))}
        yield {"kept": kept, "days": days, "selected": bool(days)}

    def read(self, name: str) -> Any:
        return self.DAYS.get(str(self.used_parameters[name])) if name == "created" else self._day(name)

    def _day(self, name: str) -> date | None:
        try:
            day = date.fromisoformat(str(self.used_parameters.get(name, "")))
        except ValueError:
            return None
        return day if 1970 <= day.year <= 9000 else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
