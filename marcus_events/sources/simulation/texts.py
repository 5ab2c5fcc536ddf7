"""The texts of simulated projects. `{area}` is the part of the product that a task is about."""

from __future__ import annotations

from typing import NamedTuple


class Role(NamedTuple):
    title: str
    skills: list[str]


class SimulatedBlocker(NamedTuple):
    """A blocker's type, question, suggested steps and answer."""

    blocker_type: str
    severity: str
    question: str
    steps: list[str]
    answer: str


PROJECTS = (
    "Storefront",
    "Billing portal",
    "Travel planner",
    "Clinic bookings",
    "Warehouse",
    "Newsroom",
    "Field service",
)
AREAS = (
    *("catalogue", "sign-in", "basket", "checkout", "payments", "invoices", "search", "profile", "notifications"),
    *("reviews", "returns", "vouchers", "stock list", "delivery tracking", "reports", "settings", "onboarding"),
    *("calendar", "messages", "uploads", "exports", "permissions", "price list", "subscriptions", "audit trail"),
    *("help centre", "feedback form", "map", "translations", "admin console"),
)
VARIANTS = ("", "for phones", "for partners", "for the second release", "for large customers", "without JavaScript")
PRIORITIES = ("low", "medium", "medium", "high", "urgent")

ROLES = (
    Role("Backend Developer", ["python", "postgresql", "api"]),
    Role("Frontend Developer", ["typescript", "css", "accessibility"]),
    Role("Test Engineer", ["pytest", "playwright", "load tests"]),
    Role("Designer", ["interaction design", "prototypes"]),
    Role("Technical Writer", ["markdown", "tutorials"]),
    Role("Full-stack Developer", ["python", "typescript", "sql"]),
)

PROGRESS = (
    *(
        "Read what is there already",
        "Wrote down the open points",
        "The first version runs",
        "Split a long module in two",
    ),
    *(
        "Handled the empty case",
        "Named things as the glossary does",
        "Half of the cases pass",
        "All cases pass but two",
    ),
    *(
        "Moved the checks to the edge",
        "Removed what nobody used",
        "Added the missing index",
        "Errors now say what to do",
    ),
    *(
        "Measured it: fast enough",
        "Reviewed my own change",
        "Wrote the example for the documentation",
        "Ready for review",
    ),
)

BLOCKERS = (
    SimulatedBlocker(
        "access",
        "high",
        "The test account for the {area} is locked. Who can unlock it?",
        ["Ask the owner of the account", "Work against a recorded answer until then"],
        "The account is open again.",
    ),
    SimulatedBlocker(
        "credentials",
        "critical",
        "The key for the {area} in staging has expired. May I have a new one?",
        ["Ask for a key that lasts", "Keep it in the secret store"],
        "A new key is in the secret store.",
    ),
    SimulatedBlocker(
        "requirement",
        "medium",
        "Should the {area} show prices with or without tax?",
        ["Look at how the other pages do it", "Ask the product owner"],
        "With tax, as everywhere else.",
    ),
    SimulatedBlocker(
        "requirement",
        "low",
        "The design names two colours for warnings in the {area}. Which one counts?",
        ["Take the one of the style guide"],
        "The one of the style guide.",
    ),
    SimulatedBlocker(
        "dependency",
        "high",
        "The library that the {area} is built on drops our version of PostgreSQL. Update, or stay?",
        ["Read its notes on the release", "Try the update on a branch"],
        "Stay until the next release.",
    ),
    SimulatedBlocker(
        "technical",
        "medium",
        "Tests of the {area} fail on every tenth run, and I cannot see why.",
        ["Run them one hundred times alone", "Look for a fixed sleep"],
        "It was a fixed sleep; they wait for the page now.",
    ),
    SimulatedBlocker(
        "technical",
        "low",
        "The migration of the {area} takes 40 seconds on a copy of the data. Is that acceptable?",
        ["Measure with half of the rows", "Do it in batches"],
        "Yes, but do it in batches.",
    ),
    SimulatedBlocker(
        "review",
        "medium",
        "Two reviewers want opposite things of the {area}. Who decides?",
        ["Write both down with their costs", "Let the owner of the part decide"],
        "Take the simpler one.",
    ),
    SimulatedBlocker(
        "infrastructure",
        "high",
        "The build machine has no room left, so the {area} cannot be deployed.",
        ["Remove old images", "Ask for a larger disk"],
        "Old images are gone, there is room.",
    ),
    SimulatedBlocker(
        "requirement",
        "critical",
        "May data of the {area} leave the country? The backup provider is abroad.",
        ["Stop the transfer until it is clear", "Ask whoever answers for privacy"],
        "No. Use the provider at home.",
    ),
)

DECISIONS = (
    ("Keep amounts in cents", "sums of fractions are never what one expects"),
    ("One table for all kinds of messages", "they are only ever read together"),
    ("Check input at the edge, and trust it inside", "then there is one place to look at"),
    ("No cache for now", "the page takes 40 ms without one"),
    ("Dates in UTC, shown in the zone of the reader", "two offices are nine hours apart"),
    ("Pages instead of endless scrolling", "people want to come back to a place"),
    ("Retries with a growing pause", "the other side was down twice this week"),
    ("Plain SQL for the report", "it says in ten lines what took a hundred"),
)

ARTIFACTS = ("docs/{slug}.md", "api/{slug}.yaml", "design/{slug}.svg", "tests/test_{slug}.py", "sql/{slug}.sql")
WARNINGS = (
    "A model answered slowly: 21 s",
    "The kanban board was asked again after a timeout",
    "A tool call was repeated",
)
