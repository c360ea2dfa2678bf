"""Rows read by hand-written SQL, on PostgreSQL: the ORM takes longer to build a small statement than it takes to run.

Only for the reads that begin every request; everything else goes the ORM's way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model

Row = TypeVar("Row", bound=Model)


def row_by_id(model: type[Row], key: UUID) -> Row | None:
    """The row with that key, or None."""
    if connection.vendor != "postgresql":
        return model._default_manager.filter(pk=key).first()
    statement, fields = _statement(model)
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        values = cursor.fetchone()
    return None if values is None else made(model, fields, values)


@cache
def _statement(model: type[Model]) -> tuple[str, list[Field[Any, Any]]]:
    fields: list[Field[Any, Any]] = list(model._meta.concrete_fields)
    columns = ", ".join(str(field.column) for field in fields)
    return f"SELECT {columns} FROM {model._meta.db_table} WHERE {model._meta.pk.column} = %s", fields  # noqa: S608


def made(model: type[Model], fields: list[Field[Any, Any]], values: Sequence[Any]) -> Any:
    """A row as the ORM makes it: JSON columns come as text."""
    read = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(fields, values, strict=True)
    ]
    return model.from_db(connection.alias, [field.attname for field in fields], read)
