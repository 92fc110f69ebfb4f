"""Our rules hold on every assembly; each notices the template that breaks it, and no right, flag or alarm changes unseen."""

from __future__ import annotations

import json
import random

import pytest

from tests.infra import rules_access, rules_site, weakened_site  # noqa: F401 (they register their rules)
from tests.infra.mutations import Mutation, mutations
from tests.infra.rights import PAGE, lines, page
from tests.infra.rules import RULES
from tests.infra.templates import Templates
from tests.infra.weakened import WAYS as FIRST
from tests.infra.weakened import Weaken, weakened

SAMPLE = 10
WAYS = {**FIRST, **weakened_site.WAYS}


@pytest.mark.parametrize("assembly", ["cloud", "prod", "by_notebook"])
@pytest.mark.parametrize("name", RULES)
def test_holds(name: str, assembly: str, request: pytest.FixtureRequest) -> None:
    if RULES[name].only in ("", assembly):
        assert list(RULES[name].find(request.getfixturevalue(assembly))) == [], RULES[name].why


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, ways in WAYS.items() for way in ways])
def test_a_weaker_template_is_noticed(name: str, way: Weaken, prod: Templates) -> None:
    assert list(RULES[name].find(weakened(prod, way)))


def test_there_are_thirty_rules_and_each_was_seen_to_fail() -> None:
    assert len(RULES) >= 30
    assert set(RULES) == set(WAYS)
    assert all(len(rule.why) > 20 for rule in RULES.values())


def test_prod_is_protected_from_deletion(prod: Templates) -> None:
    manifest = json.loads((prod.folder / "manifest.json").read_text())["artifacts"].values()
    stacks = [part["properties"] for part in manifest if part["type"] == "aws:cloudformation:stack"]
    assert len(stacks) == len(prod.stacks)
    assert all(stack.get("terminationProtection") is True for stack in stacks)


def test_the_page_of_rights_is_what_is_deployed(cloud: Templates, by_notebook: Templates, indexed: Templates) -> None:
    """Where this fails, look at the difference: `python -m tests.infra.rights` writes the page anew."""
    assert PAGE.read_text() == page(cloud, by_notebook, indexed)


def noticed(whole: Templates, mutation: Mutation) -> bool:
    """By a rule, or by the page of rights."""
    broken = weakened(whole, mutation.change)
    return any(list(rule.find(broken)) for rule in RULES.values() if not rule.only) or list(lines(broken)) != list(lines(whole))


def test_a_sample_of_all_mutations_is_noticed(cloud: Templates) -> None:
    every = list(mutations(cloud))
    assert len(every) > 300
    chosen = random.Random(7).sample(every, SAMPLE)
    assert [mutation.name for mutation in chosen if not noticed(cloud, mutation)] == []


@pytest.mark.slow
@pytest.mark.parametrize("assembly", ["cloud", "by_notebook"])
def test_every_mutation_is_noticed(assembly: str, request: pytest.FixtureRequest) -> None:
    whole: Templates = request.getfixturevalue(assembly)
    assert [mutation.name for mutation in mutations(whole) if not noticed(whole, mutation)] == []
