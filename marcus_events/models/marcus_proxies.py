"""The proxies in front of Marcus installations, as they state themselves."""

from __future__ import annotations

from django.db import models


class ConnectedProxy(models.Model):
    """A proxy of a Marcus: `marcus_events.marcus_proxy.proxy_state` writes its row every few seconds.

    `marcus` is Marcus's URL or command, and `address` the URL for agents, "" over standard input and output. `waiting`
    are acts that are not published yet. A proxy that ends in order sets `ended_at`.
    """

    proxy_id = models.TextField(primary_key=True)
    marcus = models.TextField()
    address = models.TextField()
    board = models.TextField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    called_at = models.DateTimeField(null=True)  # by an agent, the last time
    calls = models.BigIntegerField()
    agents = models.IntegerField()
    open_questions = models.IntegerField()
    waiting = models.BigIntegerField()
    problem = models.TextField()  # why Marcus does not answer, "" if it does

    class Meta:
        db_table = "marcus_proxy"
        verbose_name = "Marcus proxy"
        verbose_name_plural = "Marcus proxies"

    def __str__(self) -> str:
        return self.marcus
