"""A part of the index may be dropped between being named and being asked; then another stands in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def with_retry(ask: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    @wraps(ask)
    def asked(*args: Parameters.args, **options: Parameters.kwargs) -> Result:
        try:
            return ask(*args, **options)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
        return ask(*args, **options)

    return asked
