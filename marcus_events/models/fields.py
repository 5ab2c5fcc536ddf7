"""The fields that several models have."""

from __future__ import annotations

from typing import Any

from django.db import models


class BoardIdField(models.TextField):  # type: ignore[type-arg] # Django cannot say of what, at runtime
    """The id of a board, as producers give it: "" where an event names none, unless the model says otherwise.

    It is no foreign key: boards are derived from the log, and may be removed and come again.
    """

    def deconstruct(self) -> Any:
        """For migrations it is the text that it is stored as."""
        name, _, args, values = super().deconstruct()
        return name, "django.db.models.TextField", args, values
