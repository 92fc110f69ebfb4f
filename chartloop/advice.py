"""What to do about a run that failed, by the code of its error (docs/contracts/error-codes.md), in a sentence or two."""

from __future__ import annotations

STAGE = "Stage the base model again (chartloop stage-model), then start a run."
SOFTWARE = "This is a fault of the software or of its setup: give this page to who operates the deployment."
DATA = "What is stored is not what the run was started with: see Restore in the runbook, then start a run."
NOTEBOOK = "See worker.log of the run in the data bucket (runs/RUN/notebook/), then start a run."
BY_CODE = {
    "no_capacity": "Start a run later, or name other machines in the deployment's context (training_fallbacks).",
    "quota_exceeded": "Ask AWS for a higher quota of this kind of machine (docs/deploy.md names them), then start a run.",
    "base_model_changed": STAGE,
    "base_model_not_staged": STAGE,
    "export_differs": SOFTWARE,
    "engine_missing": SOFTWARE,
    "artifact_failed": SOFTWARE,
    "bad_score_report": SOFTWARE,
    "snapshot_changed": DATA,
    "shard_changed": DATA,
    "shard_missing": DATA,
    "shard_damaged": DATA,
    "no_training_data": "Nothing of the training side can be learned from: look at the batches' receipts, send labelled records.",
    "promotion_failed": "The candidate was good enough, but could not be put into service. Promote it by hand, or start a run.",
    "cancelled": "Nothing: somebody ended this run. The next record that arrives starts another, or start one by hand.",
    "tuning_failed": "Read the log of one of its training jobs; or start a run without tuning.",
    "interrupted": "See whether the account's limits or a deployment ended the steps, then start a run.",
    "notebook_failed": NOTEBOOK,
    "notebook_stopped": NOTEBOOK,
    "notebook_silent": NOTEBOOK,
    "notebook_deadline": "Allow the notebook more hours (notebook_hours), or train on fewer records.",
    "wheels_not_staged": "Stage what the notebook installs (chartloop stage-wheels), then start a run.",
}
OTHERWISE = "Start a run again. If it fails in the same step, give this page to who operates the deployment."


def on(code: str) -> str:
    return BY_CODE.get(code, OTHERWISE)
