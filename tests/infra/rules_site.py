"""Rules of our own on the site: the page's bucket, what CloudFront sends, keeps and forwards, and what it logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.infra.rules import Properties, each, rule
from tests.infra.templates import Templates, listed

UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""AWS's cache policy CachingDisabled."""
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's origin request policy AllViewerExceptHostHeader."""
HEADERS = {
    "ContentTypeOptions": {"Override": True},
    "FrameOptions": {"FrameOption": "DENY", "Override": True},
    "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
    "StrictTransportSecurity": {"AccessControlMaxAgeSec": 31536000, "IncludeSubdomains": True, "Override": True},
}


def sites(t: Templates) -> Iterator[tuple[str, Properties]]:
    found = list(each(t, "AWS::CloudFront::Distribution"))
    assert found
    yield from ((name, site["DistributionConfig"]) for name, site in found)


def behaviours(site: Properties) -> list[Properties]:
    return [site["DefaultCacheBehavior"], *site.get("CacheBehaviors", [])]


@rule("Who reads the bucket by itself passes by the headers, and who writes it writes the page that people sign in at")
def the_page_is_read_by_its_distribution_alone(t: Templates) -> Iterator[str]:
    (distribution,) = t.all("AWS::CloudFront::Distribution")
    for name, policy in each(t, "AWS::S3::BucketPolicy"):
        for said in policy["PolicyDocument"]["Statement"]:
            if said["Effect"] == "Allow" and "logging.s3" not in str(said["Principal"]):
                source = said.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn", "")
                one = said["Principal"] == {"Service": "cloudfront.amazonaws.com"} and source.endswith(f"/{distribution}")
                if not one or listed(said["Action"]) != ["s3:GetObject"] or "-page-" not in str(said["Resource"]):
                    yield name
    for name, site in sites(t):
        files = [origin for origin in site["Origins"] if "S3OriginConfig" in origin]
        yield from (name for origin in files if not origin.get("OriginAccessControlId"))
    for name, control in each(t, "AWS::CloudFront::OriginAccessControl"):
        if control["OriginAccessControlConfig"]["SigningBehavior"] != "always":
            yield name


@rule("The page's files and the access logs are not under the data key, but under one all the same")
def every_bucket_encrypts(t: Templates) -> Iterator[str]:
    for name, bucket in each(t, "AWS::S3::Bucket"):
        (said,) = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [{}])
        how = said.get("ServerSideEncryptionByDefault", {})
        if how.get("SSEAlgorithm") != ("AES256" if "AccessLogs" in name else "aws:kms"):
            yield name
        if name.startswith("Page") and "PageKey" not in str(how.get("KMSMasterKeyID")):
            yield name


@rule("A script that somebody slipped in, or a frame around the page, would act with the rights of whoever signed in")
def answers_carry_the_security_headers(t: Templates) -> Iterator[str]:
    for name, site in sites(t):
        yield from (f"{name} sends none" for part in behaviours(site) if not part.get("ResponseHeadersPolicyId"))
    for name, headers in each(t, "AWS::CloudFront::ResponseHeadersPolicy"):
        said: dict[str, Any] = headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        yield from (f"{name} {what}" for what, wanted in HEADERS.items() if said.get(what) != wanted)
        rules = said["ContentSecurityPolicy"]["ContentSecurityPolicy"].split("; ")
        yield from (f"{name} {what}" for what in STRICT if what not in rules)
        if re.search(r"unsafe|\*", " ".join(rules)) or not said["ContentSecurityPolicy"]["Override"]:
            yield f"{name} is loose"


STRICT = ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")


@rule("An answer of the API is one caller's own, an error of it too")
def the_api_is_never_cached(t: Templates) -> Iterator[str]:
    for name, site in sites(t):
        ways = [way for way in site.get("CacheBehaviors", []) if way["PathPattern"] == "/v1/*"]
        if [(way.get("CachePolicyId"), way.get("OriginRequestPolicyId")) for way in ways] != [(UNCACHED, ALL_BUT_HOST)]:
            yield name
        if site.get("CustomErrorResponses") or any(way.get("FunctionAssociations") for way in ways):
            yield f"{name} answers in the API's place"


@rule("Tokens and notes travel through CloudFront")
def the_site_wants_tls(t: Templates) -> Iterator[str]:
    for name, site in sites(t):
        yield from (name for part in behaviours(site) if part["ViewerProtocolPolicy"] not in ("https-only", "redirect-to-https"))
        for origin in site["Origins"]:
            to = origin.get("CustomOriginConfig", {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]})
            if (to["OriginProtocolPolicy"], to["OriginSSLProtocols"]) != ("https-only", ["TLSv1.2"]):
                yield f"{name} to {origin['Id']}"
        shown = site.get("ViewerCertificate", {})
        if site.get("Aliases") and (shown.get("MinimumProtocolVersion"), shown.get("SslSupportMethod")) != OURS:
            yield f"{name} to visitors"


OURS = ("TLSv1.2_2021", "sni-only")


@rule("A page of anybody else's could put files into the bucket, or read them, with an address that it got hold of")
def the_page_alone_uploads_from_a_browser(t: Templates) -> Iterator[str]:
    domains = [alias for _, site in sites(t) for alias in site.get("Aliases", [])] or ["*.cloudfront.net"]
    for name, bucket in each(t, "AWS::S3::Bucket"):
        for said in bucket.get("CorsConfiguration", {}).get("CorsRules", []):
            if said["AllowedOrigins"] != [f"https://{domain}" for domain in domains] or said["AllowedMethods"] != ["PUT"]:
                yield name


@rule("A code from the sign-in is sent to where it leads back: to the site, or to a domain that nobody can have")
def people_come_back_to_the_site_alone(t: Templates) -> Iterator[str]:
    domains = [alias for _, site in sites(t) for alias in site.get("Aliases", [])] or ["page.invalid"]
    for name, client in each(t, "AWS::Cognito::UserPoolClient"):
        addresses = [*client.get("CallbackURLs", []), *client.get("LogoutURLs", [])]
        yield from (name for address in addresses if not any(address.startswith(f"https://{domain}/") for domain in domains))


@rule("A path or a query may hold what a caller took from a record, at the edge too")
def the_edge_logs_no_paths(t: Templates) -> Iterator[str]:
    for name, site in sites(t):
        if site.get("Logging", {}).get("Bucket") or site.get("Logging", {}).get("IncludeCookies") is not False:
            yield f"{name} logs all"
    told = [field for _, delivery in each(t, "AWS::Logs::Delivery") for field in delivery.get("RecordFields", ["all"])]
    if "date" not in told or any(re.search(r"all|uri|Referer|Cookie|query", field) for field in told):
        yield "EdgeLog"
    for name, policy in each(t, "AWS::Logs::ResourcePolicy"):
        for said in json.loads(policy["PolicyDocument"])["Statement"]:
            if said["Principal"] != {"Service": "delivery.logs.amazonaws.com"} or not said.get("Condition"):
                yield name
