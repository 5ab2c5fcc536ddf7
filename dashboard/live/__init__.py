"""The WebSocket of an open page: its regions, its frames, and the cache of rendered rows."""
