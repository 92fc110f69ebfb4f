"""The data stack: what is kept. It knows nothing of the functions and jobs that use it."""

from __future__ import annotations

from typing import Any

from aws_cdk import Fn, Stack
from constructs import Construct

from infra.backups import Backups
from infra.context import Context
from infra.names import Names
from infra.network import ModelFolder, Network
from infra.storage import DataBucket, DataKey, Ledger
from infra.vectors import StoredVectors


class DataStack(Stack):
    """Key, bucket, ledger, network and model folder."""

    def __init__(self, scope: Construct, *, context: Context, names: Names, **options: Any) -> None:
        super().__init__(scope, names.stack("data"), **options)
        self.key = DataKey(self, names=names).key
        # The site's stack is made after this one: where it has no domain of its own, CloudFront's names are known by their end.
        page = f"https://{context.site_domain or '*.cloudfront.net'}"
        self.bucket = DataBucket(self, names=names, key=self.key, page=page).bucket
        self.ledger = Ledger(self, names=names, key=self.key).table
        self.network = Network(self, names=names, key=self.key, prod=context.prod)
        self.folder = ModelFolder(self, network=self.network, key=self.key)
        if context.library == "s3vectors":
            StoredVectors(self, names=names, key=self.key, network=self.network)
        if context.backed_up:
            Backups(self, names=names, key=self.key, table=self.ledger, file_system=self.folder.file_system)

    @property
    def availability_zones(self) -> list[str]:
        """The region's first two zones, by CloudFormation: the CDK would ask the account while it synthesizes."""
        return [Fn.select(0, Fn.get_azs()), Fn.select(1, Fn.get_azs())]
