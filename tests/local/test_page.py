"""The page at `/`: the built files, addresses of the page's own, and nothing of what AWS requests ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from local.issuer import Issuer
from local.page import Page
from local.server import LocalCloud

URL = "http://localhost:8040"


@pytest.fixture
def page(tmp_path: Path) -> Page:
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html>")
    (built / "assets" / "index-1a2b.js").write_text("0")
    (tmp_path / "secret.txt").write_text("0")
    cloud = LocalCloud(tmp_path / "state", 8040)
    cloud.page_headers.update({"Content-Security-Policy": "default-src 'none'"})
    return Page(cloud, Issuer(f"{URL}/issuer", tmp_path / "issuer"), built)


def asked(page: Page, path: str, base: str = URL, method: str = "GET", **headers: str) -> Response | None:
    environ = EnvironBuilder(path, base, method=method, headers=headers).get_environ()
    answer = page.hear(environ)
    return None if answer is None else Response.from_app(answer, environ)


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/ner-20260101-000000-0000", "/models?before=x"])
def test_an_address_without_a_file_is_the_page_itself(page: Page, path: str) -> None:
    answer = asked(page, path)
    assert answer is not None and answer.get_data(as_text=True) == "<!doctype html>"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_file_named_by_its_content_is_kept_for_ever(page: Page) -> None:
    answer = asked(page, "/assets/index-1a2b.js")
    assert answer is not None and "immutable" in answer.headers["Cache-Control"]
    assert answer.mimetype == "text/javascript"


def test_the_settings_name_the_issuer(page: Page) -> None:
    answer = asked(page, "/config.json")
    assert answer is not None and answer.json["issuer"] == f"{URL}/issuer"
    assert answer.json["logs"].endswith("logs/jobs/{job}.log")


@pytest.mark.parametrize("path", ["/bucket/note.json", "/assets/../../secret.txt", "/../secret.txt", "/moto-api/data"])
def test_what_is_no_file_of_the_page_is_left_to_others(page: Page, path: str) -> None:
    assert asked(page, path) is None


def test_signed_requests_and_writes_are_left_to_aws(page: Page) -> None:
    signed = "AWS4-HMAC-SHA256 Credential=role/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    assert asked(page, "/", Authorization=signed) is None
    assert asked(page, "/bucket/key?X-Amz-Credential=role/20260101/us-east-1/s3/aws4_request") is None
    assert asked(page, "/", method="POST") is None


def test_the_page_has_one_origin(page: Page) -> None:
    answer = asked(page, "/runs?before=x", "http://127.0.0.1:8040")
    assert answer is not None and answer.headers["Location"] == f"{URL}/runs?before=x"


def test_a_page_that_was_not_built_says_how_to_build_it(page: Page, tmp_path: Path) -> None:
    (tmp_path / "dist" / "index.html").unlink()
    answer = asked(page, "/")
    assert answer is not None and (answer.status_code, "make dashboard" in answer.get_data(as_text=True)) == (404, True)
