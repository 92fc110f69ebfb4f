"""The jobs' roles and code. The holdout is readable by the score role alone; where a notebook scores, by the notebook's."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from chartloop.instances import has_gpu
from infra import code, images, requests
from infra.context import Context
from infra.grants import allow, objects, volumes
from infra.names import Names

PREPARING = ("records/*", "snapshots/*", "embeddings/*", "codes/*", "runs/*/request.json")
PREPARED = ("snapshots/*", "embeddings/*")
SCORING = ("holdout/*", "snapshots/*", "runs/*/request.json", "runs/*/train/*", "models/*", "base-models/*")
SCORED = ("runs/*/score/*", "models/*", "flips/*")
"""What prepare with embed, and what score read and write in the data bucket."""


def engine(context: Context) -> str:
    """What the candidate is exported for: the function has room for ONNX Runtime alone, and a GPU computes in torch."""
    if context.serving == "lambda":
        return "onnx"
    return "torch" if context.serving == "realtime" and has_gpu(context.serving_instance) else "openvino"


class Jobs(Construct):
    """What SageMaker runs: `role` for prepare, embed and train, `score_role` for score, and `requests` of the state machine.

    Where a notebook does the rest, `role` only trains, and there is no `score_role`.
    """

    def __init__(self, scope: Construct, *, context: Context, bucket: s3.IBucket, key: kms.IKey) -> None:
        super().__init__(scope, "Jobs")
        self._context = context
        self._bucket = bucket
        self._key = key
        self._engine = engine(context)
        self.code = code.job_code(self, bundle=context.bundle, engine=self._engine)
        self.score_role: iam.Role | None = None
        checkpoints = ["runs/*/checkpoints/*"] if context.spot else []
        training = ["runs/*/train/*", *checkpoints]
        if context.compute == "notebook":
            self.role = self._role("Role", read=["snapshots/*", "base-models/*", *checkpoints], write=training)
        else:
            reads = [*PREPARING, "base-models/*", *checkpoints]
            self.role = self._role("Role", read=reads, write=[*PREPARED, *training])
            self.score_role = self._role("ScoreRole", read=SCORING, write=SCORED)
        self.requests = self._requests()

    @property
    def role_arns(self) -> list[str]:
        return [role.role_arn for role in (self.role, self.score_role) if role]

    def _requests(self) -> requests.Jobs:
        context = self._context
        return requests.Jobs(
            job_role=self.role.role_arn,
            score_role=self.score_role.role_arn if self.score_role else "",
            processing_image=images.image(images.INFERENCE, context.region),
            training_image=images.image(images.TRAINING, context.region),
            processing_instance=context.processing_instance,
            training_instance=context.training_instance,
            training_hours=context.training_hours,
            gpu_image=images.image(images.GPU_INFERENCE, context.region),
            gpu_instance=context.generation_instance if context.serving == "realtime" else "",
            engine=self._engine,
            code_uri=self.code.s3_object_url,
            key=self._key.key_arn,
            processing_instances=context.processing_instances,
            training_instances=context.training_instances,
            training_fallbacks=context.training_fallbacks,
            spot=context.spot,
            warm_pool_seconds=60 * context.warm_pool_minutes,
            application=context.name,
        )

    def _role(self, name: str, *, read: Sequence[str], write: Sequence[str]) -> iam.Role:
        account = {"StringEquals": {"aws:SourceAccount": self._context.account}}
        role = iam.Role(self, name, assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com", conditions=account))
        objects(role, self._bucket, self._key, read=read, write=write, large=True)
        self.grant_code(role)
        volumes(role, self._key)
        observe(role, self._context)
        return role

    def grant_code(self, role: iam.Role) -> None:
        """The code comes from the CDK's assets bucket, which other applications of the account share."""
        allow(role, "s3:GetObject", on=[self.code.bucket.arn_for_objects(self.code.s3_object_key)])
        allow(role, "s3:ListBucket", on=[self.code.bucket.bucket_arn], StringLike={"s3:prefix": [self.code.s3_object_key]})


def observe(role: iam.Role, context: Context) -> None:
    """What SageMaker does in a job's name besides its work: pull the image, write logs and metrics."""
    tags = (images.INFERENCE, images.TRAINING)
    repositories = sorted({images.repository_arn(tag, context.region) for tag in tags})
    pull = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
    allow(role, *pull, on=repositories)
    # These two know no resource; the namespace bounds the metrics.
    allow(role, "ecr:GetAuthorizationToken", on=["*"])
    allow(role, "cloudwatch:PutMetricData", on=["*"], StringLike={"cloudwatch:namespace": ["/aws/sagemaker/*"]})
    groups = [Names.of(context).arn("logs", "log-group:/aws/sagemaker/*")]
    allow(role, "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", on=groups)
