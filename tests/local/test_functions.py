"""Lambda in the local cloud: answers, errors, warm workers, time limits, EFS mounts, asynchronous retries."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.workers import MOST_WORKERS
from tests.local.conftest import BareCloud, until


def test_a_function_answers_with_what_it_returns_and_knows_where_it_runs(bare: BareCloud) -> None:
    source = """
        import os
        def handler(event, context):
            return {"event": event, "name": context.function_name, "left": context.get_remaining_time_in_millis() > 0,
                    "endpoint": os.environ["AWS_ENDPOINT_URL"], "variable": os.environ["COLOUR"]}
    """
    bare.function("answers", source, Environment={"Variables": {"COLOUR": "blue"}})
    answer, error = bare.invoke("answers", {"text": "ä"})
    assert error is None
    assert answer == {"event": {"text": "ä"}, "name": "answers", "left": True, "endpoint": bare.url, "variable": "blue"}


def test_an_error_keeps_its_class_and_its_message(bare: BareCloud) -> None:
    bare.function("fails", "class Stale(Exception): ...\ndef handler(event, context): raise Stale('another was first')")
    answer, error = bare.invoke("fails")
    assert (answer["errorType"], answer["errorMessage"], error) == ("Stale", "another was first", "Unhandled")


def test_a_handler_that_cannot_be_imported_says_so(bare: BareCloud) -> None:
    bare.function("broken", "import nothing_of_that_name")
    answer, error = bare.invoke("broken")
    assert (answer["errorType"], error) == ("Runtime.ImportModuleError", "Unhandled")


def test_a_worker_is_used_again(bare: BareCloud) -> None:
    bare.function("warm", "import os\ndef handler(event, context): return os.getpid()")
    assert bare.invoke("warm") == bare.invoke("warm")


def test_more_calls_than_workers_wait_for_one(bare: BareCloud, tmp_path: Path) -> None:
    """Each call holds its worker until the file is there, so that a fifth one can but wait."""
    gate = tmp_path / "gate"
    source = f"""
        import os, pathlib, time
        def handler(event, context):
            while not pathlib.Path({str(gate)!r}).exists():
                time.sleep(0.02)
            return os.getpid()
    """
    bare.function("crowded", source)
    with ThreadPoolExecutor(MOST_WORKERS + 3) as pool:
        calls = [pool.submit(bare.invoke, "crowded") for _ in range(MOST_WORKERS + 3)]
        gate.touch()
        answers = [call.result() for call in calls]
    assert {error for _, error in answers} == {None}
    assert len({pid for pid, _ in answers}) <= MOST_WORKERS


def test_a_function_that_takes_too_long_is_ended_and_the_next_call_works(bare: BareCloud) -> None:
    source = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'done'"
    bare.function("slow", source, Timeout=1)
    answer, error = bare.invoke("slow", 30)
    assert (answer["errorType"], error) == ("Sandbox.Timedout", "Unhandled")
    assert bare.invoke("slow", 0) == ("done", None)


def test_a_worker_that_dies_answers_as_aws_does(bare: BareCloud) -> None:
    bare.function("dies", "import os\ndef handler(event, context): os._exit(3)")
    answer, error = bare.invoke("dies")
    assert (answer["errorType"], error) == ("Runtime.ExitError", "Unhandled")


def test_an_access_point_is_mounted_at_its_path_and_is_the_same_folder_for_all(bare: BareCloud) -> None:
    storage = bare.client("efs")
    system = storage.create_file_system(CreationToken="models")["FileSystemId"]
    point = storage.create_access_point(FileSystemId=system, ClientToken="models", RootDirectory={"Path": "/models"})
    source = """
        import os, pathlib
        def handler(event, context):
            path = pathlib.Path(os.environ["FOLDER"], "note.txt")
            if event: path.write_text(event)
            return path.read_text()
    """
    mount = [{"Arn": point["AccessPointArn"], "LocalMountPath": "/mnt/models"}]
    options = {"FileSystemConfigs": mount, "Environment": {"Variables": {"FOLDER": "/mnt/models"}}}
    bare.function("writer", source, **options)
    bare.function("reader", source, **options)
    assert bare.invoke("writer", "kept") == ("kept", None)
    assert bare.invoke("reader") == ("kept", None)
    assert (bare.state / "efs" / "models" / "note.txt").read_text() == "kept"


def test_an_event_invocation_is_tried_three_times(bare: BareCloud, tmp_path: Path) -> None:
    file = tmp_path / "tries"
    source = f"def handler(event, context):\n    open({str(file)!r}, 'a').write('x')\n    raise ValueError('always')"
    bare.function("flaky", source)
    assert bare.invoke("flaky", {}, InvocationType="Event") == (None, None)
    until(lambda: file.exists() and file.read_text() == "xxx")


def test_each_function_has_a_log_file(bare: BareCloud) -> None:
    bare.function("talks", "def handler(event, context): print('said')")
    bare.invoke("talks")
    until(lambda: "said" in (bare.state / "logs" / "lambda" / "talks.log").read_text())


def test_workers_die_with_a_cloud_that_is_killed(tmp_path: Path) -> None:
    cloud = BareCloud(tmp_path)
    cloud.function("left", "import os\ndef handler(event, context): return os.getpid()")
    worker, _ = cloud.invoke("left")
    os.kill(cloud.process.pid, signal.SIGKILL)
    cloud.process.wait()
    until(lambda: not alive(worker))


def test_workers_end_with_a_cloud_that_is_stopped(tmp_path: Path) -> None:
    cloud = BareCloud(tmp_path)
    cloud.function("left", "import os\ndef handler(event, context): return os.getpid()")
    worker, _ = cloud.invoke("left")
    cloud.stop()
    assert not alive(worker)


def alive(process: int) -> bool:
    """Whether a process runs; one that ended and was not yet waited for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(") ")[-1][0]
    except FileNotFoundError:
        return False
    return state not in "ZX"
