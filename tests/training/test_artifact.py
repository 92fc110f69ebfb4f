"""Archives: deterministic, and unpacked only where nothing in them is out of place."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from chartloop.errors import JobFailed
from training import artifact


def folder_of(path: Path) -> Path:
    (path / "code").mkdir(parents=True)
    (path / "code" / "b.py").write_text("b")
    (path / "a.json").write_text("{}")
    return path


def test_equal_files_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        artifact.pack(folder_of(tmp_path / name), tmp_path / f"{name}.tar.gz")
        os.utime(tmp_path / "one" / "a.json", (1, 1))
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()


def test_what_is_packed_comes_out(tmp_path: Path) -> None:
    artifact.pack(folder_of(tmp_path / "in"), tmp_path / "a.tar.gz")
    artifact.unpack(tmp_path / "a.tar.gz", tmp_path / "out")
    assert (tmp_path / "out" / "code" / "b.py").read_text() == "b"


def archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize(
    "bad",
    [
        member("../out.txt"),
        member("a/../../out.txt"),
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("link", tarfile.LNKTYPE, "../x"),
        member("pipe", tarfile.FIFOTYPE),
    ],
)
def test_what_leads_outside_is_refused(tmp_path: Path, bad: tarfile.TarInfo) -> None:
    with pytest.raises(JobFailed) as raised:
        artifact.unpack(archive(tmp_path / "a.tar.gz", bad), tmp_path / "in")
    assert raised.value.code == "bad_artifact"
    assert not (tmp_path / "out.txt").exists()


def test_a_bomb_is_refused_by_what_it_announces(tmp_path: Path) -> None:
    large = member("zeros")
    large.size = 1001
    with pytest.raises(JobFailed):
        artifact.unpack(archive(tmp_path / "a.tar.gz", large), tmp_path / "in", largest=1000)
    assert not (tmp_path / "in" / "zeros").exists()


@pytest.mark.parametrize("body", [b"", b"no archive", b"\x1f\x8b broken"])
def test_what_is_no_archive_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.tar.gz").write_bytes(body)
    with pytest.raises(JobFailed):
        artifact.unpack(tmp_path / "a.tar.gz", tmp_path / "in")


def test_half_an_archive_is_refused(tmp_path: Path) -> None:
    artifact.pack(folder_of(tmp_path / "in"), tmp_path / "a.tar.gz")
    body = (tmp_path / "a.tar.gz").read_bytes()
    (tmp_path / "half.tar.gz").write_bytes(body[: len(body) // 2])
    with pytest.raises(JobFailed):
        artifact.unpack(tmp_path / "half.tar.gz", tmp_path / "out")


def test_the_engine_that_a_job_brought_goes_along_with_its_licence(tmp_path: Path) -> None:
    wanted = {"vinyl/__init__.py", "vinyl/libs/needle.so", "vinyl-1.dist-info/LICENSE"}
    for name in (*wanted, "vinyl/__pycache__/x.pyc", "other/a.py"):
        (tmp_path / "vendor" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "vendor" / name).write_text("")
    artifact.copy_engine("vinyl", tmp_path / "code", tmp_path / "vendor")
    found = {path.relative_to(tmp_path / "code").as_posix() for path in (tmp_path / "code").rglob("*") if path.is_file()}
    assert found == wanted
    artifact.copy_engine("vinyl", tmp_path / "elsewhere", tmp_path / "none")
    assert not (tmp_path / "elsewhere").exists()
