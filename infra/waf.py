"""The firewall in front of the API: AWS's common rules and known bad inputs, and a limit on requests from one address."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_kms as kms
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.logs import Log
from infra.names import Names

REQUESTS_PER_ADDRESS = 3000
"""In five minutes. The page's visitors reach the API from addresses of CloudFront's, many to one; 429 comes from the stage."""
TEXT_ROUTES = "/v1/tasks/[^/]+/(records|uploads|predict)$"
"""Where bodies are large and clinical notes, which look like anything: no rule on bodies may refuse one."""
CORE = "awswaf:managed:aws:core-rule-set:"
ON_BODIES = ("SizeRestrictions", "EC2MetaDataSSRF", "GenericLFI", "GenericRFI", "CrossSiteScripting")
"""The common rules that read a body: rule `X_BODY` leaves the label `X_Body`."""
QUOTING = f"{CORE}CrossSiteScripting_Body"
"""The one whose log entry quotes what it found: such an entry is not kept."""


class Firewall(Construct):
    """A web ACL; `over` is REGIONAL for an API's stage, CLOUDFRONT (in us-east-1 alone) for a distribution."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.IKey, prod: bool, over: str = "REGIONAL") -> None:
        super().__init__(scope, "Firewall")
        name = f"{names.name}-{over.lower()}"
        self._acl = wafv2.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope=over,
            default_action={"allow": {}},
            visibility_config=_seen(name),
            rules=[
                _managed(0, "AWSManagedRulesKnownBadInputsRuleSet"),
                _managed(1, "AWSManagedRulesCommonRuleSet", counted=[f"{rule}_BODY" for rule in ON_BODIES]),
                _bodies(2),
                _rate(3),
            ],
        )
        group = f"aws-waf-logs-{name}"
        self._write(Log(self, "Log", name=group, key=key, prod=prod, audit=True), names.arn("logs", f"log-group:{group}"))

    @property
    def arn(self) -> str:
        return self._acl.attr_arn

    def guard(self, arn: str) -> wafv2.CfnWebACLAssociation:
        return wafv2.CfnWebACLAssociation(self, "Guarded", resource_arn=arn, web_acl_arn=self.arn)

    def _write(self, log: Log, group: str) -> None:
        """A log without tokens and queries, and without the entries that quote a body."""
        quoting = {"Conditions": [{"LabelNameCondition": {"LabelName": QUOTING}}], "Requirement": "MEETS_ANY"}
        hidden = wafv2.CfnLoggingConfiguration.FieldToMatchProperty
        logging = wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.arn,
            log_destination_configs=[group],  # not the log group's own ARN, which ends in `:*`
            redacted_fields=[hidden(single_header={"Name": "authorization"}), hidden(query_string={})],
            logging_filter={"DefaultBehavior": "KEEP", "Filters": [{"Behavior": "DROP", **quoting}]},
        )
        logging.node.add_dependency(log)


def _managed(priority: int, name: str, counted: list[str] | None = None) -> dict[str, Any]:
    """A rule group of AWS's; those of its rules that are `counted` only leave their label."""
    overrides = [{"name": rule, "actionToUse": {"count": {}}} for rule in counted or []]
    group = {"vendorName": "AWS", "name": name, "ruleActionOverrides": overrides}
    return {
        "name": name,
        "priority": priority,
        "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": group},
        "visibilityConfig": _seen(name),
    }


def _bodies(priority: int) -> dict[str, Any]:
    """Refuses what the common rules said of a body, but on the routes that take text."""
    said = [{"labelMatchStatement": {"scope": "LABEL", "key": f"{CORE}{rule}_Body"}} for rule in ON_BODIES]
    path = {
        "fieldToMatch": {"uriPath": {}},
        "regexString": TEXT_ROUTES,
        "textTransformations": [{"priority": 0, "type": "NONE"}],
    }
    elsewhere = {"notStatement": {"statement": {"regexMatchStatement": path}}}
    return {
        "name": "Bodies",
        "priority": priority,
        "action": {"block": {}},
        "statement": {"andStatement": {"statements": [{"orStatement": {"statements": said}}, elsewhere]}},
        "visibilityConfig": _seen("Bodies"),
    }


def _rate(priority: int) -> dict[str, Any]:
    return {
        "name": "Rate",
        "priority": priority,
        "action": {"block": {}},
        "statement": {"rateBasedStatement": {"limit": REQUESTS_PER_ADDRESS, "aggregateKeyType": "IP"}},
        "visibilityConfig": _seen("Rate"),
    }


def _seen(name: str) -> dict[str, Any]:
    """Counted, never sampled: a sample holds a request's headers."""
    return {"cloudWatchMetricsEnabled": True, "metricName": name, "sampledRequestsEnabled": False}
