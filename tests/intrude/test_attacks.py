"""Every attack that is not long, on a running server: see `make intrude`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.intrude.attack import Attack, all_attacks
from tests.intrude.target import Target

SHORT = [attack for attack in all_attacks() if not attack.is_long]


@pytest.fixture(scope="module")
def targets() -> Iterator[dict[tuple[tuple[str, str], ...], Target]]:
    """The server that is attacked at the moment; attacks come in the order of their servers' settings."""
    running: dict[tuple[tuple[str, str], ...], Target] = {}
    yield running
    for target in running.values():
        target.clear_away()


@pytest.mark.parametrize("attack", SHORT, ids=lambda attack: f"{attack.area}: {attack.claim}")
def test_holds(attack: Attack, targets: dict[tuple[tuple[str, str], ...], Target]) -> None:
    if attack.environment not in targets:
        for earlier in targets.values():
            earlier.clear_away()
        targets.clear()
        targets[attack.environment] = Target(**dict(attack.environment)).__enter__()
    assert attack.run(targets[attack.environment]) > 0, "nothing was tried"
