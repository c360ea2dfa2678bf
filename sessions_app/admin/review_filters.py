"""The filters of the session list that ask about scores and reviews. None tells a score that one may not see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.admin.filters import FacetsMixin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from sessions_app.services import scored_sessions

from .actors import actor_of
from .session_filters import ByCondition, RangeFilter


class ReviewerFilter(ByCondition):
    title, parameter_name = "reviewer", "reviewer"

    def in_words(self) -> dict[str, tuple[str, Q]]:
        return {
            "me": ("Me", Q(scored_sessions.reviewed_by(actor_of(self.request).user))),
            "nobody": ("Nobody yet", scored_sessions.has_no_reviewer()),
            "submitted": ("Submitted", Q(scored_sessions.is_reviewed())),
        }


class FlaggedFilter(ByCondition):
    """What a reviewer should look at; neither says anything of a score."""

    title, parameter_name = "flag", "flagged"

    def in_words(self) -> dict[str, tuple[str, Q]]:
        disputed, speaks = Q(scored_sessions.disagrees()), Q(scored_sessions.speaks_to_the_judge())
        return {
            "yes": ("Any", disputed | speaks),
            "disagrees": ("Candidate disagrees", disputed),
            "instructions": ("Answers speak to the judge", speaks),
        }


class ScoreFilter(FacetsMixin, RangeFilter):
    """A range of the scores that whoever looks may see: what they have to rate first is in none, and in no count."""

    title = "score you may see"
    template = "admin/sessions_app/interviewsession/_scores.html"
    RANGES: ClassVar = {
        "85-100": ("85 and more", 85, 100),
        "50-84": ("50 to 84", 50, 84),
        "0-49": ("Under 50", 0, 49),
    }

    def expected_parameters(self) -> list[str | None]:
        return ["score", "score_from", "score_to"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.unreadable():
            return queryset.none()
        if chosen := self.RANGES.get(str(self.used_parameters.get("score", ""))):
            return queryset.filter(self._between(*chosen[1:]))
        lowest, highest = self._number("score_from"), self._number("score_to")
        if lowest is None and highest is None:
            return queryset
        return queryset.filter(self._between(lowest or 0, 100 if highest is None else highest))

    def get_facet_counts(self, pk_attname: str, filtered_qs: QuerySet[Any]) -> dict[str, Count]:
        ranges = self.RANGES.items()
        return {name: Count(pk_attname, filter=self._between(low, high)) for name, (_, low, high) in ranges}

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """The quick ones; the last entry carries what the form of another range needs."""
        mine, chosen = self.expected_parameters(), self.used_parameters.get("score")
        counts = self.get_facet_queryset(changelist) if changelist.add_facets else {}
        everything = changelist.get_query_string(remove=mine)
        yield {"selected": not self.used_parameters, "query_string": everything, "display": "Any, or none"}
        for name, (words, _, _) in self.RANGES.items():
            query = changelist.get_query_string({"score": name}, remove=mine)
            told = f"{words} ({counts[name]})" if counts else words
            yield {"selected": chosen == name, "query_string": query, "display": told}
        kept = [(name, value) for name, value in self.request.GET.items() if name not in (*mine, "p", "e")]
        typed = {name: number for name in ("score_from", "score_to") if (number := self._number(name)) is not None}
        yield {"kept": kept, "typed": typed, "selected": bool(typed)}

    def _between(self, lowest: int, highest: int) -> Q:
        return Q(pk__in=scored_sessions.scored_between(actor_of(self.request), lowest, highest))

    def read(self, name: str) -> Any:
        return self.RANGES.get(str(self.used_parameters[name])) if name == "score" else self._number(name)

    def _number(self, name: str) -> int | None:
        text = str(self.used_parameters.get(name, ""))
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None
        return number if number is not None and number <= 100 else None
