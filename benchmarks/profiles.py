"""Records where the time goes, as flame graphs in docs/images.

    python -m benchmarks.profiles [--only NAME …] [--as before]

py-spy samples the process that does the work 200 times a second: the threads that hold the interpreter lock, so that
waiting does not count. It comes with the packages of the benchmarks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from benchmarks.databases import data_directory, database
from benchmarks.flame_graph import flame_graph, read_folded, without_start

IMAGES = Path(__file__).resolve().parents[1] / "docs/images"
SPY = Path(sys.executable).with_name("py-spy")
SECONDS, RATE = 6, 200
WORKER = 2  # of the processes of `up`: the supervisor, web, the worker


def main() -> None:
    parser = ArgumentParser(description="Records flame graphs.")
    parser.add_argument("--only", nargs="+", choices=PROFILES, default=list(PROFILES))
    parser.add_argument("--as", dest="suffix", default="", help="a further word for the names of the files")
    options = parser.parse_args()
    if not SPY.exists():
        parser.error("py-spy is not installed; make .venv/installed-bench installs it")
    with data_directory():
        for name in options.only:
            title, work = PROFILES[name]
            root = without_start(read_folded(work()))
            file = IMAGES / f"flame-{name}{f'-{options.suffix}' if options.suffix else ''}.svg"
            file.write_text(flame_graph(f"{title}{f', {options.suffix}' if options.suffix else ''}", root))
            print(f"{file.name}: {root.samples} samples")


def recorded(pid: int, work: Callable[[], object]) -> list[str]:
    """Do the work, and return the stacks of the process meanwhile."""
    with tempfile.NamedTemporaryFile("r") as output:
        command = [
            "record",
            "--pid",
            str(pid),
            "--duration",
            str(SECONDS),
            "--rate",
            str(RATE),
            "--format",
            "raw",
            "--gil",
        ]
        with subprocess.Popen([SPY, *command, "--output", output.name], stdout=-3, stderr=-3) as recording:
            while recording.poll() is None:
                work()
        return output.read().splitlines()


def over_http(batch: int, process: int) -> list[str]:
    from benchmarks.http_load import measure_load, post_requests
    from benchmarks.payloads import batch_bodies, single_bodies
    from benchmarks.servers import WITHOUT_CLIENT_LIMITS
    from tests.running_server import Running

    with Running(**WITHOUT_CLIENT_LIMITS) as up:
        bodies = batch_bodies(batch) if batch > 1 else single_bodies()
        headers = {"Authorization": f"Bearer {up.full_token}"}
        requests = post_requests(up.port, "/api/events", bodies, headers)
        return recorded(up.processes()[process].pid, lambda: measure_load(up.port, requests, 16, 1.0))


def in_batches() -> list[str]:
    with database():
        from benchmarks import storing

        return recorded(os.getpid(), lambda: storing.in_batches(1.0))


def rebuilding() -> list[str]:
    with database():
        from benchmarks import rebuilding
        from marcus_events.projections import PROJECTIONS

        rebuilding.fill(8_000)
        return recorded(os.getpid(), lambda: rebuilding.rebuild_all(PROJECTIONS))


def following() -> list[str]:
    with database():
        from benchmarks import following

        stacks = recorded(os.getpid(), lambda: following.measured(following.follow, 20_000))
        return [stack for stack in stacks if "write_logs" not in stack]  # which makes the files


PROFILES: dict[str, tuple[str, Callable[[], list[str]]]] = {
    "http-single": ("Web process, single events over HTTP", lambda: over_http(1, 1)),
    "http-batches": ("Web process, batches of 100 over HTTP", lambda: over_http(100, 1)),
    "worker": ("Worker behind batches over HTTP", lambda: over_http(100, WORKER)),
    "publish-batch": ("publish_batch of 500", in_batches),
    "rebuild": ("Rebuild of all projections", rebuilding),
    "follow": ("follow", following),
}

if __name__ == "__main__":
    main()
