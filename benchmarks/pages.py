"""How long the server takes for each page, on the log that MARCUS_DATA_DIR or DATABASE_URL names: one that
`manage.py generate` made.

    python -m benchmarks.pages [--rounds N] [--profile PAGE]

Pages are requested as an administrator, without a network, one after another. The time of the server and that of the
processor in this process are printed, both medians in milliseconds, and the size in kilobytes. The figures are written
to benchmarks/results/.
"""

from __future__ import annotations

import cProfile
import pstats
import statistics
import time
from argparse import ArgumentParser
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from benchmarks.result_files import write_results
from benchmarks.search import prepare

if TYPE_CHECKING:
    from django.test import Client

ROUNDS = 15
FUNCTIONS = 40  # lines of a profile


@dataclass(frozen=True)
class PageFigures:
    page: str
    ms: float
    processor_ms: float
    kilobytes: float


def main() -> None:
    parser = ArgumentParser(description="Measures the pages on the log that there is.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--profile", help="show where the time of this page goes instead")
    options = parser.parse_args()
    prepare()
    from marcus_events.log import read

    client, pages, size = administrator(), addresses(), read.head().position
    if options.profile:
        profile(client, pages[options.profile])
        return
    found = [measured(client, name, address, options.rounds) for name, address in pages.items()]
    print(f"{size:,} events")
    for each in found:
        print(f"{each.page:24}{each.ms:8.0f} ms{each.processor_ms:8.0f} ms{each.kilobytes:8.0f} KB")
    write_results(f"pages-{size}", {"events": size, "pages": [asdict(each) for each in found]})


def administrator() -> Client:
    """Return a client that is signed in as a person who may do everything."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    call_command("collectstatic", interactive=False, verbosity=0)

    person, _ = User.objects.get_or_create(username="benchmark", defaults={"is_superuser": True, "is_staff": True})
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    return client


def addresses() -> dict[str, str]:
    """The address of each page; boards and tasks are some of those in the log."""
    from marcus_events.models import Task

    task = Task.objects.now().order_by("-from_position").first()
    assert task, "the log has no tasks"
    kind = "task_progress"
    return {
        "Now": "/",
        "Boards": "/boards/",
        "a board": f"/boards/{task.board_id}/",
        "a task": f"/tasks/?board={task.board_id}&task={task.task_id}",
        "Activity": "/activity/",
        "Activity since:30d": "/activity/?q=since:30d",
        "Blocked": "/blocked/",
        "Agents": "/agents/",
        "History": "/history/",
        "History by type": f"/history/?q=type:{kind}",
    }


def measured(client: Client, name: str, address: str, rounds: int) -> PageFigures:
    took, used, size = [], [], 0
    for _ in range(rounds):
        begun, begun_used = time.perf_counter(), time.thread_time()
        response = client.get(address)
        took.append((time.perf_counter() - begun) * 1000)
        used.append((time.thread_time() - begun_used) * 1000)
        assert response.status_code == HTTPStatus.OK, f"{address}: {response.status_code}"
        size = len(response.content)
    return PageFigures(name, statistics.median(took), statistics.median(used), size / 1000)


def profile(client: Client, address: str) -> None:
    client.get(address)
    profiler = cProfile.Profile()
    profiler.runcall(client.get, address)
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(FUNCTIONS)


if __name__ == "__main__":
    main()
