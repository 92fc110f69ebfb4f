"""Rules of our own, where cdk-nag is blind: each has a name, the reason for it, and a function that finds what breaks it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chartloop.instances import has_own_disks
from tests.infra.asl import machines
from tests.infra.templates import Templates

Find = Callable[[Templates], Iterator[str]]
Properties = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    why: str
    find: Find
    only: str = ""
    """The assembly that it is for; empty: every one."""


RULES: dict[str, Rule] = {}
"""By name."""


def rule(why: str, *, only: str = "") -> Callable[[Find], Find]:
    """Registers a finder, which yields what breaks the rule, under its function's name."""

    def register(find: Find) -> Find:
        RULES[find.__name__] = Rule(why, find, only)
        return find

    return register


def each(t: Templates, kind: str) -> Iterator[tuple[str, Properties]]:
    for name, resource in t.all(kind).items():
        yield name, resource.get("Properties", {})


def jobs(t: Templates) -> Iterator[tuple[str, Properties]]:
    """The request of every job in the state machine, by state; of a tuning its trials', of a notebook its training job's."""
    for machine in machines(t.definition()):
        for name, state in machine["States"].items():
            if ":sagemaker:" in state.get("Resource", ""):
                yield name, state["Parameters"].get("TrainingJobDefinition", state["Parameters"])
            elif state.get("Resource", "").endswith(".waitForTaskToken"):
                yield name, state["Parameters"]["Payload"]["training"]


def cluster(request: Properties) -> Properties:
    found: Properties = request.get("ResourceConfig") or request["ProcessingResources"]["ClusterConfig"]
    return found


@rule("A job that reads clinical text must have no way to send it anywhere")
def jobs_have_no_network(t: Templates) -> Iterator[str]:
    for name, request in jobs(t):
        if not request.get("NetworkConfig", request).get("EnableNetworkIsolation"):
            yield name


@rule("Machines of one job exchange text and gradients over the network")
def traffic_between_containers_is_encrypted(t: Templates) -> Iterator[str]:
    for name, request in jobs(t):
        if not request.get("NetworkConfig", request).get("EnableInterContainerTrafficEncryption"):
            yield name


@rule("A job's disk holds the text that it works on")
def volumes_of_jobs_are_under_the_key(t: Templates) -> Iterator[str]:
    for name, request in jobs(t):
        machine = cluster(request)
        kind = machine.get("InstanceType", "")
        if "DataKey" not in machine.get("VolumeKmsKeyId", "") and not (kind and has_own_disks(kind)):
            yield name


@rule("What a job writes is derived from text, or is text")
def outputs_of_jobs_are_under_the_key(t: Templates) -> Iterator[str]:
    for name, request in jobs(t):
        output = request.get("OutputDataConfig") or request["ProcessingOutputConfig"]
        if "DataKey" not in output.get("KmsKeyId", ""):
            yield name


@rule("A model that was trained by a role that sees the holdout proves nothing by its score")
def the_holdout_is_scored_by_its_own_role(t: Templates) -> Iterator[str]:
    for name, request in jobs(t):
        reads = "$.uris.holdout" in json.dumps(request)
        if reads != ("ScoreRole" in request["RoleArn"]):
            yield name


@rule("What goes through the state machine must not reach its log")
def executions_log_no_data(t: Templates) -> Iterator[str]:
    for name, machine in each(t, "AWS::StepFunctions::StateMachine"):
        logging = machine.get("LoggingConfiguration", {})
        if logging.get("IncludeExecutionData") is not False or logging.get("Level") not in ("ERROR", "ALL"):
            yield name


@rule("Data tracing writes whole requests and answers into a log")
def the_gateway_traces_no_data(t: Templates) -> Iterator[str]:
    for name, stage in each(t, "AWS::ApiGateway::Stage"):
        if any(setting.get("DataTraceEnabled") is not False for setting in stage.get("MethodSettings", [{}])):
            yield name


