"""What people do to their accounts is recorded by signals, which other tests disable."""

from tests.audit.conftest import on_the_record

__all__ = ["on_the_record"]
