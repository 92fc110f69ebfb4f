"""Copies the README's pictures, which the tests of the page made: `python -m tests.browser.publish_pictures`."""

from __future__ import annotations

import shutil
import sys

from tests.browser.conftest import OUTPUT

PICTURES = OUTPUT.parent.parent / "docs" / "pictures"
SHOWN = (
    "checked-light",
    "run-light",
    "run-dark",
    "tried-light",
    "models-light",
    "models-dark",
    "compared-light",
    "needs-review-light",
)
MOST_BYTES = 150_000


def main() -> int:
    PICTURES.mkdir(exist_ok=True)
    for name in SHOWN:
        made = OUTPUT / "first" / f"{name}.png"
        if not made.exists():
            print(f"{made} is not there: run the tests in tests/browser first", file=sys.stderr)  # noqa: T201
            return 1
        if made.stat().st_size > MOST_BYTES:
            print(f"{made} has more than {MOST_BYTES:,} bytes", file=sys.stderr)  # noqa: T201
            return 1
        shutil.copy(made, PICTURES / made.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
