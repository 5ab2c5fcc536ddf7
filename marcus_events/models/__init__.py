"""The models: log, projections, search, subscriptions, webhooks, access, audit and retention."""

from marcus_events.models.api_access import RefusedRequest, Token
from marcus_events.models.audit import AnchorState, Redaction, Seal, Verification
from marcus_events.models.board_access import BoardAccess
from marcus_events.models.followed_folders import FollowedFolder
from marcus_events.models.log import Identity, LoggedEvent, LogHead
from marcus_events.models.marcus_proxies import ConnectedProxy
from marcus_events.models.projections import (
    Agent,
    Blocker,
    Board,
    BoardNow,
    BoardRemoval,
    Checkpoint,
    Dependency,
    Interval,
    IntervalQuerySet,
    ProjectionName,
    Task,
)
from marcus_events.models.rates import DailyRate, HourlyRate, Rate
from marcus_events.models.retention import RetentionPolicy, RetentionRun, Thinned
from marcus_events.models.search import DailyFacet, Facet, HourlyFacet, SearchEntry, SearchPart
from marcus_events.models.sign_in import KnownAddress, Session, SignInLink
from marcus_events.models.standing_replies import StandingReply
from marcus_events.models.subscriptions import ParkedEvent, Subscription
from marcus_events.models.webhooks import DeliveryStatus, Webhook, WebhookDelivery

__all__ = [
    "Agent",
    "AnchorState",
    "Blocker",
    "Board",
    "BoardAccess",
    "BoardNow",
    "BoardRemoval",
    "Checkpoint",
    "ConnectedProxy",
    "DailyFacet",
    "DailyRate",
    "DeliveryStatus",
    "Dependency",
    "Facet",
    "FollowedFolder",
    "HourlyFacet",
    "HourlyRate",
    "Identity",
    "Interval",
    "IntervalQuerySet",
    "KnownAddress",
    "LogHead",
    "LoggedEvent",
    "ParkedEvent",
    "ProjectionName",
    "Rate",
    "Redaction",
    "RefusedRequest",
    "RetentionPolicy",
    "RetentionRun",
    "Seal",
    "SearchEntry",
    "SearchPart",
    "Session",
    "SignInLink",
    "StandingReply",
    "Subscription",
    "Task",
    "Thinned",
    "Token",
    "Verification",
    "Webhook",
    "WebhookDelivery",
]
