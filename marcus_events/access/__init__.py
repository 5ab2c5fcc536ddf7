"""Authentication, tokens, roles, visibility and rate limits. It raises `Problem`, and never renders a response."""
