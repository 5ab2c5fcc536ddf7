"""The WebSocket for programs: subscribe to the log from a position on, and publish, over one connection.

`consumer` is the connection, `callers` who is at its other end, `frames` what is said over it, `following` what is sent
of the log and how far it has come, `reading` where that is read.
"""
