"""The site stack: one origin for page and API, and addresses of the page's own that hide no error of the API."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.site import FALLBACK
from tests.infra.conftest import SITE, composed
from tests.infra.templates import Templates

UPLOADS = "https://chartloop-data-123456789012-us-east-1.s3.us-east-1.amazonaws.com"


def config(t: Templates) -> dict[str, Any]:
    (site,) = t.all("AWS::CloudFront::Distribution").values()
    found: dict[str, Any] = site["Properties"]["DistributionConfig"]
    return found


def rules(t: Templates) -> str:
    (headers,) = t.all("AWS::CloudFront::ResponseHeadersPolicy").values()
    said = headers["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    return str(said["ContentSecurityPolicy"]["ContentSecurityPolicy"])


def test_the_api_is_below_v1_and_all_else_is_the_page(cloud: Templates) -> None:
    site = config(cloud)
    assert site["DefaultCacheBehavior"]["TargetOriginId"] == "page"
    assert [(way["PathPattern"], way["TargetOriginId"]) for way in site["CacheBehaviors"]] == [("/v1/*", "api")]
    (api,) = [origin for origin in site["Origins"] if origin["Id"] == "api"]
    assert ".execute-api.us-east-1." in api["DomainName"] and api["OriginPath"] == "/prod"
    assert set(site["CacheBehaviors"][0]["AllowedMethods"]) >= {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_a_deployment_carries_no_files_and_no_function_of_the_cdks(cloud: Templates) -> None:
    kinds = {resource["Type"] for resource in cloud.stacks["site"]["Resources"].values()}
    assert not {kind for kind in kinds if kind.startswith(("Custom::", "AWS::Lambda", "AWS::CloudFormation"))}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("/", "/index.html"), ("/runs/run-1", "/index.html"), ("/runs/", "/index.html"), ("/assets/a.b1.js", "/assets/a.b1.js")],
)
def test_addresses_that_are_no_files_are_the_pages(asked: str, answered: str) -> None:
    call = f"console.log(JSON.stringify(handler({json.dumps({'request': {'uri': asked}})})))"
    done = subprocess.run([os.environ["JSII_NODE"], "-e", f"{FALLBACK}{call}"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"uri": answered}


def test_the_page_asks_nobody_but_the_api_and_who_signs(cloud: Templates, local: Templates) -> None:
    (asks,) = [rule for rule in rules(cloud).split("; ") if rule.startswith("connect-src")]
    assert asks.split()[1:3] == ["'self'", "https://cognito-idp.us-east-1.amazonaws.com"]
    assert asks.split()[3].endswith(".auth.us-east-1.amazoncognito.com")
    assert asks.split()[4:] == [UPLOADS]
    assert f"connect-src 'self' http://localhost:8040 {UPLOADS};" in rules(local)


def test_the_page_alone_puts_large_files_into_the_bucket(cloud: Templates, prod: Templates) -> None:
    for templates, page in ((cloud, "https://*.cloudfront.net"), (prod, f"https://{SITE['site_domain']}")):
        bucket = templates.only("AWS::S3::Bucket", BucketName=UPLOADS.split(".")[0].removeprefix("https://"))["Properties"]
        (rule,) = bucket["CorsConfiguration"]["CorsRules"]
        assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == ([page], ["PUT"])


def test_a_site_of_its_own_has_its_domain_certificate_countries_and_firewall(prod: Templates) -> None:
    site = config(prod)
    assert site["Aliases"] == [SITE["site_domain"]]
    assert site["ViewerCertificate"]["AcmCertificateArn"] == SITE["site_certificate"]
    assert site["Restrictions"]["GeoRestriction"] == {"RestrictionType": "whitelist", "Locations": ["US", "DE"]}
    assert site["WebACLId"] == SITE["site_firewall"]
    people = prod.only("AWS::Cognito::UserPoolClient", ClientName="people")["Properties"]
    assert people["CallbackURLs"] == [f"https://{SITE['site_domain']}{page}" for page in ("/", "/stay.html")]


def test_outputs_say_where_it_is_and_where_its_files_go(cloud: Templates, prod: Templates) -> None:
    said = {name: output["Value"] for name, output in cloud.stacks["site"]["Outputs"].items()}
    assert set(said) == {"SiteUrl", "SiteBucket"}
    assert prod.stacks["site"]["Outputs"]["SiteUrl"]["Value"] == f"https://{SITE['site_domain']}"


def test_elsewhere_the_edge_has_no_log(tmp_path: Path) -> None:
    elsewhere = composed(tmp_path, region="eu-central-1")
    assert "Logging" not in config(elsewhere) and not elsewhere.all("AWS::Logs::Delivery")
