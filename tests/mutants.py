"""How many small faults in what decides the tests see, file by file: `python -m tests.mutants [FILE ...]`, `make mutants`.

mutmut makes the faults (another operator, number, word or argument), one at a time, in a throwaway copy of the tree; each is run
against the tests that mirror its file and nothing else (docs/decisions/0048-mutants.md).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.equivalent import EQUIVALENT

ROOT = Path(__file__).parent.parent
LEAST_PERCENT = 90
SEEN = (1, 3, 24, 36, 152, 255, -24)
"""mutmut's exit codes for a test that failed, an error that stopped pytest, and a fault that made the tests run on for ever."""
MIRRORS = {
    "chartloop/gate.py": ("test_gate.py",),
    "chartloop/clauses.py": ("test_clauses.py", "test_clauses_told.py", "test_gate.py"),
    "chartloop/safeguards.py": ("test_safeguards.py", "test_gate.py"),
    "chartloop/verdicts.py": ("test_gate.py",),
    "chartloop/splits.py": ("test_splits.py",),
    "chartloop/records.py": ("test_records.py",),
    "chartloop/promotion.py": ("test_promotion.py", "test_promotion_steps.py", "test_promotion_ends.py"),
}


@dataclass(frozen=True)
class Survivor:
    """A fault that no test sees: its name, what stood there and what stands there now."""

    name: str
    diff: str

    @property
    def line(self) -> str:
        """What the fault wrote, or took away, which names it for as long as the line stays."""
        return self.changed("+") or f"without {self.changed('-')}"

    def changed(self, sign: str) -> str:
        told = (line for line in self.diff.splitlines() if line.startswith(sign) and not line.startswith(sign * 3))
        return " ".join(line[1:].strip() for line in told)


def copy_tree(target: Path) -> None:
    """Every file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def configure(tree: Path, file: str) -> None:
    """Tells mutmut in `tree` of one file and its tests."""
    folders = sorted(path.name for path in tree.iterdir() if path.is_dir() and path.name not in ("chartloop", "tests", "mutants"))
    told = {
        "source_paths": ["chartloop"],
        "only_mutate": [file],
        "also_copy": folders,
        "pytest_add_cli_args_test_selection": [f"tests/chartloop/{name}" for name in MIRRORS[file]],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-m", "not slow"],
    }
    lines = [f"{name} =\n" + "".join(f"    {value}\n" for value in values) for name, values in told.items()]
    (tree / "setup.cfg").write_text("[mutmut]\n" + "".join(lines))
    shutil.rmtree(tree / "mutants", ignore_errors=True)


def mutmut(tree: Path, *arguments: str) -> str:
    told = subprocess.run([sys.executable, "-m", "mutmut", *arguments], cwd=tree, capture_output=True, text=True)
    if told.returncode:
        raise SystemExit(f"mutmut {' '.join(arguments)} failed:\n{told.stdout[-4000:]}\n{told.stderr[-2000:]}")
    return told.stdout


def survivors(tree: Path, codes: dict[str, int | None]) -> Iterator[Survivor]:
    for name, code in codes.items():
        if code not in SEEN:
            yield Survivor(name, mutmut(tree, "show", name))


def judge(tree: Path, file: str) -> bool:
    """Prints the score of `file` and what survived; whether it is enough, and no excuse is out of date."""
    configure(tree, file)
    mutmut(tree, "run", "--max-children", str(len(os.sched_getaffinity(0))))
    codes = json.loads((tree / "mutants" / f"{file}.meta").read_text())["exit_code_by_key"]
    excused = EQUIVALENT.get(file, {})
    alive = list(survivors(tree, codes))
    missed = [each for each in alive if each.line not in excused]
    counted = len(codes) - (len(alive) - len(missed))
    score = 100 * (counted - len(missed)) / counted if counted else 100.0
    print(f"{file:<24}{score:6.1f} % of {counted} faults seen, {len(alive) - len(missed)} that change nothing", flush=True)
    for each in missed:
        print(f"  {each.name}\n    - {each.changed('-')}\n    + {each.line}", flush=True)
    idle = excused.keys() - {each.line for each in alive}
    for line in sorted(idle):
        print(f"tests/equivalent.py excuses what no fault writes: {line}")
    return score >= LEAST_PERCENT and not idle


def main(files: Iterable[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy_tree(Path(folder))
        judged = [judge(Path(folder), file) for file in files]
    if not all(judged):
        raise SystemExit(f"under {LEAST_PERCENT} %, or an excuse out of date")


if __name__ == "__main__":
    main(sys.argv[1:] or MIRRORS)
