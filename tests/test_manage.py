"""Which commands get the embedded PostgreSQL."""

import pytest

from manage import needs_database


@pytest.mark.parametrize("command", ["up", "worker", "follow /marcus", "migrate", "shell", "createsuperuser"])
def test_a_command_that_reads_or_writes_gets_it(command: str) -> None:
    assert needs_database(["manage.py", *command.split()])


@pytest.mark.parametrize(
    "command",
    ["", "help", "--help", "-h", "--version", "check", "makemigrations --check", "collectstatic", "up --help"],
)
def test_a_command_that_does_not_starts_nothing(command: str) -> None:
    assert not needs_database(["manage.py", *command.split()])
