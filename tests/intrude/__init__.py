"""Attacks on the running application, over real HTTP and WebSockets.

`make intrude` prints what was tried and what held. Each module in `attacks` holds the attacks of one area. `make test`
runs all but the long ones.
"""
