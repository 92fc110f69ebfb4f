"""The headers of every answer under the site's origin: what the page may load, whom it may ask, and who may frame it."""

from __future__ import annotations

from urllib.parse import urlsplit

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from infra.identity import Identity
from infra.names import Names

NOTHING = ("default-src", "object-src", "base-uri", "frame-ancestors")
OWN = ("script-src", "style-src", "font-src", "manifest-src", "form-action")


class Headers(cloudfront.ResponseHeadersPolicy):
    """Of the API's answers too: what shares the origin shares its rules. `identity` signs tokens, or else `issuer`."""

    def __init__(self, scope: Construct, *, names: Names, issuer: str, identity: Identity | None) -> None:
        super().__init__(
            scope,
            "Headers",
            response_headers_policy_name=f"{names.name}-{names.region}",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=policy([*_signs(names, issuer, identity), _uploads(names)]), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(365), include_subdomains=True, override=True
                ),
            ),
        )


def _signs(names: Names, issuer: str, identity: Identity | None) -> list[str]:
    """The origins that the page signs in at."""
    if identity is not None:
        return [f"https://cognito-idp.{names.region}.{Aws.URL_SUFFIX}", identity.domain.base_url()]
    there = urlsplit(issuer)
    return [f"{there.scheme}://{there.netloc}"]


def _uploads(names: Names) -> str:
    """Where adapters/s3.py presigns addresses for large files."""
    return f"https://{names.bucket}.s3.{names.region}.{Aws.URL_SUFFIX}"


def policy(asked: list[str]) -> str:
    """The Content-Security-Policy: scripts and styles are files of the page's own; requests elsewhere get tokens or put files."""
    rules = [*(f"{what} 'none'" for what in NOTHING), *(f"{what} 'self'" for what in OWN), "img-src 'self' data:"]
    return "; ".join([*rules, " ".join(["connect-src 'self'", *asked]), "require-trusted-types-for 'script'"])
