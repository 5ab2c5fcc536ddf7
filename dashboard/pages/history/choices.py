"""What the forms of History choose, as parameters of its URL: columns, and dates with times of day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.http import QueryDict

from dashboard.live.page_state import PageState, with_times
from dashboard.pages.history import columns
from dashboard.time_zones import zone_of
from marcus_events.core.filters import format_moment

FORM = "choose"  # the parameter that names the form
DAY = timedelta(days=1)


def chosen_query(page_state: PageState, given: QueryDict) -> str | None:
    """Return the query string of the page that a form asks for; None if the request is of no form."""
    match given.get(FORM):
        case "columns":
            return page_state.query(columns=chosen_columns(given))
        case "dates":
            return page_state.query(q=chosen_times(page_state, given))
    return None


def chosen_columns(given: QueryDict) -> str:
    """Return the parameter `columns` for the boxes that are ticked and the paths that are typed."""
    shown = given.getlist("show")
    left_out = [f"-{name}" for name in columns.USUAL if name not in shown]
    added = [name for name in columns.EXTRA if name in shown]
    return ",".join([*left_out, *added, *given.getlist("path"), *columns.names(given.get("paths", ""))])


def chosen_times(page_state: PageState, given: QueryDict) -> str:
    """Return the query within the chosen dates. The last day is part of it unless it has a time of day."""
    since = moment_of(given.get("from", ""), given.get("from_time", ""), page_state.zone)
    until = moment_of(given.get("to", ""), given.get("to_time", ""), page_state.zone, is_end=True)
    return with_times(page_state.q, since, until)


def moment_of(day: str, at: str, zone: str, *, is_end: bool = False) -> str:
    """Return a time of day in the viewer's zone as a word of a query; "" for none, and for what is no date."""
    try:
        chosen = date.fromisoformat(day) + (DAY if is_end and not at else timedelta(0))
        local = datetime.combine(chosen, time.fromisoformat(at or "00:00"), zone_of(zone) if zone else UTC)
        return format_moment(local)
    except (ValueError, OverflowError):
        return ""


def local_fields(moment: datetime | None, page_state: PageState, *, is_end: bool = False) -> dict[str, str]:
    """Return what stands in the fields of a date form; midnight at the end of a day is that day."""
    if moment is None:
        return {"date": "", "time": "", "at": ""}
    local = moment.astimezone(page_state.now.tzinfo)
    is_midnight = local.time() == time(0)
    shown = local - DAY if is_end and is_midnight else local
    return {"date": f"{shown:%Y-%m-%d}", "time": "" if is_midnight else f"{local:%H:%M}", "at": format_moment(moment)}
