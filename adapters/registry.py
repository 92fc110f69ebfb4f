"""The model registry on SageMaker: one package group a task, one package a version."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.sagemaker import OnSageMaker
from chartloop.errors import NotFound
from chartloop.seams import Package


class SageMakerRegistry(OnSageMaker):
    """Model packages, one group a task; the description is `{version} {sha256}`, which listing shows without a call a package."""

    def register(self, task: str, version: str, *, model_uri: str, sha256: str, metadata: Mapping[str, str]) -> Package:
        known = self.find(task, version)
        if known is not None and known.sha256 == sha256:
            return known
        made = self._client.create_model_package(
            ModelPackageGroupName=self._group(task),
            ModelPackageDescription=f"{version} {sha256}",
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties={**metadata, "version": version, "sha256": sha256},
            InferenceSpecification={
                "Containers": [{"Image": self._settings.inference_image, "ModelDataUrl": model_uri}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        )
        return Package(version, made["ModelPackageArn"], "PendingManualApproval", sha256)

    def find(self, task: str, version: str) -> Package | None:
        """The newest package of that version."""
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._group(task), SortBy="CreationTime", SortOrder="Descending"
        )
        for summary in (summary for page in pages for summary in page["ModelPackageSummaryList"]):
            name, _, sha256 = summary.get("ModelPackageDescription", "").partition(" ")
            if name == version:
                return Package(version, summary["ModelPackageArn"], summary.get("ModelApprovalStatus", ""), sha256)
        return None

    def set_status(self, task: str, version: str, status: str, reason: str) -> None:
        known = self.find(task, version)
        if known is None:
            raise NotFound("no such model package", field="version")
        self._client.update_model_package(
            ModelPackageArn=known.arn,
            ModelApprovalStatus=status,  # type: ignore[arg-type]
            ApprovalDescription=reason[:1024],
        )

    def _group(self, task: str) -> str:
        return f"{self._settings.package_group_prefix}-{task}"
