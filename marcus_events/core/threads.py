"""How many threads of a web process work with the database at once.

Each of them holds a connection of Django's pool while it works, so the pool is exactly as large as all of them together
(see `config.environment`): none of them waits for a connection while another one idles. More threads would only take
Python's interpreter from one another. Services that stay connected (writer, listener, hub, projectors) hold connections
of their own outside of the pool: see `log.connect`. A PostgreSQL server takes 100 connections by default.
"""

THREADS = {
    "request": 8,  # Django's views: see `config.middleware.connection_limit`
    "page": 4,  # regions of open pages, each rendered once for everybody who looks at it
    "socket": 2,  # frames of programs
    "past": 2,  # replays for programs: however many want one, others get to the interpreter
    "token": 2,  # tokens that were not seen lately
    "export": 2,  # batches of exports, so that pages do not wait for them
}
POOL_SIZE = sum(THREADS.values())
LARGE_BODIES = 2  # read and checked at once, in a thread that needs no database: 1 MiB takes half a second
