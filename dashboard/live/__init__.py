"""The WebSocket of an open page: its regions, its frames, and the rows that are rendered once for everybody."""
