"""What a run would cost and how long it would take, before it starts; and what its jobs did cost, after.

An estimate stands on the tables below, which are assumptions: rough, on the slow side, for a model of BERT's size. What a run
really cost is counted from the seconds that SageMaker bills, at the prices of the day on which the run started.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chartloop import prices, tasks
from chartloop.errors import InvalidRequest
from chartloop.seams import Item, JobState
from chartloop.settings import Settings
from chartloop.task import Task, TaskSettings

BILLED_START_SECONDS = 150
"""Of each job: its image is pulled and its inputs are copied while the machine is paid for."""
BYTES_PER_RECORD = 3000
"""Of a batch that was taken in before shards knew their sizes."""
BYTES_PER_TOKEN = 6
"""Of a stored line, its labels and ids included: English notes have 4 to 5 characters a token."""
RECORDS_PER_SECOND = 1000
"""Prepare, on one machine."""
CPU_TOKENS_PER_SECOND = 300
"""Embed, score and transform, a virtual CPU."""
GPU_TOKENS_PER_SECOND = {
    "g4dn": 4000, "g5": 12000, "g6": 10000, "g6e": 20000, "p3": 9000, "p4d": 40000, "p5": 80000,
}  # fmt: skip
"""Train, a GPU, by family: forward and backward. Score and transform of a language model too, which write piece by piece."""
SLOWEST_GPU = 4000
TRAINING = ("train", "tune")
"""Steps on the machines that train."""
CPUS = {"medium": 2, "large": 2, "xlarge": 4}
GPUS = {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8, "p3.8xlarge": 4, "p3.16xlarge": 8, "p4d.24xlarge": 8}
ASSUMPTIONS = (
    f"{BILLED_START_SECONDS} billed seconds before a job works",
    f"{BYTES_PER_TOKEN} stored bytes a token",
    f"{CPU_TOKENS_PER_SECOND} tokens a second and virtual CPU for embed, score and transform",
    f"{RECORDS_PER_SECOND} records a second for prepare",
    "tokens a second and GPU for train, and for score and transform of a language model: "
    + ", ".join(f"{family} {pace:,}" for family, pace in GPU_TOKENS_PER_SECOND.items()),
    "a byte is as much work for any encoder, ten times that for a language model, a fiftieth for trees",
    f"a spot machine costs {prices.SPOT:.0%} of the list price",
)


@dataclass(frozen=True)
class Work:
    """What a run has to do."""

    train: int
    holdout: int
    new: int
    train_bytes: int
    holdout_bytes: int
    embedded: bool
    """Whether all but the new records have their vectors already."""
    compared: bool
    """Whether a champion is scored as well."""

    @property
    def tokens(self) -> int:
        return (self.train_bytes + self.holdout_bytes) // BYTES_PER_TOKEN


def work_of(owner: Item, batches: Iterable[Item], new: int) -> Work:
    """From the TASK item and the batches that count."""
    shards = {side: [batch[side] for batch in batches if batch[side]] for side in ("train", "holdout")}
    records = {side: sum(shard["records"] for shard in found) for side, found in shards.items()}
    sizes = {side: sum(_size(shard) for shard in found) for side, found in shards.items()}
    return Work(
        train=records["train"], holdout=records["holdout"], new=new, train_bytes=sizes["train"], holdout_bytes=sizes["holdout"],
        embedded=owner["embeddings"] is not None, compared=owner["champion"] is not None,
    )  # fmt: skip


def _size(shard: Mapping[str, Any]) -> int:
    return int(shard.get("bytes", shard["records"] * BYTES_PER_RECORD))


def estimate(task: str, work: Work, chosen: TaskSettings, settings: Settings) -> dict[str, Any]:
    """The Cost of docs/contracts/cost.schema.json: steps with seconds and dollars, the whole, and whether the cap allows it."""
    entry = tasks.find(task)
    left_out = {*(() if entry.embeds else ("embed",)), *(() if chosen.tuning.max_jobs else ("tune",))}
    seconds = {name: its for name, its in _seconds(work, chosen, entry, settings).items() if name not in left_out}
    times = {"tune": (chosen.tuning.rounds, chosen.tuning.max_jobs)}
    steps = [_step(name, its, entry, settings, times.get(name, (1, 1))) for name, its in seconds.items()]
    took = {step["name"]: step["seconds"] for step in steps}
    usd = _total(steps)
    cap = settings.run_cost_cap_usd or None
    return {
        "task": task,
        "records": {"train": work.train, "holdout": work.holdout, "new": work.new},
        "tokens": work.tokens,
        "steps": steps,
        "seconds": took["prepare"] + max(took.get("embed", 0), took["train"] + took.get("tune", 0)) + took["score"],
        "usd": usd,
        "spot": settings.spot,
        "cap_usd": cap,
        "allowed": cap is None or (usd is not None and usd <= cap),
        "endpoint_usd_per_month": standing(entry.placed(settings)),
        "prices": {"date": prices.DATE, "source": prices.SOURCE, "region": settings.region},
        "assumptions": list(ASSUMPTIONS),
    }


def standing(settings: Settings) -> float | None:
    """US dollars a month of the endpoint that a promotion leaves behind; 0 where it sleeps while nobody asks."""
    if settings.serving != "realtime":
        return 0.0
    return prices.monthly(settings.instance_type, settings.region, settings.serving_instances)


def hold_cap(found: Mapping[str, Any]) -> None:
    """Raises InvalidRequest (cost_cap) where the cap forbids the run."""
    if found["allowed"]:
        return
    usd = "a machine without a known price" if found["usd"] is None else f"about {found['usd']:.2f} USD"
    raise InvalidRequest(
        f"a run now takes {usd}, and the cap is {found['cap_usd']:.2f} USD: raise run_cost_cap_usd, or train less",
        code="cost_cap",
    )


def of_transform(task: str, size: int, settings: Settings) -> dict[str, Any]:
    """`seconds` and `usd` of a batch transform of so many bytes on one machine. Raises InvalidRequest (cost_cap)."""
    entry = tasks.find(task)
    instance = entry.placed(settings).transform_instance
    pace = _pace(instance, gpu=entry.on_gpu(settings))
    seconds = BILLED_START_SECONDS + round(size / BYTES_PER_TOKEN / pace)
    rate = prices.hourly(instance, settings.region)
    usd = None if rate is None else round(seconds / 3600 * rate, 4)
    cap = settings.run_cost_cap_usd
    if cap and (usd is None or usd > cap):
        takes = "a machine without a known price" if usd is None else f"about {usd:.2f} USD"
        raise InvalidRequest(f"this transform takes {takes}, and the cap is {cap:.2f} USD: send less at once", code="cost_cap")
    return {"seconds": seconds, "usd": usd, "instance": instance}


def rates(task: str, settings: Settings) -> dict[str, float | None]:
    """US dollars an hour by step, of all its machines, at today's list price."""
    entry = tasks.find(task)
    return {name: _rate(name, entry, settings) for name in ("prepare", "embed", "train", "tune", "score")}


