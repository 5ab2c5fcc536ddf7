"""Publish and subscribe: `Events`, and what it is made of. The standard library is all it needs."""
