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
        "Read the existing code",
        "Listed the open questions",
        "The first version runs",
        "Split a long module",
    ),
    *(
        "Handled the empty case",
        "Renamed things to match the glossary",
        "Half of the tests pass",
        "All tests but two pass",
    ),
    *(
        "Moved validation to the API",
        "Removed unused code",
        "Added the missing index",
        "Errors now say what to do",
    ),
    *(
        "Measured the speed: fast enough",
        "Reviewed my changes",
        "Wrote an example for the docs",
        "Ready for review",
    ),
)

BLOCKERS = (
    SimulatedBlocker(
        "access",
        "high",
        "The test account for the {area} is locked. Who can unlock it?",
        ["Ask the owner of the account", "Use a recorded response until then"],
        "The account is unlocked.",
    ),
    SimulatedBlocker(
        "credentials",
        "critical",
        "The key for the {area} in staging has expired. Can I get a new one?",
        ["Ask for a long-lived key", "Keep it in the secret store"],
        "A new key is in the secret store.",
    ),
    SimulatedBlocker(
        "requirement",
        "medium",
        "Should the {area} show prices with or without tax?",
        ["Check how other pages do it", "Ask the product owner"],
        "With tax, as everywhere else.",
    ),
    SimulatedBlocker(
        "requirement",
        "low",
        "The design has two warning colours for the {area}. Which one should I use?",
        ["Use the one in the style guide"],
        "Use the one in the style guide.",
    ),
    SimulatedBlocker(
        "dependency",
        "high",
        "The library behind the {area} drops support for our PostgreSQL version. Upgrade or wait?",
        ["Read the release notes", "Try the upgrade on a branch"],
        "Wait for the next release.",
    ),
    SimulatedBlocker(
        "technical",
        "medium",
        "Tests for the {area} fail in one run of ten, and I cannot find the cause.",
        ["Run them 100 times in isolation", "Look for a fixed sleep"],
        "It was a fixed sleep. They now wait for the page.",
    ),
    SimulatedBlocker(
        "technical",
        "low",
        "The migration for the {area} takes 40 seconds on a copy of the data. Is that acceptable?",
        ["Measure with half the rows", "Do it in batches"],
        "Yes, but do it in batches.",
    ),
    SimulatedBlocker(
        "review",
        "medium",
        "Two reviewers disagree about the {area}. Who decides?",
        ["Write down the cost of both options", "Let the owner decide"],
        "Use the simpler one.",
    ),
    SimulatedBlocker(
        "infrastructure",
        "high",
        "The build machine is out of disk space, so the {area} cannot be deployed.",
        ["Remove old images", "Ask for a larger disk"],
        "Removed the old images. There is space again.",
    ),
    SimulatedBlocker(
        "requirement",
        "critical",
        "Can data of the {area} leave the country? The backup provider is abroad.",
        ["Stop the transfer for now", "Ask the privacy officer"],
        "No. Use the domestic provider.",
    ),
)

DECISIONS = (
    ("Keep amounts in cents", "floating-point sums lose precision"),
    ("One table for all kinds of messages", "they are always read together"),
    ("Validate input at the API only", "that leaves one place to check"),
    ("No cache for now", "the page takes 40 ms without it"),
    ("Store dates in UTC, show them in local time", "two offices are nine hours apart"),
    ("Pagination instead of infinite scrolling", "people want to return to the same page"),
    ("Retries with exponential backoff", "the service was down twice this week"),
    ("Plain SQL for the report", "it takes ten lines instead of a hundred"),
)

ARTIFACTS = ("docs/{slug}.md", "api/{slug}.yaml", "design/{slug}.svg", "tests/test_{slug}.py", "sql/{slug}.sql")
WARNINGS = (
    "Slow model response: 21 s",
    "Retried the kanban board after a timeout",
    "Retried a tool call",
)
