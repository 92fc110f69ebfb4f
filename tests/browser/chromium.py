"""Debian's Chromium, driven so that it asks nobody but the page's own origin, and tells what the page complains of."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS = 30
SIZE: ViewportSize = {"width": 1360, "height": 900}
AXE = Path(__file__).parent.parent.parent / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own, which is gone afterwards."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


class Visit:
    """One visitor of the page at `origin`: a context without a past, and all that must not have happened when it ends.

    `complaints` are console errors, refusals by the content security policy, crashes of scripts, and requests to other origins.
    """

    def __init__(self, browser: Browser, origin: str, *, dark: bool = False) -> None:
        self.origin = origin
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(
            color_scheme="dark" if dark else "light", viewport=SIZE, locale="en-GB"
        )
        self.context.set_default_timeout(SECONDS * 1000)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))"
        )

    def _asked(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.origin).netloc and not url.startswith(("data:", "blob:")):
            self.complaints.append(f"a request to {urlsplit(url).netloc}")

    def sign_in(self, path: str = "/", *, name: str = "Dana Field", role: str = "Lead") -> None:
        """From the page's door through the local issuer and back to `path`."""
        self.page.goto(self.origin + path)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("radio", name=role).check()
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", level=1).wait_for()

    def picture(self, path: Path) -> None:
        """The whole page, drawn: what is out of sight is not drawn before it is needed. Its first screen goes below `first/`."""
        (path.parent / "first").mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path.parent / "first" / path.name)
        height = int(self.page.evaluate("document.documentElement.scrollHeight"))
        self.page.set_viewport_size({**SIZE, "height": max(SIZE["height"], height)})
        self.page.screenshot(path=path)
        self.page.set_viewport_size(SIZE)

    def barriers(self) -> list[str]:
        """What axe finds to be serious for who uses a keyboard or a screen reader."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        grave = [each for each in found if each["impact"] in ("serious", "critical")]
        return [f"{each['id']}: {node['html'][:200]}" for each in grave for node in each["nodes"]]

    def end(self) -> None:
        self.context.close()
