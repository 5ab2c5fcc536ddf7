"""A person at a browser: sees blockers appear on the page Blocked, and replies to each in the drawer."""

from __future__ import annotations

import threading
import traceback
from types import TracebackType
from typing import Self

from playwright.sync_api import Page, sync_playwright

from tests.browser import chromium
from tests.running_server import Running

LAUNCH = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# Notes when each question is on the page: after the frame in which it was painted.
WATCH = """
window.seenAt = {};
const look = () => requestAnimationFrame(() => setTimeout(() => {
  for (const found of document.querySelectorAll("#open [data-need] .what bdi")) {
    window.seenAt[found.textContent] ??= Date.now();
  }
}));
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
"""
UNANSWERED = "#open [data-need] a.button:has(.if-handles)"


class BrowserPerson:
    """Inside the block it replies; afterwards `seen_at` has the Unix time at which each question appeared."""

    def __init__(self, running: Running) -> None:
        self.running, self.stop = running, threading.Event()
        self.seen_at: dict[str, float] = {}
        self.replied: set[str] = set()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop.set()
        self.thread.join()

    def _run(self) -> None:
        try:
            self._watch_and_reply()
        except Exception:
            traceback.print_exc()
            raise

    def _watch_and_reply(self) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.find(), args=LAUNCH)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(self.running.sign_in_link())
            page.get_by_role("button", name="Sign in").click()
            page.goto(f"{self.running.base_url}/blocked/")
            page.evaluate(WATCH)
            while not self.stop.is_set():
                opens = page.locator(UNANSWERED).evaluate_all("links => links.map(link => link.dataset.opens)")
                for blocker in opens:
                    if blocker not in self.replied:  # the list follows a moment later
                        self._reply(page, blocker)
                        break
                page.wait_for_timeout(100)
            self.seen_at = {text: at / 1000 for text, at in page.evaluate("window.seenAt").items()}
            browser.close()

    def _reply(self, page: Page, opens: str) -> None:
        """Two actions: open the blocker; write the reply and send it."""
        self.replied.add(opens)
        page.locator(f'{UNANSWERED}[data-opens="{opens}"]').click()
        blocker = page.get_by_role("dialog", name="Details").locator(f'[data-blocker="{opens}"]')
        blocker.get_by_label("Your reply").fill(answer_to(blocker.locator(".event-title").inner_text()))
        blocker.get_by_role("button", name="Reply and unblock").click()
        blocker.get_by_role("button", name="Undo").wait_for()
        page.keyboard.press("Escape")


def answer_to(question: str) -> str:
    return f"Left: {question}"
