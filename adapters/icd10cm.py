"""The ICD-10-CM order file of CDC and CMS: every billable code with its long description.

Fixed width, as its own guide says: columns 7-13 code, 15 whether it is billable, 17-76 short and from 78 long description.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from chartloop.codebook import Code
from chartloop.errors import FileProblem

SYSTEM = "icd10cm"
CATEGORY = 3
"""Characters before the point."""


def read(path: Path) -> Iterator[Code]:
    """The billable codes in the file's order, a point after the category; `.gz` is read too. Raises FileProblem with the line."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if len(line) < 78 or line[14] not in "01":
                raise FileProblem(f"line {number} is no line of an order file", code="not_the_format", field=path.name)
            if line[14] == "1":
                yield Code(SYSTEM, pointed(line[6:13].strip()), line[77:].strip())


def pointed(code: str) -> str:
    """A code as it is billed: `S52501A` and `s52.501a` are both `S52.501A`."""
    bare = code.replace(".", "").upper()
    return f"{bare[:CATEGORY]}.{bare[CATEGORY:]}" if len(bare) > CATEGORY else bare
