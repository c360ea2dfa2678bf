"""Pages of a long list that is never counted to its end."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

PAGES_AHEAD = 10


class PatientPaginator(Paginator):
    """Counts ten pages ahead of the one that is shown. ``has_more`` says that the list goes on after that."""

    def __init__(self, *args: Any, shown: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most = (max(1, shown) + PAGES_AHEAD) * self.per_page

    @cached_property
    def _counted(self) -> int:
        """Of a slice, and in order: so the database may walk an index and stop."""
        return int(self.object_list[: self.most + 1].count())  # type: ignore[attr-defined]

    @property
    def count(self) -> int:
        return min(self._counted, self.most)

    @property
    def has_more(self) -> bool:
        return self._counted > self.most
