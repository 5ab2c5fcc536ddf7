"""Signs messages according to the Standard Webhooks specification: https://www.standardwebhooks.com.

The secret of a webhook is derived from Django's secret key and the webhook's nonce. So it is not stored, and a new
nonce makes a new secret. Another MARCUS_SECRET_KEY changes all of them.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode
from datetime import datetime

from django.utils.crypto import salted_hmac

from marcus_events.models import Webhook

PREFIX = "whsec_"
SALT = "marcus_events.webhooks"


def new_nonce() -> str:
    return secrets.token_hex(16)


def key_of(webhook: Webhook) -> bytes:
    """Return the key that signs the webhook's messages."""
    return salted_hmac(SALT, f"{webhook.pk}:{webhook.nonce}", algorithm="sha256").digest()


def secret_of(webhook: Webhook) -> str:
    """Return the key as the receiver is given it."""
    return PREFIX + b64encode(key_of(webhook)).decode()


def signed_headers(key: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    digest = hmac.digest(key, b".".join((message_id.encode(), timestamp.encode(), body)), hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
