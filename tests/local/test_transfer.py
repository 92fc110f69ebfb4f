"""Keys become paths inside a job's folder, and archives unpack to nothing but plain files there."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop.errors import JobFailed
from local.transfer import inside, pack, relative, unpack


@pytest.mark.parametrize(
    ("key", "prefix", "path"),
    [
        ("a/b/c.txt", "a/b/", "c.txt"),
        ("a/b/d/c.txt", "a/b", "d/c.txt"),
        ("a/b", "a/b", "b"),
        ("a/bc", "a/b", "bc"),
        ("a", "", "a"),
        ("a/b", "", "a/b"),
    ],
)
def test_a_key_is_a_path_below_what_its_prefix_means(key: str, prefix: str, path: str) -> None:
    assert relative(key, prefix) == path


@given(st.text(alphabet="ab./", max_size=12))
def test_no_key_leads_out_of_the_folder(name: str) -> None:
    folder = Path("/somewhere/in")
    try:
        path = inside(folder, name)
    except JobFailed:
        assert ".." in name or name.startswith("/")
    else:
        assert path.is_relative_to(folder)


def test_what_is_packed_comes_back(tmp_path: Path) -> None:
    source = tmp_path / "model"
    (source / "code").mkdir(parents=True)
    (source / "code" / "inference.py").write_text("x = 1")
    (source / "weights").write_bytes(b"\0" * 1000)
    pack(source, tmp_path / "model.tar.gz")
    unpack(tmp_path / "model.tar.gz", tmp_path / "back")
    assert (tmp_path / "back" / "code" / "inference.py").read_text() == "x = 1"
    assert (tmp_path / "back" / "weights").read_bytes() == b"\0" * 1000


@pytest.mark.parametrize("kind", ["traversal", "absolute link", "device", "torn", "no archive"])
def test_a_hostile_or_broken_archive_is_refused(tmp_path: Path, kind: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo({"traversal": "../outside"}.get(kind, "inside"))
        member.type = {"absolute link": tarfile.SYMTYPE, "device": tarfile.CHRTYPE}.get(kind, tarfile.REGTYPE)
        member.linkname = "/etc/passwd"
        tar.addfile(member, io.BytesIO())
    body = {"torn": packed.getvalue()[:20], "no archive": b"text"}.get(kind, packed.getvalue())
    (tmp_path / "a.tar.gz").write_bytes(body)
    with pytest.raises(JobFailed, match="cannot be unpacked"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "back")
    assert not (tmp_path / "outside").exists()
