"""The embedded PostgreSQL: one server per data directory, shared by every command that uses that directory.

`start(data_dir)` promises, to the commands that call it:

- the server runs when it returns: started if none did, joined if another command had;
- it runs until the last command that joined has ended, in whatever way it ended, `kill -9` included;
- a server that is killed meanwhile comes back by itself, at the same address, with everything that was
  committed;
- nobody but the owner of the data directory (and root) can reach it.

`conninfo(data_dir)` is where it is, or will be; it touches nothing, so settings may ask.

Only commands start servers. docs/decisions/0001-embedded-postgresql.md tells why this is built as it is.
"""

import atexit
from pathlib import Path

from marcus_events.postgres.cluster_member import ClusterMember
from marcus_events.postgres.data_directory import DataDirectory, StartFailed

__all__ = ["ClusterMember", "StartFailed", "conninfo", "start"]


def conninfo(data_dir: Path) -> str:
    return DataDirectory.under(data_dir).conninfo


def start(data_dir: Path) -> str:
    """Join the server of this data directory until this process ends; returns how to connect to it."""
    member = ClusterMember(DataDirectory.under(data_dir))
    member.join()
    atexit.register(member.leave)
    return member.place.conninfo
