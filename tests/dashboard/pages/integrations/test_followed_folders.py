"""Followed folders on Integrations: who may, what is refused in words, what the page says, and that it is on record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.live.page_state import PageState
from dashboard.pages.integrations import regions
from dashboard.pages.integrations.folder_actions import FULL, MAX_FOLDERS
from dashboard.pages.integrations.folder_list import SILENT
from dashboard.visibility import EVERYTHING, NOTHING, Visibility
from marcus_events.core.event import utc_now
from marcus_events.core.sentences import as_text, sentence
from marcus_events.models import FollowedFolder
from marcus_events.sources.marcus.folder_check import MISSING
from tests.audit.reading import on_record, only_event
from tests.dashboard.pages.test_hostile import MARKUP, assert_harmless
from tests.dashboard.reading import Document, open_page
from tests.sources.folders import FollowingFolders, add, wait_for
from tests.sources.installations import REALTIME, append, copy_run

pytestmark = pytest.mark.usefixtures("log")
PAGE, ADD = "/integrations/", "/integrations/folders/"


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("grace"))
    return client


def stop_at(folder: FollowedFolder) -> str:
    return f"{ADD}{folder.pk}/stop/"


def follow(client: Client, path: Path | str, **stated: str) -> Document:
    """The page that answers."""
    return Document(client.post(ADD, {"path": str(path), **stated}, follow=True).content.decode())


def shown(folder: FollowedFolder, state: dict[str, Any]) -> str:
    """What the region says of it."""
    FollowedFolder.objects.filter(pk=folder.pk).update(state=state, state_at=utc_now())
    return Document(region(EVERYTHING)).text


def region(visibility: Visibility) -> str:
    return regions.PAGE.render(PageState("integrations", visibility=visibility))["folders"]


def test_a_folder_is_added_shown_and_stopped(administrator: Client, tmp_path: Path) -> None:
    assert "No folders followed." in open_page(administrator, PAGE).text
    page = follow(administrator, f"{tmp_path}/", board="Shop", time_zone="Europe/Berlin")
    folder = FollowedFolder.objects.get()
    stated = (folder.path, folder.board, folder.time_zone, folder.added_by)
    assert stated == (str(tmp_path), "Shop", "Europe/Berlin", "grace")
    assert f"The server now follows {tmp_path}." in page.text
    assert "Starting" in page.text
    for _ in range(2):
        answer = administrator.post(stop_at(folder), follow=True)
    assert answer.status_code == 404
    assert not FollowedFolder.objects.exists()
    assert "No folders followed." in open_page(administrator, PAGE).text


def test_both_acts_are_on_record(administrator: Client, tmp_path: Path) -> None:
    follow(administrator, tmp_path)
    administrator.post(stop_at(FollowedFolder.objects.get()))
    assert as_text(sentence(only_event("folder_followed"))) == f"Grace started following {tmp_path}"
    assert as_text(sentence(only_event("folder_unfollowed"))) == f"Grace stopped following {tmp_path}"


def test_what_cannot_be_followed_is_refused_in_words_beside_the_field(administrator: Client, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    add(tmp_path)
    for path, reason in (
        ("", "Enter the folder where Marcus was started."),
        ("marcus", "Enter an absolute path"),
        ("/nowhere/at/all", MISSING),
        ("/" + "x" * 600, "at most 600 characters"),
        ("/x/\0", "Null characters are not allowed"),
        (tmp_path, "already follows this folder"),
        (tmp_path / "link", "already follows this folder"),
    ):
        assert reason in follow(administrator, path).text
    assert "Unknown time zone" in follow(administrator, "/", time_zone="../../etc/passwd").text
    assert FollowedFolder.objects.count() == 1
    assert not on_record("folder_followed")


def test_there_may_be_so_many_and_no_more(administrator: Client, tmp_path: Path) -> None:
    for n in range(MAX_FOLDERS):
        add(tmp_path / str(n))
    assert FULL in follow(administrator, tmp_path).text
    assert FollowedFolder.objects.count() == MAX_FOLDERS


def test_others_see_nothing_of_it_and_change_nothing(viewer: Client, tmp_path: Path) -> None:
    folder = add(tmp_path)
    page = open_page(viewer, PAGE)
    assert str(tmp_path) not in viewer.get(PAGE).content.decode()
    assert "Marcus folders" not in page.text
    assert viewer.post(ADD, {"path": "/"}).status_code == viewer.post(stop_at(folder)).status_code == 403
    assert FollowedFolder.objects.get() == folder


@pytest.mark.parametrize("visibility", [NOTHING, Visibility(boards=None)])
def test_no_socket_sends_a_path_to_others(tmp_path: Path, visibility: Visibility) -> None:
    add(tmp_path)
    assert region(visibility).split() == ["<div", 'id="folders"', "hidden>", "</div>"]
    assert str(tmp_path) in region(EVERYTHING)


def test_its_state_is_told_in_words(tmp_path: Path) -> None:
    folder = add(tmp_path)
    at = (utc_now() - timedelta(minutes=3)).isoformat()
    line = {"where": "logs/a.jsonl:7", "at": at, "read_at": at}
    state: dict[str, Any] = {"activity": "following", "since": at, "new": 1200, "known": 5, "last_line": line}
    numbers = {"repaired": 1, "held_back": 2, "on_no_board": 3, "waiting": 4, "left_out": 5, "behind_bytes": 2048}
    named = {"unreadable": 2, "unreadable_lines": [["logs/a.jsonl:3", "is not JSON"]], "refused": 1, "unread": 1}
    named |= {"refused_lines": [["logs/a.jsonl:5", "was refused"]], "unread_files": [["logs/a.zst", "is packed"]]}
    text = shown(folder, state | numbers | named)
    for words in (
        *("Following", "1,200 new", "5 already in the log", "logs/a.jsonl:7 3 min ago", "2.0"),
        *("1 repaired line", "2 records held back", "3 events without a board", "4 requests without Marcus's answer"),
        *("5 lines of conversation skipped", "2 unreadable lines", "logs/a.jsonl:3 is not JSON", "1 more not shown"),
        *("1 rejected event", "logs/a.jsonl:5 was refused", "1 unread file", "logs/a.zst is packed"),
    ):
        assert words in text, words


def test_waiting_failing_and_silence_say_what_to_do(tmp_path: Path) -> None:
    folder = add(tmp_path)
    assert "Waiting for Marcus" in shown(folder, {"activity": "waiting"})
    assert "There are no Marcus files in this folder" in shown(folder, {"activity": "waiting", "leading_out": []})
    assert "data links outside the folder" in shown(folder, {"activity": "waiting", "leading_out": ["data"]})
    assert "File name too long." in shown(folder, {"activity": "failed", "reason": "File name too long."})
    assert "Waiting for the database" in shown(folder, {"activity": "database_away"})
    long_ago = utc_now() - timedelta(minutes=1)
    FollowedFolder.objects.update(state={"activity": "following"}, state_at=long_ago, added_at=long_ago)
    assert SILENT in Document(region(EVERYTHING)).text


def test_hostile_names_are_text(administrator: Client, tmp_path: Path) -> None:
    root = copy_run(tmp_path / MARKUP.replace("/", "\N{FRACTION SLASH}")[:80])
    odd = root / "logs" / "<img src=x onerror=alert(1)>\udcff\u202e.log"
    odd.write_text("secret=4711")
    append(root / REALTIME, "<script>secret=4711</script>")
    follow(administrator, root, board="<b>Shop</b>")
    FollowedFolder.objects.update(board="")
    with FollowingFolders():
        wait_for(FollowedFolder.objects.get(), activity="following", unreadable=1, unread=1)
    html = administrator.get(PAGE).content.decode()
    assert_harmless(Document(html))
    assert "<img src=x" not in html
    assert "4711" not in html
