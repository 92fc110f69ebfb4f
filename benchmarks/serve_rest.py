"""The REST API on one machine against the usual REST peer, FastAPI and uvicorn over a transformers pipeline, in turn, one model.

Run: python -m benchmarks.serve_rest [--seconds S] [--state DIR]. Without a running local cloud's state folder it starts one and
lets it learn. Prints predictions a second, p50 and p95 under 1, 4 and 16 clients, the time outside of our model, and the ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import numpy as np

from benchmarks.train_ner import notes
from client import cloud, config, following
from client.api import Api
from client.http import Http

CLIENTS = (1, 4, 16)
ROUNDS = 3
BUCKET = "chartloop-data-123456789012-us-east-1"
ENOUGH = {"minimum_records": 60, "minimum_new_records": 40, "policy": "spec", "num_train_epochs": 1}

Ask = Callable[[httpx.Client, str], httpx.Response]


@dataclass
class Load:
    """What some clients saw in some seconds: each answer's latency, and how long it went on."""

    latencies: list[float]
    seconds: float
    model_seconds: float = 0.0
    """A prediction, at the model's server and waiting for it; of ours."""

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, part: int) -> float:
        return float(np.percentile(self.latencies, part))


def load(url: str, headers: dict[str, str], ask: Ask, texts: Sequence[str], clients: int, seconds: float) -> Load:
    """Each client asks for one note after the other, and waits for each answer."""
    started = time.perf_counter()

    def one(number: int) -> list[float]:
        found = []
        with httpx.Client(base_url=url, headers=headers, timeout=120, trust_env=False) as client:
            while time.perf_counter() - started < seconds:
                before = time.perf_counter()
                ask(client, texts[(number * 7 + len(found)) % len(texts)]).raise_for_status()
                found.append(time.perf_counter() - before)
        return found

    with ThreadPoolExecutor(clients) as pool:
        found = [latency for its in pool.map(one, range(clients)) for latency in its]
    return Load(found, time.perf_counter() - started)


def ask_ours(client: httpx.Client, text: str) -> httpx.Response:
    return client.post("/v1/tasks/ner/predict", json={"text": text})


def ask_peer(client: httpx.Client, text: str) -> httpx.Response:
    return client.post("/predict", json={"text": text})


def aws(url: str, service: str) -> Any:
    return boto3.client(
        service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )  # fmt: skip


def model_time(url: str) -> tuple[float, float]:
    """(predictions, seconds in the model's server) of the endpoint so far, from SageMaker's own metric."""
    watch, now = aws(url, "cloudwatch"), datetime.now(UTC)
    told = watch.get_metric_statistics(
        Namespace="AWS/SageMaker", MetricName="ModelLatency", Period=86_400, Statistics=["Sum", "SampleCount"],
        Dimensions=[{"Name": "EndpointName", "Value": "chartloop-ner"}, {"Name": "VariantName", "Value": "champion"}],
        StartTime=now - timedelta(days=1), EndTime=now + timedelta(hours=1),
    )["Datapoints"]  # fmt: skip
    return sum(point["SampleCount"] for point in told), sum(point["Sum"] for point in told) / 1e6


def ours(target: config.Target, texts: Sequence[str], clients: int, seconds: float) -> Load:
    before = model_time(target.url)
    found = load(target.url, {"authorization": f"Bearer {target.token}"}, ask_ours, texts, clients, seconds)
    count, spent = (after - earlier for after, earlier in zip(model_time(target.url), before, strict=True))
    found.model_seconds = spent / count
    return found


def trained(url: str, version: str, folder: Path) -> Path:
    """The model in service as the training job left it: the folder that transformers loads."""
    objects = aws(url, "s3")
    listed = objects.list_objects_v2(Bucket=BUCKET, Prefix=f"runs/{version}/train/")["Contents"]
    key = next(each["Key"] for each in listed if each["Key"].endswith("model.tar.gz"))
    objects.download_file(BUCKET, key, str(folder / "model.tar.gz"))
    with tarfile.open(folder / "model.tar.gz") as archive:
        archive.extractall(folder / "trained", filter="data")
    return folder / "trained"


