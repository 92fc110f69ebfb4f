"""The functions' own metrics: counts and seconds as one line of the log in CloudWatch's embedded format, never text."""

from __future__ import annotations

from aws_lambda_powertools.metrics import EphemeralMetrics

NAMESPACE = "Chartloop"
UNITS = {"Repaired": "Count", "OldestRunSeconds": "Seconds", "ForReview": "Count", "Forgotten": "Count", "Removed": "Count"}
"""Every metric that there is; infra/alarms.py watches them."""


def put(deployment: str, **values: float) -> None:
    """Metrics by name; their one dimension `service` is the deployment's name, so that two share an account."""
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=deployment)
    for name, value in values.items():
        metrics.add_metric(name=name, unit=UNITS[name], value=value)
    metrics.flush_metrics()
