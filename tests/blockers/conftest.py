"""Agents wait for answers over the API: its program and its hub."""

from tests.api.conftest import hub, program

__all__ = ["hub", "program"]
