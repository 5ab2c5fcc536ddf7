"""Tests of proxies: headers count from trusted addresses only, over HTTP and WebSockets, and behind a real nginx."""
