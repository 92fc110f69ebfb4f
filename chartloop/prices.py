"""What AWS asks for what a deployment uses: one dated table, in US dollars, at list price without tax, free tier or discounts.

Where a deployment is not billed (one machine), `region` is empty and every price is 0.
"""

from __future__ import annotations

DATE = "2026-11-21"
"""When the table was written down. It was not read off the pages below by a program: compare before you rely on it."""
SOURCE = "https://aws.amazon.com/sagemaker-ai/pricing/"
"""Machines; each other price is on its service's own page."""
UNBILLED = ""
"""The region of one machine."""

MONTH_HOURS = 730
HOURLY = {
    "ml.t3.medium": 0.05, "ml.t3.large": 0.10, "ml.t3.xlarge": 0.20,
    "ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.m5.2xlarge": 0.461, "ml.m5.4xlarge": 0.922,
    "ml.m6i.large": 0.115, "ml.m6i.xlarge": 0.23, "ml.m6i.2xlarge": 0.461, "ml.m6i.4xlarge": 0.922,
    "ml.c5.large": 0.102, "ml.c5.xlarge": 0.204, "ml.c5.2xlarge": 0.408, "ml.c5.4xlarge": 0.816,
    "ml.c6i.large": 0.102, "ml.c6i.xlarge": 0.204, "ml.c6i.2xlarge": 0.408,
    "ml.g4dn.xlarge": 0.736, "ml.g4dn.2xlarge": 0.94, "ml.g4dn.4xlarge": 1.505, "ml.g4dn.12xlarge": 4.89,
    "ml.g5.xlarge": 1.408, "ml.g5.2xlarge": 1.515, "ml.g5.4xlarge": 2.03, "ml.g5.12xlarge": 7.09, "ml.g5.48xlarge": 20.36,
    "ml.g6.xlarge": 1.127, "ml.g6.2xlarge": 1.222, "ml.g6.4xlarge": 1.654, "ml.g6.12xlarge": 5.752,
    "ml.g6e.xlarge": 2.605, "ml.g6e.2xlarge": 3.138, "ml.g6e.12xlarge": 14.68,
    "ml.p3.2xlarge": 3.825, "ml.p3.8xlarge": 14.688, "ml.p3.16xlarge": 28.152,
    "ml.p4d.24xlarge": 37.688, "ml.p5.48xlarge": 98.32,
}  # fmt: skip
"""By machine, in us-east-1. Jobs, notebooks and endpoints ask the same to within a few hundredths; the highest is noted."""
FACTORS = {
    "us-east-1": 1.0,
    "us-east-2": 1.0,
    "us-west-2": 1.0,
    "us-gov": 1.3,
    "us": 1.2,
    "ca": 1.15,
    "eu": 1.25,
    "ap": 1.35,
    "sa": 1.75,
}
"""By region or the group that its name begins with: how much dearer than us-east-1, rounded up."""
ELSEWHERE = 1.4
SPOT = 0.4
"""Part of the list price that a spot machine is taken to cost; the savings that AWS names are up to 90 %, and never certain."""

INTERFACE_ENDPOINT_HOUR = 0.01
"""In each zone."""
NAT_HOUR = 0.045
MONTHLY = {
    "AWS::KMS::Key": 1.0,
    "AWS::CloudWatch::Alarm": 0.10,
    "AWS::CloudWatch::Dashboard": 3.0,
    "AWS::WAFv2::WebACL": 5.0,
}
"""By CloudFormation's type, for each one that there is. A firewall's rules cost `FIREWALL_RULE` each beside."""
FIREWALL_RULE = 1.0


def factor(region: str) -> float:
    """How much dearer `region` is than us-east-1."""
    if region == UNBILLED:
        return 0.0
    groups = (region, "us-gov" if region.startswith("us-gov") else region.partition("-")[0])
    return next((FACTORS[group] for group in groups if group in FACTORS), ELSEWHERE)


def hourly(instance: str, region: str) -> float | None:
    """US dollars an hour of one machine; None for one that the table does not know."""
    if region == UNBILLED:
        return 0.0
    known = HOURLY.get(instance)
    return None if known is None else round(known * factor(region), 4)


def monthly(instance: str, region: str, count: int = 1) -> float | None:
    """US dollars a month of machines that are always on."""
    price = hourly(instance, region)
    return None if price is None else round(price * MONTH_HOURS * count, 2)
