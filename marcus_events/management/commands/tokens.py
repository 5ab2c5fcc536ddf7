"""`manage.py tokens`: lists tokens with their scopes, expiry and last use."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from marcus_events.management.prepare_database import prepare_database
from marcus_events.models import Token


class Command(BaseCommand):
    help = "Lists tokens. Use create_token to create one and revoke_token to revoke one."

    def handle(self, *args: Any, **options: Any) -> None:
        prepare_database()
        for token in Token.objects.order_by("created_at"):
            self.stdout.write(f"{token.prefix}…  {token.name}: {described(token)}")


def described(token: Token) -> str:
    parts = [" and ".join(token.scopes)]
    parts += [f"boards {', '.join(token.boards)}"] if token.boards else []
    parts += [f"sources {', '.join(token.sources)}"] if token.sources else []
    used = f"last used {token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used"
    return "; ".join([*parts, used, token.state])