def of_jobs(states: Iterable[JobState], rate: float | None) -> float | None:
    """What the jobs of a step have cost so far; None where none ran, or where the price is not known."""
    billed = [state.billed if state.billed is not None else _ran(state) for state in states]
    seconds = [one for one in billed if one is not None]
    return round(sum(seconds) / 3600 * rate, 4) if seconds and rate is not None else None


def _ran(state: JobState) -> float | None:
    return state.ended - state.started if state.started is not None and state.ended is not None else None


def _seconds(work: Work, chosen: TaskSettings, task: Task, settings: Settings) -> dict[str, int]:
    """Seconds of each step, on as many machines as it has."""
    processing = _pace(settings.processing_instance)
    share = work.new / max(1, work.train + work.holdout) if work.embedded else 1.0
    weight = chosen.hyperparameters.weight
    scored = work.holdout_bytes / BYTES_PER_TOKEN * weight * (2 if work.compared else 1)
    trained = work.train_bytes / BYTES_PER_TOKEN * weight * chosen.hyperparameters.passes
    sharded = settings.processing_instances
    paces = {
        "prepare": (work.train + work.holdout) / RECORDS_PER_SECOND / sharded,
        "embed": work.tokens * min(1.0, share) / processing / sharded,
        "train": trained / (gpu_pace(settings.training_instance) * settings.training_instances),
        "tune": trained / (gpu_pace(settings.training_instance) * settings.training_instances),
        "score": scored / _pace(task.scored_on(settings), gpu=task.scored_on_gpu(settings)),
    }
    return {name: BILLED_START_SECONDS + round(seconds) for name, seconds in paces.items()}


def _step(name: str, seconds: int, task: Task, settings: Settings, times: tuple[int, int]) -> dict[str, Any]:
    """`times`: how often these seconds pass, and how often they are paid for."""
    instance, count = _machines(name, task, settings)
    rate = _rate(name, task, settings)
    share = prices.SPOT if name in TRAINING and settings.spot else 1.0
    usd = None if rate is None else round(times[1] * seconds / 3600 * rate * share, 4)
    return {"name": name, "instance": instance, "instances": count, "seconds": times[0] * seconds, "usd": usd}


def _machines(name: str, task: Task, settings: Settings) -> tuple[str, int]:
    """(type, how many) of a step; score is never split."""
    if name in TRAINING:
        return settings.training_instance, settings.training_instances
    if name == "score":
        return task.scored_on(settings), 1
    return settings.processing_instance, settings.processing_instances


def _rate(name: str, task: Task, settings: Settings) -> float | None:
    instance, count = _machines(name, task, settings)
    price = prices.hourly(instance, settings.region)
    return None if price is None else round(price * count, 4)


def _total(steps: Iterable[Mapping[str, Any]]) -> float | None:
    found = [step["usd"] for step in steps]
    return None if None in found else round(sum(found), 2)


def _pace(instance: str, *, gpu: bool = False) -> float:
    """Tokens a second of one machine, by its GPUs where they are what computes."""
    return gpu_pace(instance) if gpu else CPU_TOKENS_PER_SECOND * cpus(instance)


def cpus(instance: str) -> int:
    """Virtual CPUs, by the size in the type's name; the smallest for a size that is no size."""
    size = instance.rpartition(".")[2]
    if size in CPUS:
        return CPUS[size]
    times = size.removesuffix("xlarge")
    return 4 * int(times) if times.isdigit() else 2


def gpu_pace(instance: str) -> float:
    """Tokens a second of all GPUs of a machine."""
    family, _, size = instance.removeprefix("ml.").partition(".")
    count = GPUS.get(f"{family}.{size}", 1 if family == "p3" else GPUS.get(size, 1))
    return GPU_TOKENS_PER_SECOND.get(family, SLOWEST_GPU) * count
