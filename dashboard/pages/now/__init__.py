"""Now: a headline, what needs a person, and the latest events."""
