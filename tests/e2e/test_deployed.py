"""What a deployment really made, read back: a stack's green status proves little."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from local.resource_types import WITHOUT_EFFECT
from tests.e2e import made
from tests.e2e.conftest import BUCKET, Cloud


@pytest.fixture(scope="module")
def template(cloud: Cloud) -> dict[str, Any]:
    """Every resource of the synthesized app, by logical id."""
    return resources(cloud)


def resources(cloud: Cloud) -> dict[str, Any]:
    """Those of every stack, which no stack may be without."""
    files = sorted((cloud.state / "cdk.out").glob("chartloop-*.template.json"))
    assert len(files) >= 4
    return {name: resource for file in files for name, resource in json.loads(file.read_text())["Resources"].items()}


def of_type(template: dict[str, Any], resource_type: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in template.values() if resource["Type"] == resource_type]


def test_no_property_was_dropped_without_a_decision(cloud: Cloud) -> None:
    assert "neither used nor knowingly left out" not in (cloud.state / "logs" / "cloud.log").read_text()


def test_the_machine_that_runs_is_the_synthesized_one(cloud: Cloud, template: dict[str, Any]) -> None:
    machines = cloud.client("stepfunctions")
    (machine,) = machines.list_state_machines()["stateMachines"]
    definition = machines.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["definition"]
    (made,) = of_type(template, "AWS::StepFunctions::StateMachine")
    literal = made["DefinitionString"]["Fn::Join"][1]
    texts = [part for part in literal if isinstance(part, str)]
    assert len(texts) > 10 and all(text in definition for text in texts)


def test_every_function_has_the_synthesized_settings(cloud: Cloud, template: dict[str, Any]) -> None:
    functions = cloud.client("lambda")
    made = of_type(template, "AWS::Lambda::Function")
    assert len(made) >= 10
    for properties in made:
        found = functions.get_function_configuration(FunctionName=properties["FunctionName"])
        assert found["Handler"] == properties["Handler"] and found["Timeout"] == properties["Timeout"]
        assert set(found["Environment"]["Variables"]) == set(properties["Environment"]["Variables"])
        for name, value in properties["Environment"]["Variables"].items():
            assert not isinstance(value, str) or found["Environment"]["Variables"][name] == value


def test_the_wire_from_an_object_to_the_function_is_there(cloud: Cloud) -> None:
    events, functions = cloud.client("events"), cloud.client("lambda")
    rules = [rule for rule in events.list_rules()["Rules"] if rule["Name"] == "chartloop-uploaded"]
    (pattern,) = [json.loads(rule["EventPattern"]) for rule in rules]
    (target,) = events.list_targets_by_rule(Rule=rules[0]["Name"])["Targets"]
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    assert pattern["detail"]["bucket"]["name"] == [BUCKET]
    assert target["Arn"] == mapping["EventSourceArn"] and mapping["FunctionArn"].endswith(":chartloop-on-upload")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert cloud.client("s3").get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_a_queue_has_its_dead_letter_queue(cloud: Cloud) -> None:
    queues = cloud.client("sqs")
    url = queues.get_queue_url(QueueName="chartloop-uploads")["QueueUrl"]
    policy = json.loads(
        queues.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    )
    assert policy["deadLetterTargetArn"].rsplit(":", 1)[-1] in [
        found.rsplit("/", 1)[-1] for found in queues.list_queues()["QueueUrls"]
    ]


def test_every_method_but_health_and_the_docs_is_guarded(cloud: Cloud) -> None:
    gateway = cloud.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    resources = gateway.get_resources(restApiId=api["id"], limit=500)["items"]
    open_paths = {
        resource["path"]
        for resource in resources
        for method in resource.get("resourceMethods", {}).values()
        if method["authorizationType"] != "CUSTOM" or not method.get("authorizerId")
    }
    assert open_paths <= {"/v1/health", "/v1/docs", "/v1/openapi.json"}
    assert {response["responseType"] for response in gateway.get_gateway_responses(restApiId=api["id"])["items"]} >= {
        "UNAUTHORIZED", "ACCESS_DENIED", "REQUEST_TOO_LARGE", "DEFAULT_4XX", "DEFAULT_5XX",
    }  # fmt: skip


def test_nothing_listens_but_on_the_loopback_address(cloud: Cloud) -> None:
    assert cloud.process is not None
    listening = listeners(family(cloud.process.pid))
    assert listening and {address for address, _ in listening} == {"0100007F"}  # 127.0.0.1 as /proc writes it
    assert cloud.port in {port for _, port in listening}


def family(pid: int) -> set[int]:
    """A process and all that come from it."""
    parents = {
        int(stat.parent.name): int(stat.read_text().rsplit(") ")[-1].split()[1]) for stat in Path("/proc").glob("[0-9]*/stat")
    }
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def listeners(pids: set[int]) -> set[tuple[str, int]]:
    """(address, port) of every listening socket of these processes."""
    held = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                held.add(os.readlink(descriptor))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


def test_every_resource_was_made_or_is_known_to_have_no_effect(cloud: Cloud, template: dict[str, Any]) -> None:
    made_in_full(cloud, template)


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Cloud]:
    """With a user pool of its own, the notebook, the firewall and all that operations can have."""
    told = {"alarm_email": "on-call@hospital.example", "monthly_budget_usd": "500", "run_cost_cap_usd": "20"}
    cloud = Cloud(tmp_path, issuer="", environment="prod", compute="notebook", **told)
    cloud.start()
    yield cloud
    cloud.stop()


@pytest.mark.slow
def test_a_deployment_for_a_hospital_is_made_in_full_too(hospital: Cloud) -> None:
    made_in_full(hospital, resources(hospital))
    test_no_property_was_dropped_without_a_decision(hospital)


def made_in_full(cloud: Cloud, template: dict[str, Any]) -> None:
    """As many of each type as the templates have, by the service's own word; what has no effect here is named with its reason."""
    clients: dict[str, Any] = {}
    wanted = Counter(resource["Type"] for resource in template.values())
    silent = WITHOUT_EFFECT.keys() | made.NOT_SHOWN.keys()
    assert wanted.keys() - made.MADE.keys() - silent == set()
    for kind in sorted(wanted.keys() - silent):
        found = made.MADE[kind](lambda service: clients.setdefault(service, cloud.client(service)))
        assert len(set(found)) >= wanted[kind], (kind, found)
