"""The site stack: the page and the API under one origin, by CloudFront; the page's files are in a private bucket."""

from __future__ import annotations

from typing import Any

from aws_cdk import Annotations, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.api import STAGE
from infra.context import Context
from infra.data import DataStack
from infra.edge_log import EDGE_LOGS, EdgeLog
from infra.headers import Headers
from infra.names import Names
from infra.serving import ServingStack
from infra.storage import OLD_VERSIONS_DAYS, PAGE_LOGS, private_bucket

Config = cloudfront.CfnDistribution
TLS = "TLSv1.2_2021"
"""Of visitors. Under CloudFront's own domain the least is CloudFront's, TLS 1.0, which nobody can raise."""
FALLBACK = """function handler(event) {
    var request = event.request;
    if (!request.uri.split('/').pop().includes('.')) request.uri = '/index.html';
    return request;
}
"""
"""An address that is no file's is the page's own. It runs before the bucket alone: the API's errors stay what they are."""


class SiteStack(Stack):
    """Bucket, distribution and headers. The files come by `infra.publish_site`, never by a deployment."""

    def __init__(
        self, scope: Construct, *, context: Context, names: Names, data: DataStack, serving: ServingStack, **options: Any
    ) -> None:
        super().__init__(scope, names.stack("site"), **options)
        self._context = context
        self._names = names
        self.bucket = self._bucket(self._key())
        # The bucket's accesses are written where the data stack lets them in, which nothing in this template refers to.
        self.add_stack_dependency(data)
        headers = Headers(self, names=names, issuer=context.issuer, identity=serving.identity)
        self.distribution = cloudfront.CfnDistribution(self, "Distribution", distribution_config=self._config(serving, headers))
        self._let_in()
        if context.region == EDGE_LOGS:
            EdgeLog(self, names=names, key=data.key, prod=context.prod, distribution=self._distributions(self.distribution.ref))
        CfnOutput(self, "SiteUrl", value=f"https://{context.site_domain or self.distribution.attr_domain_name}")
        CfnOutput(self, "SiteBucket", value=self.bucket.bucket_name)

    def _distributions(self, which: str) -> str:
        return f"arn:{self._names.partition}:cloudfront::{self._names.account}:distribution/{which}"

    def _key(self) -> kms.Key:
        """The page's own, so that CloudFront is never let in at the data key."""
        key = kms.Key(
            self,
            "PageKey",
            description="Encrypts the page's files, which hold nothing clinical",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        # Of the account's distributions the bucket lets in one; the key cannot name it, which is made after the bucket.
        key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=["*"],
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                conditions={"ArnLike": {"aws:SourceArn": self._distributions("*")}},
            )
        )
        return key

    def _bucket(self, key: kms.IKey) -> s3.Bucket:
        page = private_bucket(
            self,
            "Page",
            bucket_name=self._names.page,
            encryption_key=key,
            server_access_logs_bucket=s3.Bucket.from_bucket_name(self, "AccessLogs", self._names.access_logs),
            server_access_logs_prefix=PAGE_LOGS,
            lifecycle_rules=[s3.LifecycleRule(noncurrent_version_expiration=Duration.days(OLD_VERSIONS_DAYS))],
        )
        Annotations.of(page).acknowledge_warning("@aws-cdk/aws-s3:accessLogsPolicyNotAdded", "The data stack lets them in.")
        return page

    def _let_in(self) -> None:
        """This distribution, and nobody else, reads the files."""
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"],
                resources=[self.bucket.arn_for_objects("*")],
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                conditions={"StringEquals": {"aws:SourceArn": self._distributions(self.distribution.ref)}},
            )
        )

    def _config(self, serving: ServingStack, headers: Headers) -> Config.DistributionConfigProperty:
        context = self._context
        shared: dict[str, Any] = {
            "viewer_protocol_policy": "redirect-to-https",
            "response_headers_policy_id": headers.response_headers_policy_id,
        }
        countries = list(context.site_countries)
        return Config.DistributionConfigProperty(
            enabled=True,
            comment=f"{self._names.name}: the page, and the API below /v1/",
            http_version="http2and3",
            ipv6_enabled=True,
            default_root_object="index.html",
            origins=[self._files(), self._api(serving)],
            default_cache_behavior=Config.DefaultCacheBehaviorProperty(
                target_origin_id="page",
                allowed_methods=["GET", "HEAD"],
                compress=True,
                cache_policy_id=cloudfront.CachePolicy.CACHING_OPTIMIZED.cache_policy_id,
                function_associations=[{"eventType": "viewer-request", "functionArn": self._fallback()}],
                **shared,
            ),
            cache_behaviors=[
                Config.CacheBehaviorProperty(
                    path_pattern="/v1/*",
                    target_origin_id="api",
                    allowed_methods=["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
                    cache_policy_id=cloudfront.CachePolicy.CACHING_DISABLED.cache_policy_id,
                    origin_request_policy_id=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER.origin_request_policy_id,
                    **shared,
                )
            ],
            aliases=[context.site_domain] if context.site_domain else None,
            viewer_certificate=_certificate(context),
            restrictions={"geoRestriction": {"restrictionType": "whitelist", "locations": countries}} if countries else None,
            web_acl_id=context.site_firewall or None,
            logging={"includeCookies": False} if context.region == EDGE_LOGS else None,
        )

    def _files(self) -> Config.OriginProperty:
        name = f"{self._names.name}-{self._names.region}"
        access = cloudfront.S3OriginAccessControl(self, "Access", origin_access_control_name=name)
        return Config.OriginProperty(
            id="page",
            domain_name=self.bucket.bucket_regional_domain_name,
            origin_access_control_id=access.origin_access_control_id,
            s3_origin_config={"originAccessIdentity": ""},  # what there is to say with an access control in its place
        )

    def _api(self, serving: ServingStack) -> Config.OriginProperty:
        return Config.OriginProperty(
            id="api",
            domain_name=f"{serving.api.rest.rest_api_id}.execute-api.{self.region}.{self.url_suffix}",
            origin_path=f"/{STAGE}",
            custom_origin_config={"originProtocolPolicy": "https-only", "originSslProtocols": ["TLSv1.2"]},
        )

    def _fallback(self) -> str:
        return cloudfront.Function(
            self,
            "Fallback",
            function_name=f"{self._names.name}-{self._names.region}-page",
            code=cloudfront.FunctionCode.from_inline(FALLBACK),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        ).function_arn


def _certificate(context: Context) -> Config.ViewerCertificateProperty | None:
    """None under CloudFront's own domain, which has its own."""
    if not context.site_certificate:
        return None
    return Config.ViewerCertificateProperty(
        acm_certificate_arn=context.site_certificate, minimum_protocol_version=TLS, ssl_support_method="sni-only"
    )
