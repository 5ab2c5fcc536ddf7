"""`make intrude`: runs every attack, including long ones, and prints a table. Exits with 1 if one succeeds."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from itertools import groupby

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django
from django.conf import settings

django.setup()

from tests.intrude.attack import Attack, Breach, all_attacks
from tests.intrude.target import Target

ROW = "{area:<16} {claim:<90.90} {tried:>7}  {outcome}"


def main() -> int:
    wanted = sys.argv[1:]  # areas; all if none are named
    chosen = [attack for attack in all_attacks() if not wanted or attack.area in wanted]
    print(ROW.format(area="Area", claim="Claim", tried="Tried", outcome="Outcome"))
    try:
        outcomes = [outcome for _, same in groupby(chosen, lambda a: a.environment) for outcome in on_one(list(same))]
    finally:
        shutil.rmtree(settings.DATA_DIR, ignore_errors=True)
    print(f"{len(outcomes)} attacks, {outcomes.count(True)} held, {outcomes.count(False)} got through")
    return 0 if all(outcomes) else 1


def on_one(attacks: list[Attack]) -> list[bool]:
    """Run attacks on one server and return whether each was repelled."""
    with Target(**dict(attacks[0].environment)) as target:
        return [has_held(attack, target) for attack in attacks]


def has_held(attack: Attack, target: Target) -> bool:
    tried, outcome = "", "held"
    try:
        tried = str(attack.run(target))
    except Breach as breach:
        outcome = f"GOT THROUGH: {breach}"
    except Exception:
        outcome = f"FAILED: {traceback.format_exc()}"
    print(ROW.format(area=attack.area, claim=attack.claim, tried=tried, outcome=outcome), flush=True)
    return outcome == "held"


if __name__ == "__main__":
    sys.exit(main())
