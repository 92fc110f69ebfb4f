"""CloudFront's response headers policy, kept for the local page's answers: one definition, on AWS and here."""

from __future__ import annotations

from typing import Any

from local.server import LocalCloud

Properties = dict[str, Any]


def headers_policy(cloud: LocalCloud, name: str, properties: Properties) -> tuple[str, dict[str, str]]:
    """(its id, its attributes)."""
    chosen = properties["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    transport = chosen["StrictTransportSecurity"]
    below = "; includeSubDomains" if str(transport["IncludeSubdomains"]).lower() == "true" else ""
    cloud.page_headers.update(
        {
            "Content-Security-Policy": chosen["ContentSecurityPolicy"]["ContentSecurityPolicy"],
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": chosen["FrameOptions"]["FrameOption"],
            "Referrer-Policy": chosen["ReferrerPolicy"]["ReferrerPolicy"],
            "Strict-Transport-Security": f"max-age={transport['AccessControlMaxAgeSec']}{below}",
        }
    )
    return name, {"Id": name}
