"""After `cdk deploy`: uploads the built page and its settings, index.html last, so that nobody gets a page without its files.

Run with the same credentials and region: `python -m infra.publish_site [--name chartloop] [--issuer URL --client ID]`.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from infra.identity import RESOURCE_SERVER, SCOPES, returns

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUILT = Path(__file__).parent.parent / "dashboard" / "dist"
FOR_EVER = "public, max-age=31536000, immutable"
"""Of files that are named by their content."""
LAST = "index.html"
TOLD = ("ClientSecret", "CreationDate", "LastModifiedDate")
"""Of a client what it is not asked with: every other field that a change leaves out would fall back."""


def main(arguments: Sequence[str] | None = None, built: Path = BUILT) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.publish_site", description=__doc__)
    parser.add_argument("--name", default="chartloop", help="the deployment's name (context `name`)")
    parser.add_argument("--issuer", default="", help="who signs tokens, where it is not the deployment's own user pool")
    parser.add_argument("--client", default="", help="the page's client id at that issuer")
    given = parser.parse_args(arguments)
    if not (built / LAST).exists():
        parser.error("the page is not built: make dashboard")
    stacks = boto3.client("cloudformation")
    site, serving = (outputs(stacks, f"{given.name}-{part}") for part in ("site", "serving"))
    if bool(given.issuer) != bool(given.client) or not (given.issuer or "Issuer" in serving):
        parser.error("another issuer than the deployment's own needs --issuer and --client: the page signs in there")
    storage = boto3.client("s3")
    config = {**settings(serving, given.issuer, given.client), "logs": logs(storage.meta.region_name)}
    upload(storage, site["SiteBucket"], built, config)
    if not given.issuer:
        let_back(boto3.client("cognito-idp"), serving["Issuer"].rpartition("/")[2], serving["PeopleClient"], site["SiteUrl"])
    print(f"the page is at {site['SiteUrl']}")  # noqa: T201


def outputs(stacks: Any, stack: str) -> dict[str, str]:
    """Of a deployed stack, by name."""
    (found,) = stacks.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def settings(serving: Mapping[str, str], issuer: str, client: str) -> dict[str, object]:
    """config.json, as dashboard/src/config.ts reads it."""
    scopes = [f"{RESOURCE_SERVER}/{scope}" for scope in SCOPES]
    if issuer:
        return {"issuer": issuer, "client_id": client, "scopes": scopes, "sign_out": f"{issuer}/logout"}
    sign_out = serving["TokenUrl"].removesuffix("/oauth2/token") + "/logout"
    return {"issuer": serving["Issuer"], "client_id": serving["PeopleClient"], "scopes": scopes, "sign_out": sign_out}


def let_back(pools: Any, pool: str, client: str, site: str) -> None:
    """The page's addresses as those that people come back to; CloudFront's own domain is not known before the site is there."""
    found: dict[str, Any] = {**pools.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]}
    if found.get("CallbackURLs") != returns(site):
        kept = {name: value for name, value in found.items() if name not in TOLD}
        pools.update_user_pool_client(**kept | {"CallbackURLs": returns(site), "LogoutURLs": [f"{site}/"]})


def logs(region: str) -> str:
    """Where the page sends people for a job's log: CloudWatch's own page, `{group}` and `{job}` to be filled in."""
    place = "#logsV2:log-groups/log-group/$252Faws$252Fsagemaker$252F{group}$3FlogStreamNameFilter$3D{job}"
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}{place}"


def upload(storage: S3Client, bucket: str, built: Path, config: Mapping[str, object]) -> None:
    """What was there before stays: a page that somebody has open still finds its files. `index.html` names the new ones."""
    paths = sorted(path for path in built.rglob("*") if path.is_file())
    for path in sorted(paths, key=lambda path: path.name == LAST):
        name = path.relative_to(built).as_posix()
        if name == LAST:
            storage.put_object(
                Bucket=bucket, Key="config.json", Body=json.dumps(config).encode(), ContentType="application/json",
                CacheControl="no-store",
            )  # fmt: skip
        kept = FOR_EVER if name.startswith("assets/") else "no-cache"
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        storage.put_object(Bucket=bucket, Key=name, Body=path.read_bytes(), ContentType=kind, CacheControl=kept)
