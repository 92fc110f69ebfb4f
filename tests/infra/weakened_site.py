"""The site's templates made weaker, one way at least for each of its rules."""

from __future__ import annotations

from typing import Any

from tests.infra.weakened import Stacks, Weaken, of, put


def page_policy(field: str, value: Any) -> Weaken:
    """Changes what lets CloudFront read the page's bucket."""

    def weaken(stacks: Stacks) -> None:
        said = of({"site": stacks["site"]}, "S3::BucketPolicy")["Properties"]["PolicyDocument"]["Statement"]
        next(s for s in said if s["Effect"] == "Allow")[field] = value

    return weaken


SECURITY = "ResponseHeadersPolicyConfig.SecurityHeadersConfig"
LOOSE = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
DATA = "chartloop-data-123456789012-us-east-1"
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's cache policy CachingOptimized."""
WAYS: dict[str, list[Weaken]] = {
    "the_page_is_read_by_its_distribution_alone": [
        put("CloudFront::Distribution", "DistributionConfig.Origins.0.OriginAccessControlId", None),
        put("CloudFront::OriginAccessControl", "OriginAccessControlConfig.SigningBehavior", "never"),
        page_policy("Condition", {"StringLike": {"aws:SourceArn": "arn:aws:cloudfront::*"}}),
        page_policy("Principal", {"AWS": "*"}),
        page_policy("Action", ["s3:GetObject", "s3:PutObject"]),
    ],
    "every_bucket_encrypts": [
        put("S3::Bucket", "BucketEncryption", None, BucketName="chartloop-page-123456789012-us-east-1"),
        put("S3::Bucket", "BucketEncryption", None, BucketName="chartloop-logs-123456789012-us-east-1"),
    ],
    "answers_carry_the_security_headers": [
        put("CloudFront::Distribution", "DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId", None),
        put("CloudFront::Distribution", "DistributionConfig.CacheBehaviors.0.ResponseHeadersPolicyId", None),
        put("CloudFront::ResponseHeadersPolicy", f"{SECURITY}.FrameOptions", None),
        put("CloudFront::ResponseHeadersPolicy", f"{SECURITY}.StrictTransportSecurity.AccessControlMaxAgeSec", 60),
        put("CloudFront::ResponseHeadersPolicy", f"{SECURITY}.ContentSecurityPolicy.ContentSecurityPolicy", LOOSE),
    ],
    "the_api_is_never_cached": [
        put("CloudFront::Distribution", "DistributionConfig.CacheBehaviors.0.CachePolicyId", OPTIMIZED),
        put("CloudFront::Distribution", "DistributionConfig.CacheBehaviors.0.OriginRequestPolicyId", None),
        put("CloudFront::Distribution", "DistributionConfig.CustomErrorResponses", [{"ErrorCode": 403, "ResponseCode": 200}]),
    ],
    "the_site_wants_tls": [
        put("CloudFront::Distribution", "DistributionConfig.ViewerCertificate.MinimumProtocolVersion", "TLSv1"),
        put("CloudFront::Distribution", "DistributionConfig.CacheBehaviors.0.ViewerProtocolPolicy", "allow-all"),
        put("CloudFront::Distribution", "DistributionConfig.Origins.1.CustomOriginConfig.OriginProtocolPolicy", "http-only"),
    ],
    "the_page_alone_uploads_from_a_browser": [
        put("S3::Bucket", "CorsConfiguration.CorsRules.0.AllowedOrigins", ["*"], BucketName=DATA),
        put("S3::Bucket", "CorsConfiguration.CorsRules.0.AllowedOrigins", ["http://*.cloudfront.net"], BucketName=DATA),
        put("S3::Bucket", "CorsConfiguration.CorsRules.0.AllowedMethods", ["PUT", "GET"], BucketName=DATA),
    ],
    "people_come_back_to_the_site_alone": [
        put("Cognito::UserPoolClient", "CallbackURLs", ["https://example.com"], ClientName="people"),
        put("Cognito::UserPoolClient", "LogoutURLs", ["http://page.invalid/"], ClientName="people"),
    ],
    "the_edge_logs_no_paths": [
        put("CloudFront::Distribution", "DistributionConfig.Logging.Bucket", "logs.s3.amazonaws.com"),
        put("Logs::Delivery", "RecordFields", ["date", "cs-uri-stem"]),
        put("Logs::Delivery", "RecordFields", None),
    ],
}
"""By the name of the rule that must notice."""
