"""Icons: each that is named, by an event or in a template, is in the sprite of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given

from dashboard import icons
from marcus_events.core.event_types import CATEGORIES, MEANINGS
from tests.core.drawn_events import texts

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
IN_TEMPLATES = {name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)" %}', path.read_text())}
SPRITE = next(path.read_text() for path in TEMPLATES if path.name == "_icons.html")
DRAWN = set(re.findall(r'<symbol id="i-([^"]+)"', SPRITE))


def test_templates_name_only_icons_that_are_drawn() -> None:
    assert IN_TEMPLATES
    assert IN_TEMPLATES <= DRAWN


@pytest.mark.parametrize("name", [*MEANINGS, "never heard of"])
def test_every_type_of_event_has_a_drawn_icon(name: str) -> None:
    icon, _ = icons.icon_of(name)
    assert icon in DRAWN


def test_every_category_has_one_of_its_own_name_for_its_tile_and_one_for_its_events() -> None:
    assert {*CATEGORIES, *icons.BY_CATEGORY.values()} <= DRAWN


def test_an_icon_is_drawn_once() -> None:
    assert len(re.findall("<symbol", SPRITE)) == len(DRAWN)


@given(texts)
def test_an_event_of_any_name_has_a_drawn_icon(event_type: str) -> None:
    assert icons.icon_of(event_type)[0] in DRAWN