def peer_app(folder: str) -> Any:
    """The usual service: one pipeline, one route; uvicorn's threads wait for it in turn."""
    from fastapi import FastAPI
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

    tokenizer = AutoTokenizer.from_pretrained(folder, model_max_length=512)
    model = AutoModelForTokenClassification.from_pretrained(folder)
    find = pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="simple", stride=64)
    app = FastAPI()

    def predict(body: dict[str, str]) -> list[dict[str, Any]]:
        return [{**entity, "score": float(entity["score"])} for entity in find(body["text"])]

    app.post("/predict")(predict)
    return app


@contextmanager
def peer(folder: Path) -> Iterator[str]:
    """The peer as a process of its own, once it answers."""
    port = cloud.free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.serve_rest", "--peer", str(folder), "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            if process.poll() is not None:
                raise SystemExit(f"the peer ended with status {process.returncode}")
            time.sleep(0.5)
        yield url
    finally:
        cloud.stop(process)


def _answers(url: str) -> bool:
    try:
        return httpx.post(f"{url}/predict", json={"text": "No fever."}, timeout=60, trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def service(state: Path | None, scratch: Path) -> Iterator[config.Target]:
    """The local cloud with a model in service: the one that runs on `state`, or one of our own that learns first."""
    if state is not None:
        yield config.find({}, state)
        return
    own = scratch / "state"
    own.mkdir()
    with cloud.running(cloud.command(own, cloud.free_port(), None), own, scratch / "up.log", time.sleep) as target:
        with Api(Http(target)) as api:
            api.change_settings("ner", ENOUGH)
            records = [{"record_id": each.group, "text": each.text, "entities": each.entities} for each in notes(200)]
            api.post_records("ner", records)
            run_id = next(following.started_since(api, "ner", None, time.sleep, patience=120))
            following.to_the_end(api, run_id, time.sleep, lambda _: None)
        yield target


def table(found: dict[int, tuple[Load, Load]]) -> None:
    print("clients  service       predictions/s    p50 ms    p95 ms  outside the model ms")
    for clients, (mine, its) in found.items():
        outside = 1000 * (statistics.mean(mine.latencies) - mine.model_seconds)
        for name, one, more in (("peer", its, "-"), ("chartloop", mine, f"{outside:.1f}")):
            p50, p95 = (1000 * one.percentile(part) for part in (50, 95))
            print(f"{clients:7}  {name:12}  {one.rate:13.1f}  {p50:8.1f}  {p95:8.1f}  {more:>20}")
        ratios = mine.rate / its.rate, its.percentile(50) / mine.percentile(50), its.percentile(95) / mine.percentile(95)
        print(f"{clients:7}  ratio         {ratios[0]:13.2f}  {ratios[1]:8.2f}  {ratios[2]:8.2f}")


def joined(loads: Sequence[Load]) -> Load:
    """The rounds as one; the model's time is that of the middle one."""
    latencies = [latency for one in loads for latency in one.latencies]
    return Load(latencies, sum(one.seconds for one in loads), statistics.median(one.model_seconds for one in loads))


def main(given: argparse.Namespace) -> None:
    texts = [note.text for note in notes(64)]
    with tempfile.TemporaryDirectory() as scratch, service(given.state, Path(scratch)) as target:
        with Api(Http(target)) as api:
            champion = api.task("ner")["champion"]
        if champion is None:
            raise SystemExit("no model is in service")
        with peer(trained(target.url, champion["version"], Path(scratch))) as its:
            found = {}
            for clients in CLIENTS:
                rounds = [
                    (ours(target, texts, clients, given.seconds), load(its, {}, ask_peer, texts, clients, given.seconds))
                    for _ in range(given.rounds)
                ]
                found[clients] = joined([mine for mine, _ in rounds]), joined([other for _, other in rounds])
            table(found)


def serve_peer(folder: str, port: int) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import uvicorn

    uvicorn.run(peer_app(folder), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each")
    parser.add_argument("--state", type=Path, help="of a local cloud that runs, with a model in service")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    told = parser.parse_args()
    serve_peer(told.peer, told.port) if told.peer else main(told)
