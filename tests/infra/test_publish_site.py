"""The upload of the page, against moto: what lies in the bucket, as what, and in which order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.publish_site import main, upload

BUCKET = "chartloop-page-123456789012-us-east-1"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-1a2b.js").write_text("import './x.js'")
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "mark.svg").write_text("<svg/>")
    return tmp_path


def stack(name: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"T": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def test_files_and_settings_come_as_the_browser_must_take_them(storage: Any, built: Path) -> None:
    stack("chartloop-site", {"SiteUrl": "https://page.example", "SiteBucket": BUCKET})
    pools = boto3.client("cognito-idp")
    pool_id = pools.create_user_pool(PoolName="chartloop")["UserPool"]["Id"]
    asked = {"CallbackURLs": ["https://page.invalid/"], "AllowedOAuthFlows": ["code"], "EnableTokenRevocation": True}
    people = pools.create_user_pool_client(UserPoolId=pool_id, ClientName="people", **asked)["UserPoolClient"]["ClientId"]
    pool = f"https://cognito-idp.us-east-1.amazonaws.com/{pool_id}"
    signs = {"Issuer": pool, "PeopleClient": people, "TokenUrl": "https://x.auth.us-east-1.amazoncognito.com/oauth2/token"}
    stack("chartloop-serving", signs)
    main([], built)
    found = {key: storage.get_object(Bucket=BUCKET, Key=key) for key in ("assets/index-1a2b.js", "index.html", "config.json")}
    assert found["assets/index-1a2b.js"]["ContentType"] == "text/javascript"
    assert "immutable" in found["assets/index-1a2b.js"]["CacheControl"]
    assert (found["index.html"]["ContentType"], found["index.html"]["CacheControl"]) == ("text/html", "no-cache")
    said = json.loads(found["config.json"]["Body"].read())
    assert (said["issuer"], said["client_id"]) == (pool, people)
    assert said["sign_out"] == "https://x.auth.us-east-1.amazoncognito.com/logout"
    assert "chartloop/models:read" in said["scopes"]
    assert said["logs"].startswith("https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#")
    assert said["logs"].endswith("{job}")
    client = pools.describe_user_pool_client(UserPoolId=pool_id, ClientId=people)["UserPoolClient"]
    assert client["CallbackURLs"] == ["https://page.example/", "https://page.example/stay.html"]
    assert (client["LogoutURLs"], client["AllowedOAuthFlows"]) == (["https://page.example/"], ["code"])


def test_the_page_comes_last_and_its_settings_before_it(built: Path) -> None:
    order: list[str] = []

    class Recorder:
        def put_object(self, Key: str, **_: Any) -> None:  # noqa: N803 (S3's name)
            order.append(Key)

    upload(Recorder(), BUCKET, built, {})  # type: ignore[arg-type]
    assert order[-2:] == ["config.json", "index.html"] and len(order) == 4


def test_another_issuer_is_told_with_its_client_or_not_at_all(storage: Any, built: Path) -> None:
    stack("chartloop-site", {"SiteUrl": "https://page.example", "SiteBucket": BUCKET})
    stack("chartloop-serving", {"Url": "https://api.example"})
    with pytest.raises(SystemExit):
        main([], built)
    assert "Contents" not in storage.list_objects_v2(Bucket=BUCKET)
    main(["--issuer", "https://id.example", "--client", "page"], built)
    assert json.loads(storage.get_object(Bucket=BUCKET, Key="config.json")["Body"].read())["issuer"] == "https://id.example"


def test_a_page_that_was_not_built_is_not_uploaded(storage: Any, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main([], tmp_path)
