"""The environment is read strictly: what makes no sense is refused, and says what to do."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import environment


def test_a_flag_is_one_or_zero_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, meaning in {"1": True, "0": False, "": True}.items():
        monkeypatch.setenv("MARCUS_FLAG", value)
        assert environment.flag("MARCUS_FLAG", default=True) is meaning
    monkeypatch.setenv("MARCUS_FLAG", "yes")
    with pytest.raises(ImproperlyConfigured, match="MARCUS_FLAG must be 1 or 0, not 'yes'"):
        environment.flag("MARCUS_FLAG", default=True)


def test_a_list_that_names_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARCUS_ALLOWED_HOSTS", " a.example , b.example,")
    assert environment.names("MARCUS_ALLOWED_HOSTS", default=[]) == ["a.example", "b.example"]
    monkeypatch.setenv("MARCUS_ALLOWED_HOSTS", " , ")
    with pytest.raises(ImproperlyConfigured):
        environment.names("MARCUS_ALLOWED_HOSTS", default=["localhost"])


def test_an_origin_without_a_scheme_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARCUS_TRUSTED_ORIGINS", "events.example")
    with pytest.raises(ImproperlyConfigured, match="must start with https"):
        environment.origins("MARCUS_TRUSTED_ORIGINS")


@pytest.mark.parametrize(
    ("host", "answers_to"),
    [("", []), ("127.0.0.1", []), ("0.0.0.0", []), ("::", []), ("10.1.2.3", ["10.1.2.3"]), ("fe80::1", ["[fe80::1]"])],
)
def test_the_site_answers_to_this_machine_and_to_the_address_it_listens_on(
    monkeypatch: pytest.MonkeyPatch, host: str, answers_to: list[str]
) -> None:
    monkeypatch.setenv("HOST", host)
    assert environment.own_hosts() == ["localhost", "127.0.0.1", "[::1]", *answers_to]


def test_a_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        keys = set(pool.map(lambda _: environment.secret_key(tmp_path / "var"), range(8)))
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_a_given_secret_key_is_used_and_not_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARCUS_SECRET_KEY", "given")
    assert environment.secret_key(tmp_path) == "given"
    assert not list(tmp_path.iterdir())


def test_an_empty_secret_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("\n")
    with pytest.raises(ImproperlyConfigured, match="is empty"):
        environment.secret_key(tmp_path)


def test_a_database_url_becomes_djangos_settings() -> None:
    found = environment.database("postgresql://m:p%40ss@db.example:5433/events?sslmode=require&options=-c%20x.y%3D1")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5433", "events")
    assert (found["USER"], found["PASSWORD"]) == ("m", "p@ss")
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["options"].startswith("-c x.y=1 -c plan_cache_mode=force_custom_plan")


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://db.example/", "postgresql://h/d?no_such_option=1", "x"])
def test_a_database_url_that_can_not_be_meant_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        environment.database(url)


def test_anchors_are_files_webhooks_and_syslog(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.anchors("MARCUS_ANCHORS") == []
    monkeypatch.setenv("MARCUS_ANCHORS", "/var/log/heads, https://example.org/, syslog:")
    assert [anchor.kind for anchor in environment.anchors("MARCUS_ANCHORS")] == ["file", "webhook", "syslog"]
    for stated in ("heads", "ftp://example.org/", "https://ada:hunter2@example.org/", ","):
        monkeypatch.setenv("MARCUS_ANCHORS", stated)
        with pytest.raises(ImproperlyConfigured, match="MARCUS_ANCHORS") as refused:
            environment.anchors("MARCUS_ANCHORS")
        assert "hunter2" not in str(refused.value)


def test_a_number_is_above_zero_unless_zero_means_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARCUS_NUMBER", "0")
    assert environment.number("MARCUS_NUMBER", default=30, least=0) == 0
    with pytest.raises(ImproperlyConfigured, match="MARCUS_NUMBER must be a whole number above 0, not '0'"):
        environment.number("MARCUS_NUMBER", default=30)
    for wrong in ("-1", "1.5", "ten"):
        monkeypatch.setenv("MARCUS_NUMBER", wrong)
        with pytest.raises(ImproperlyConfigured, match="MARCUS_NUMBER must be a whole number of at least 0, not"):
            environment.number("MARCUS_NUMBER", default=30, least=0)
    monkeypatch.setenv("MARCUS_NUMBER", "")
    assert environment.number("MARCUS_NUMBER", default=30, least=0) == 30


def test_a_span_is_a_number_and_a_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    least = timedelta(seconds=1)
    assert environment.duration("MARCUS_ANCHOR_EVERY", default="1h", least=least) == timedelta(hours=1)
    for stated in ("0s", "1", "an hour", "-1h"):
        monkeypatch.setenv("MARCUS_ANCHOR_EVERY", stated)
        with pytest.raises(ImproperlyConfigured, match="MARCUS_ANCHOR_EVERY"):
            environment.duration("MARCUS_ANCHOR_EVERY", default="1h", least=least)
