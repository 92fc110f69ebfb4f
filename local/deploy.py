"""Deploys the app into the local cloud as it is deployed to AWS: the real CDK command line, the same templates."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chartloop.errors import JobFailed
from local.server import LocalCloud

ROOT = Path(__file__).resolve().parent.parent
CDK = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
SOURCES = ("app.py", "cdk.json", "requirements.lock", "infra", "adapters", "chartloop", "lambdas", "training")
QUIET = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(Path(sys.prefix) / "jsii"),
}
"""No telemetry; and one cache of the CDK's own code for all states, as unpacking it takes half a minute."""


class Deployment:
    """Synthesizes the app with its context, and deploys it. What the command line says goes to `logs/deploy.log`."""

    def __init__(self, cloud: LocalCloud, context: Mapping[str, str]) -> None:
        self.cloud = cloud
        self._context = context
        self._assembly = cloud.state / "cdk.out"
        self._log = cloud.logs / "deploy.log"

    def run(self) -> None:
        """Raises JobFailed where a step fails; its log says why."""
        self._need_cdk()
        self.synthesize()
        # outside of the app's folder: inside, bootstrap would write the assembly anew
        account = f"aws://{self.cloud.account}/{self.cloud.region}"
        self._cdk("bootstrap", account, cwd=self.cloud.state)
        self._cdk(
            *("deploy", "--app", str(self._assembly), "--all", "--method", "direct", "--require-approval", "never"), cwd=ROOT
        )

    def _need_cdk(self) -> None:
        if not CDK.exists():
            npm = shutil.which("npm", path=self._environment()["PATH"])
            self._call([str(npm), "ci", "--no-audit", "--no-fund"], cwd=ROOT)

    def synthesize(self) -> None:
        """Anew only where the app or its context changed: a synth takes ten seconds, and starts are many."""
        mark = self.cloud.state / "cdk.out.sha256"
        digest = self.digest()
        if mark.exists() and mark.read_text() == digest:
            return
        shutil.rmtree(self._assembly, ignore_errors=True)
        context = [part for name, value in self._context.items() for part in ("--context", f"{name}={value}")]
        self._cdk("synth", "--quiet", "--app", f"{sys.executable} app.py", "--output", str(self._assembly), *context, cwd=ROOT)
        mark.write_text(digest)

    def digest(self) -> str:
        total = hashlib.sha256(repr(sorted(self._context.items())).encode())
        for path in sources():
            total.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
        return total.hexdigest()

    def _cdk(self, *arguments: str, cwd: Path) -> None:
        node = shutil.which("node", path=self._environment()["PATH"])
        self._call([str(node), str(CDK), *arguments, "--no-notices", "--no-color"], cwd=cwd)

    def _call(self, command: Sequence[str], cwd: Path) -> None:
        with self._log.open("ab") as log:
            process = self.cloud.processes.start(command, env=self._environment(), cwd=cwd, output=log)
            status = process.wait()
            self.cloud.processes.forget(process)
        if status != 0:
            raise JobFailed(f"{Path(command[1]).name} {command[2]} ended with {status}: see {self._log}", code="deploy_failed")

    def _environment(self) -> dict[str, str]:
        return {**self.cloud.environment(), **QUIET, "PYTHONDONTWRITEBYTECODE": "1", "AWS_MAX_ATTEMPTS": "1"}


def sources() -> Iterator[Path]:
    """Every file that the templates are made from."""
    for name in SOURCES:
        path = ROOT / name
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)


def refuse_elsewhere(environ: Mapping[str, str]) -> None:
    """Raises JobFailed where the environment would lead an AWS client to another place than this machine."""
    for name, value in environ.items():
        elsewhere = not value.startswith(("http://localhost:", "http://127.0.0.1:"))
        if name.startswith("AWS_ENDPOINT_URL") and value and elsewhere:
            raise JobFailed(f"{name} points away from this machine; unset it to use the local cloud", code="foreign_endpoint")


def forget_credentials() -> None:
    """Takes every AWS variable out of this process: nothing here may find a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
