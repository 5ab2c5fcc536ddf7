"""Django's admin over our tables: one module for each subject, each on `Administered` or `ReadOnly` from `base`.

A subject says of itself in which `section` of the admin's front page it stands and, in `about`, what it is for.
`config.administration` is the site that shows them.
"""

from marcus_events.admin import access, boards, doors, events, keeping, people, subscriptions

__all__ = ["access", "boards", "doors", "events", "keeping", "people", "subscriptions"]
