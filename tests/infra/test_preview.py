"""What is said before a deployment, over templates that were really synthesized."""

from __future__ import annotations

import copy
from typing import Any

from botocore.exceptions import NoCredentialsError

from chartloop.tasks import TASKS
from infra.context import Context
from infra.preview import report, standing, templates, where
from tests.infra.templates import Templates


def by_stack(cloud: Templates) -> dict[str, Any]:
    return {f"chartloop-{name}": template for name, template in cloud.stacks.items()}


def test_it_says_what_will_be_done_how_it_works_and_what_it_costs(cloud: Templates) -> None:
    stacks = by_stack(cloud)
    there = copy.deepcopy(stacks["chartloop-data"])
    name, resource = next(iter(there["Resources"].items()))
    there["Resources"][name] = {**resource, "Type": "AWS::Other::Thing"}
    there["Resources"]["Gone"] = resource
    said = "\n".join(report(Context(), stacks, lambda stack: there if stack == "chartloop-data" else None))
    assert "compute jobs, serving realtime, environment dev" in said
    assert "0 to make, 1 to change, 1 to take away" in said
    assert said.count("all new") == len(stacks) - 1
    assert "2 x AWS::KMS::Key" in said and "its endpoint" in said and "83.95 USD a month" in said
    assert all(f"a run of {task} on 1,000 records: about" in said for task in TASKS)


def test_account_and_region_are_those_of_the_synth(cloud: Templates) -> None:
    assert where(cloud.folder) == {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "us-east-1"}
    assert set(templates(cloud.folder, Context())) == set(by_stack(cloud))


def test_without_credentials_it_still_says_what_it_can(cloud: Templates) -> None:
    def refused(_stack: str) -> None:
        raise NoCredentialsError

    assert "could not be read" in "\n".join(report(Context(), by_stack(cloud), refused))


def test_a_cap_that_forbids_a_run_is_told_before_it_is_deployed(cloud: Templates) -> None:
    said = "\n".join(report(Context(run_cost_cap_usd=0.01), by_stack(cloud), lambda _: None))
    assert "over the cap of 0.01 USD: such a run is refused" in said


def test_interface_endpoints_are_priced(by_notebook: Templates) -> None:
    found = dict(standing(Context(compute="notebook"), by_notebook.stacks.values()))
    (priced,) = [usd for what, usd in found.items() if "interface endpoints" in what]
    assert priced is not None and priced >= 14.6
