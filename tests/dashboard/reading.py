"""Parses pages into text, elements and links."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

Attributes = dict[str, str]
LEADS = ("href", "data-rows", "data-href", "action")


class Document(HTMLParser):
    """`elements` are (tag, attributes) in order; `text` is the text content."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def with_id(self, prefix: str) -> list[Attributes]:
        return [attributes for _, attributes in self.elements if attributes.get("id", "").startswith(prefix)]

    def all_of(self, name: str) -> list[str]:
        """Return the values of an attribute, in order."""
        return [attributes[name] for _, attributes in self.elements if name in attributes]

    def leads(self) -> list[str]:
        return [address for name in LEADS for address in self.all_of(name)]

    def positions(self) -> list[int]:
        """Return the positions of the rows that are events."""
        return [int(row["data-position"]) for row in self.with_id("e") if "data-minute" in row]


def open_page(client: Client, path: str, query: dict[str, Any] | None = None, status: int = 200) -> Document:
    response = client.get(path, query)
    assert response.status_code == status, f"{path}: {response.status_code}"
    return Document(response.content.decode())
