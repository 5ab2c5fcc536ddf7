"""What docs/following.md says of the files and of the command is what they do."""

import re
from collections import defaultdict
from pathlib import Path

from marcus_events.core.event import utc_now
from marcus_events.core.event_types import canonical
from marcus_events.sources import marcus
from marcus_events.sources.marcus.board import Boards
from marcus_events.sources.marcus.installation import Installation
from marcus_events.sources.marcus.reader import InstallationReader
from marcus_events.sources.marcus.records import RecordKind
from tests.sources.installations import RUN

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "following.md").read_text()
COLUMNS = (
    RecordKind.DATABASE,
    RecordKind.REALTIME,
    RecordKind.AGENT_EVENTS,
    RecordKind.CONVERSATIONS,
    RecordKind.BOARD,
)


def section(title: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    text = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    rows = [row.strip("|").split("|") for row in text.splitlines() if row.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_its_table_says_in_which_files_the_acts_of_the_run_stand() -> None:
    found: dict[str, set[RecordKind]] = defaultdict(set)
    for acts in InstallationReader(Installation(RUN), Boards()).scan(utc_now(), is_last=True):
        for act in acts:
            found[act.first.act] |= {sighting.kind for sighting in act.sightings}
    for event_type, *cells in section("Event mapping")[:-1]:
        filled = {kind for kind, cell in zip(COLUMNS, cells, strict=True) if cell}
        assert found.pop(event_type.strip("`")) == filled, event_type
    assert set(found) == {"context_requested", "context_updated", "project_state_refreshed"}


def test_its_names_of_acts_are_those_that_the_vocabulary_knows() -> None:
    for event_type, *cells in section("Event mapping")[:-1]:
        names = {name for cell in cells[:3] for name in re.findall(r"`(\w+)`", cell)} - {"decision_id"}
        assert {canonical(name) for name in names} <= {event_type.strip("`")}


def test_every_sentence_that_it_explains_is_one_that_is_said() -> None:
    management = ROOT / "marcus_events" / "management"
    sources = [
        *Path(marcus.__file__).parent.glob("*.py"),
        management / "prepare_database.py",
        management / "commands/follow.py",
    ]
    sources.append(management / "board_check.py")
    said = "".join(path.read_text() for path in sources)
    for sentences, _ in section("Troubleshooting"):
        for sentence in re.findall(r"`([^`]+)`", sentences):
            plain = re.sub(r"^(FILE:LINE|FILE: KEY|FILE|data/kanban.db) | ?…|: Permission denied|”", "", sentence)
            for part in filter(None, re.split(r"[“”:]", plain)):
                assert part.strip(" ;") in said, part
