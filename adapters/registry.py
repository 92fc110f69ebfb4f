"""The model registry on SageMaker: one package group a task, one package a version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.sagemaker import OnSageMaker
from chartloop import tasks
from chartloop.errors import NotFound
from chartloop.seams import Package, Quality


class SageMakerRegistry(OnSageMaker):
    """Model packages, one group a task; the description is `{version} {sha256}`, which listing shows without a call a package."""

    def register(
        self, task: str, version: str, *, model_uri: str, sha256: str, lineage: Mapping[str, str], quality: Quality
    ) -> Package:
        known = self.find(task, version)
        if known is not None and known.sha256 == sha256:
            return known
        request = _package(version, sha256, lineage, quality)
        made = self._client.create_model_package(
            ModelPackageGroupName=self._group(task),
            InferenceSpecification={
                "Containers": [{"Image": tasks.find(task).placed(self._settings).inference_image, "ModelDataUrl": model_uri}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            **request,
        )
        return Package(version, made["ModelPackageArn"], request["ModelApprovalStatus"], sha256)

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


def _package(version: str, sha256: str, lineage: Mapping[str, str], quality: Quality) -> Any:
    """What CreateModelPackage is told of a version beside the place of its artifact."""
    figures = {name: f"{value:.6g}" for name, value in quality.metrics.items()}
    document = {"ContentType": "application/json", "ContentDigest": f"sha256:{quality.sha256}", "S3Uri": quality.uri}
    return {
        "ModelPackageDescription": f"{version} {sha256}",
        "ModelApprovalStatus": "PendingManualApproval",
        "CustomerMetadataProperties": {**figures, **lineage, "version": version, "sha256": sha256},
        "MetadataProperties": {
            "CommitId": lineage["code_version"],
            "GeneratedBy": lineage["run_id"],
            "ProjectId": lineage["snapshot"],
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": document}},
    }
