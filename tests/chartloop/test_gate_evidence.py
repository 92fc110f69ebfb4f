"""Whatever the reports hold, a promotion has its evidence, and the same reports have the same verdict."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop.scores import ScoreReport
from chartloop.verdicts import PolicyName
from tests.reports import OLD, f1, group, part, report
from tests.verdicts import judged

figures = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([float("nan"), float("inf"), 0.5, 0.7]))


rows = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 100)), min_size=0, max_size=12)


@st.composite
def reports(draw: st.DrawFn, role: str) -> ScoreReport | None:
    groups = [group(f"g{n}", right, 10 - right, 10 - right, correct) for n, (right, correct) in enumerate(draw(rows))]
    metrics = {"entity_f1": f1(sum(g.tp or 0 for g in groups), 1, 1), "token_accuracy": 0.8}
    metrics |= draw(st.dictionaries(st.sampled_from(["entity_f1", "token_accuracy"]), figures))
    changes = {"holdout": draw(st.sampled_from(["ab" * 32] * 4 + ["cd" * 32]))}
    return draw(st.sampled_from([report(role, groups, settled=part(groups, metrics=metrics), **changes)] * 5 + [None]))


@settings(max_examples=200, deadline=None)
@given(reports("candidate"), reports("champion"), st.sampled_from(["spec", "strict"]), st.booleans())
def test_a_promotion_always_has_its_evidence(
    ours: ScoreReport | None, theirs: ScoreReport | None, policy: PolicyName, in_service: bool
) -> None:
    verdict = judged(ours, theirs, policy, champion_version=OLD if in_service else None)
    assert verdict == judged(ours, theirs, policy, champion_version=OLD if in_service else None)
    assert not (verdict.policies["strict"] == "promote" and verdict.policies["spec"] == "keep")
    if verdict.verdict == "keep":
        return
    assert ours is not None and ours.settled.per_group
    own = ours.settled.metrics
    assert all(value is not None and value > 0.5 for value in (own["entity_f1"], own["token_accuracy"]))
    if verdict.champion is None:
        return
    assert theirs is not None and theirs.holdout == ours.holdout
    assert own["token_accuracy"] > (theirs.settled.metrics["token_accuracy"] or 0)  # type: ignore[operator]
    if policy == "strict" and verdict.verdict == "promote":
        assert verdict.interval is not None and verdict.interval["low"] > 0
