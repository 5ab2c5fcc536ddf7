"""The sizes of the thread pools of a web process that work with the database.

Each thread holds a connection of Django's pool while it works, so the pool has as many connections as there are threads
(see `config.environment`). More threads would only compete for Python's interpreter. Services that stay connected
(writer, listener, hub, projectors) use connections outside of the pool: see `log.connect`. PostgreSQL allows 100
connections by default.
"""

THREADS = {
    "request": 8,  # Django's views: see `config.middleware.connection_limit`
    "page": 4,  # regions of open pages, each rendered once for everybody who looks at it
    "socket": 2,  # frames of programs
    "past": 2,  # replays for programs, and searches of agents: however many want one, others get to the interpreter
    "tool": 2,  # tools of agents: looking up a task or an answer takes milliseconds, and waiting takes no thread
    "token": 2,  # tokens that were not seen lately
    "export": 2,  # batches of exports, so that pages do not wait for them
}
POOL_SIZE = sum(THREADS.values())
LARGE_BODIES = 2  # read and checked at once, in a thread that needs no database: 1 MiB takes half a second
