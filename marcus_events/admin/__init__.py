"""Django's admin over our tables: one module for each subject, each on `Administered` or `ReadOnly` from `base`.

A subject says of itself in which `section` of the admin's front page it stands and, in `about`, what it is for.
`config.admin_site` is the site that shows them.
"""

from marcus_events.admin import api_access, board_access, boards, events, people, proofs, subscriptions

__all__ = ["api_access", "board_access", "boards", "events", "people", "proofs", "subscriptions"]
