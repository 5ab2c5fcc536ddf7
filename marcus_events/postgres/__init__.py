"""The embedded PostgreSQL: one server per data directory, shared by all commands that use the directory.

`start(data_dir)` guarantees to the calling command (tests/test_postgres.py):

- When it returns, the server runs: started if none did, joined if another command had started it.
- The server runs until the last command that joined has ended, and every process forked from it, however they ended,
  `kill -9` included.
- A server that is killed meanwhile is restarted at the same address with everything that was committed.
- Nobody but the owner of the data directory (and root) can connect.

`conninfo(data_dir)` returns the connection string without touching anything, so settings may call it.

Only commands start servers. docs/decisions/0001-embedded-postgresql.md explains the design.
"""

import atexit
import os
from pathlib import Path

from marcus_events.postgres.cluster_member import ClusterMember
from marcus_events.postgres.data_directory import DataDirectory, StartFailed

__all__ = ["ClusterMember", "StartFailed", "conninfo", "start"]


def conninfo(data_dir: Path) -> str:
    return DataDirectory.under(data_dir).conninfo


def start(data_dir: Path) -> str:
    """Join the server of this data directory until this process ends, and return its connection string."""
    member = ClusterMember(DataDirectory.under(data_dir))
    member.join()
    atexit.register(member.leave)
    restarter = member.restarter  # its thread does not survive a fork, and nothing may be forked while it works
    os.register_at_fork(before=restarter.stop, after_in_parent=restarter.start, after_in_child=restarter.start)
    return member.directory.conninfo
