"""The event library: `Events`, which publishes and subscribes, and its parts. Needs the standard library alone."""
