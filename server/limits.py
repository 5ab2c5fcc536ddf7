"""The limits of requests, answers and connections, and the threat that each one guards against.

    threat                                      limit                       what happens
    a connection that sends nothing             RECEIVE_TIMEOUT_S           the connection is closed
    headers or a body that trickle              RECEIVE_TIMEOUT_S           408
    a body larger than memory                   MAX_BODY                    413, before or while it arrives
    endless lines and headers                   Twisted's 16 KiB and 500    414 and 431
    an answer that the client does not read     SEND_TIMEOUT_S              the connection is aborted
    a refused client that sends on, or stays    CLOSE_TIMEOUT_S             the connection is aborted
    answers that fill the system's buffers      SEND_BUFFER_BYTES           the application waits for the client
    WebSocket messages that pile up             MAX_UNREAD_BYTES            the server stops reading
    too many connections                        MAX_CONNECTIONS             an idle one makes room, or the new is closed
    a thousand first requests at once           MAX_ACCEPT_PAUSE_S          they are read one by one

`marcus_events.http.json_body` has MAX_BODY, which the application enforces under any server;
`marcus_events.access.open_connections` has MAX_CONNECTIONS and the limits of one token, person and address.
"""

RECEIVE_TIMEOUT_S = 30  # from the first byte of a request to its last: 1 MiB over a line of 300 kbit/s
SEND_TIMEOUT_S = 30  # for 64 KiB or one message: a slower line cannot follow a live page either
CLOSE_TIMEOUT_S = 5  # enough to read a refusal while still sending, and short, since strangers can hold it
SEND_BUFFER_BYTES = 128 * 1024  # the operating system's, which would take 4 MiB for every client that does not read
MAX_UNREAD_BYTES = 256 * 1024  # of a WebSocket, and the message that exceeds it
MAX_ACCEPT_PAUSE_S = 0.05  # between the starts of two new connections: at least twenty start in a second
