"""Findings of cdk-nag that stay, by rule, with where and why. A rule counts once, however many packs and resources have it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.infra.nag import Finding

MOST = 15


@dataclass(frozen=True)
class Acknowledged:
    """`where` is a pattern of the construct's path; a finding anywhere else is one that nobody acknowledged."""

    rule: str
    where: str
    why: str

    def covers(self, finding: Finding) -> bool:
        return finding.rule == self.rule and re.search(self.where, finding.construct) is not None


FUNCTION = r"/Functions/\w+$"
ACKNOWLEDGED = (
    Acknowledged("APIG4", r"/v1/health/GET$", "Health tells whether the service is up and nothing else; monitors have no token."),
    Acknowledged(
        "COG4",
        r"-serving/Api/Rest/",
        "One authorizer function checks the JWT of any issuer, Cognito's too, and the route's scope (decision 0006).",
    ),
    Acknowledged(
        "IAM5",
        r"",
        "Patterns stay below a prefix of this deployment's own names; each resource that is a bare * has its reason in"
        " tests/infra/rules.py, and docs/rights.md, which a test keeps true, shows every one.",
    ),
    Acknowledged(
        "IAMNoInlinePolicy",
        r"Policy$",
        "A policy belongs to the one role that it is made for, and goes with it; nobody else can attach it.",
    ),
    Acknowledged(
        "VPCDefaultSecurityGroupClosed",
        r"-data/Network/Vpc$",
        "Closing it takes a function of the CDK's own with rights on security groups; nothing is in that group (a test says so).",
    ),
    Acknowledged(
        "LambdaInsideVPC",
        FUNCTION,
        "In the network are only functions that mount the model folder: the others reach AWS's services by their own names over"
        " TLS, and an interface endpoint for each would cost more than all else (decision 0003).",
    ),
    Acknowledged(
        "LambdaDLQ",
        FUNCTION,
        "These functions are called for an answer, by API Gateway, Step Functions or the queue's poller, which keep what failed;"
        " those that are called by an event have a queue for it.",
    ),
    Acknowledged(
        "LambdaConcurrency",
        FUNCTION,
        "A new account cannot reserve any: the context's lambda_concurrency does it where it can; the stage throttles.",
    ),
    Acknowledged(
        "LambdaTracing", FUNCTION, "X-Ray keeps its traces under a key that is not ours; functions handle clinical text."
    ),
    Acknowledged("APIGWXrayEnabled", r"/DeploymentStage\.prod$", "The same: a trace would hold paths and addresses."),
    Acknowledged("APIGWCacheEnabledAndEncrypted", r"/DeploymentStage\.prod$", "A cache would hold predictions on clinical text."),
    Acknowledged(
        "LambdaEventSourceMappingDestination",
        r"/OnUpload/SqsEventSource",
        "Lambda takes no such destination for a queue: the queue's own redrive policy keeps what failed.",
    ),
    Acknowledged(
        "SQSRedrivePolicy",
        r"/(DeadLetters|Missed)$",
        "These queues are where messages end: nothing lies behind them but people, whom an alarm calls.",
    ),
    Acknowledged(
        "S3BucketReplicationEnabled",
        r"-data/DataBucket/|-site/Page$",
        "Clinical data stays in its region: versions and a retained bucket guard against loss; the page's files are built anew.",
    ),
    Acknowledged(
        "S3DefaultEncryptionKMS",
        r"-data/DataBucket/AccessLogs$",
        "S3 cannot write access logs under a key of one's own; they are encrypted by S3, and hold keys of objects, no text.",
    ),
)
