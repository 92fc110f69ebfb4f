"""The README's tree, the decisions' index and docs/rights.md, made from what is there: `python -m tests.tree` writes all anew."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEADING = "## The tree\n"
DECISIONS = ROOT / "docs" / "decisions"
INDEX_HEAD = "|---|---|\n"
TOP = """\
app.py                      the CDK entry
cdk.json, package.json      the CDK's settings and command line, pinned
pyproject.toml, requirements.lock   packages, and the lock that pip reads
"""
FOLDERS = {
    "chartloop": "the domain: what is true wherever it runs",
    "adapters": "the seams on boto3 and on files",
    "lambdas": "one thin file per trigger",
    "training": "what runs inside jobs; the only place that imports torch",
    "infra": "the CDK app",
    "client": "the typed client, the command line over it, the demo",
    "local": "the local cloud",
    "benchmarks": "ours beside a peer, in one process",
}
LAST = """\
dashboard/                  the page: React and Cloudscape, built into dashboard/dist
tests/                      mirrors the source; tests/e2e runs the loop on the local cloud
docs/                       contracts, decisions, manuals, the flow
"""


def tree() -> str:
    """Each package with a line a file: the first of its docstring."""
    lines = []
    for folder, about in FOLDERS.items():
        lines.append(f"{folder + '/':<28}{about}\n")
        for path in sorted((ROOT / folder).glob("*.py")):
            if path.name != "__init__.py":
                lines.append(f"  {path.name:<26}{first_line(path)}\n")
    return f"```\n{TOP}{''.join(lines)}{LAST}```\n"


def first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0].strip()


def decisions() -> str:
    """A line a page: its number and the rest of its heading, `# 0001 What was decided`."""
    headings = ((page.name, page.read_text().partition("\n")[0].split(" ", 2)) for page in sorted(DECISIONS.glob("0*.md")))
    return "".join(f"| [{number}]({name}) | {title} |\n" for name, (_, number, title) in headings)


def main() -> None:
    readme = ROOT / "README.md"
    before, _, after = readme.read_text().partition(HEADING)
    rest = after.split("```\n", 2)[2]
    readme.write_text(f"{before}{HEADING}\n{tree()}{rest}")
    index = DECISIONS / "README.md"
    index.write_text("".join(index.read_text().partition(INDEX_HEAD)[:2]) + decisions())
    subprocess.run([sys.executable, "-m", "tests.infra.rights"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
