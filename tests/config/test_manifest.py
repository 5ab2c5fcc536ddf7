"""A browser may install the site: the manifest names icons that are there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client


@pytest.mark.usefixtures("log")
def test_the_manifest_describes_the_site_and_its_icons_are_there() -> None:
    response = Client().get("/manifest.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    described = json.loads(response.content)
    assert (described["start_url"], described["display"]) == ("/", "standalone")
    purposes = {(icon["sizes"], icon["purpose"]) for icon in described["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= purposes
    for icon in described["icons"]:
        path = finders.find(icon["src"].partition("/static/")[2])
        assert isinstance(path, str)
        assert Path(path).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