@rule("A path or a query may hold what a caller took from a record")
def access_logs_hold_routes_only(t: Templates) -> Iterator[str]:
    known = {"requestId", "requestTime", "httpMethod", "resourcePath", "status", "responseLength", "responseLatency"}
    for name, stage in each(t, "AWS::ApiGateway::Stage"):
        shown = re.findall(r"\$context\.([\w.]+)", stage.get("AccessLogSetting", {}).get("Format", "$context.nothing"))
        if not set(shown) <= known | {"authorizer.sub"}:
            yield f"{name} shows {shown}"


@rule("X-Ray keeps traces under a key that is not ours; functions and the gateway handle text")
def texts_are_not_traced(t: Templates) -> Iterator[str]:
    yield from (name for name, stage in each(t, "AWS::ApiGateway::Stage") if stage.get("TracingEnabled"))
    yield from (name for name, function in t.functions().items() if "TracingConfig" in function)


@rule("A cache would keep predictions on clinical text")
def the_gateway_caches_nothing(t: Templates) -> Iterator[str]:
    for name, stage in each(t, "AWS::ApiGateway::Stage"):
        if stage.get("CacheClusterEnabled") or any(s.get("CachingEnabled") for s in stage.get("MethodSettings", [])):
            yield name


@rule("Without a limit one caller takes the account's functions from all others")
def the_gateway_throttles(t: Templates) -> Iterator[str]:
    for name, stage in each(t, "AWS::ApiGateway::Stage"):
        every = next((s for s in stage.get("MethodSettings", []) if s["ResourcePath"] == "/*"), {})
        if not (every.get("ThrottlingRateLimit") and every.get("ThrottlingBurstLimit")):
            yield name


@rule("Only health may be asked without a token")
def every_route_has_its_authorizer(t: Templates) -> Iterator[str]:
    for name, method in each(t, "AWS::ApiGateway::Method"):
        guarded = method.get("AuthorizationType") == "CUSTOM" and "AuthorizerId" in method
        if not guarded and not (method["HttpMethod"] == "GET" and "health" in name):
            yield name


@rule("A token that is no token must not start a function")
def the_authorizer_asks_for_bearer_tokens(t: Templates) -> Iterator[str]:
    for name, authorizer in each(t, "AWS::ApiGateway::Authorizer"):
        if not authorizer.get("IdentityValidationExpression", "").startswith("^[Bb]earer ["):
            yield name
        if int(authorizer.get("AuthorizerResultTtlInSeconds", 3600)) > 300:
            yield f"{name} keeps its answer for longer than five minutes"


@rule("A function that anybody may call answers without the authorizer")
def functions_are_called_by_our_own_only(t: Templates) -> Iterator[str]:
    for name, permission in each(t, "AWS::Lambda::Permission"):
        if not str(permission.get("Principal", "*")).endswith(".amazonaws.com") or not permission.get("SourceArn"):
            yield name
    yield from t.all("AWS::Lambda::Url")


@rule("Nothing of a bucket may ever be public")
def buckets_are_private(t: Templates) -> Iterator[str]:
    blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for name, bucket in each(t, "AWS::S3::Bucket"):
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        if not all(blocked.get(block) is True for block in blocks):
            yield name


@rule("Text must not travel in the clear")
def buckets_queues_topics_and_folder_want_tls(t: Templates) -> Iterator[str]:
    kept = [(f"AWS::{kind}", f"AWS::{policy}", key) for kind, policy, key in TLS]
    for kind, policy, key in kept:
        closed = json.dumps([p[key] for _, p in each(t, policy) if _refuses_clear(p["PolicyDocument"])])
        for name, properties in each(t, kind):
            marks = [name, *(str(properties[n]) for n in ("BucketName", "QueueName", "TopicName") if n in properties)]
            if not any(f'"{mark}"' in closed for mark in marks):
                yield name
    for name, folder in each(t, "AWS::EFS::FileSystem"):
        if not _refuses_clear(folder.get("FileSystemPolicy", {"Statement": []})):
            yield name


TLS = (
    ("S3::Bucket", "S3::BucketPolicy", "Bucket"),
    ("SQS::Queue", "SQS::QueuePolicy", "Queues"),
    ("SNS::Topic", "SNS::TopicPolicy", "Topics"),
)


def _refuses_clear(document: Properties) -> bool:
    return any(
        s["Effect"] == "Deny" and s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for s in document["Statement"]
    )


@rule("All that may hold text or tell of it is under the one key, which can be taken away")
def what_is_stored_is_under_the_key(t: Templates) -> Iterator[str]:
    for kind, where in STORED.items():
        for name, properties in each(t, f"AWS::{kind}"):
            if "DataKey" not in json.dumps(_at(properties, where)) and "AccessLogs" not in name and "Page" not in name:
                yield name


STORED = {
    "S3::Bucket": "BucketEncryption",
    "DynamoDB::Table": "SSESpecification.KMSMasterKeyId",
    "EFS::FileSystem": "KmsKeyId",
    "SQS::Queue": "KmsMasterKeyId",
    "SNS::Topic": "KmsMasterKeyId",
    "Logs::LogGroup": "KmsKeyId",
    "Lambda::Function": "KmsKeyArn",
    "Backup::BackupVault": "EncryptionKeyArn",
    "SageMaker::NotebookInstance": "KmsKeyId",
}


def _at(properties: Any, path: str) -> Any:
    for part in path.split("."):
        properties = (properties or {}).get(part)
    return properties


@rule("A flag beside the key that is off stores in the clear")
def encryption_is_switched_on(t: Templates) -> Iterator[str]:
    yield from (name for name, bucket in each(t, "AWS::S3::Bucket") if not bucket.get("BucketEncryption"))
    yield from (name for name, folder in each(t, "AWS::EFS::FileSystem") if folder.get("Encrypted") is not True)
    for name, table in each(t, "AWS::DynamoDB::Table"):
        if table.get("SSESpecification", {}).get("SSEEnabled") is not True:
            yield name


@rule("A key that never changes is worth more every year to whoever has it")
def the_key_rotates(t: Templates) -> Iterator[str]:
    yield from (name for name, key in each(t, "AWS::KMS::Key") if key.get("EnableKeyRotation") is not True)


@rule("A service may use the key for this account, rule or log group only")
def the_key_lets_services_in_by_condition(t: Templates) -> Iterator[str]:
    for name, key in each(t, "AWS::KMS::Key"):
        for statement in key["KeyPolicy"]["Statement"]:
            service = statement.get("Principal", {}).get("Service") if statement.get("Principal") != "*" else "*"
            if service and service != "events.amazonaws.com" and not statement.get("Condition"):
                yield f"{name}: {service}"


@rule("Data outlives the stack that made it")
def data_is_retained(t: Templates) -> Iterator[str]:
    kinds = ("KMS::Key", "S3::Bucket", "DynamoDB::Table", "EFS::FileSystem", "Cognito::UserPool", "Backup::BackupVault")
    for kind in (*kinds, "SageMaker::ModelPackageGroup"):
        for name, resource in t.all(f"AWS::{kind}").items():
            if (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) != ("Retain", "Retain"):
                yield name


@rule("What was overwritten or deleted by mistake must come back")
def data_has_versions(t: Templates) -> Iterator[str]:
    for name, bucket in each(t, "AWS::S3::Bucket"):
        if bucket.get("VersioningConfiguration") != {"Status": "Enabled"}:
            yield name
    for name, table in each(t, "AWS::DynamoDB::Table"):
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            yield name


@rule("Who read which object must be on record")
def the_data_bucket_logs_its_accesses(t: Templates) -> Iterator[str]:
    for name, bucket in each(t, "AWS::S3::Bucket"):
        if "AccessLogs" not in name and not bucket.get("LoggingConfiguration", {}).get("DestinationBucketName"):
            yield name


@rule("Logs that never end grow into an archive that nobody guards")
def logs_end(t: Templates) -> Iterator[str]:
    yield from (name for name, group in each(t, "AWS::Logs::LogGroup") if not group.get("RetentionInDays"))
