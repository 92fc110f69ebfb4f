"""What a function may do at Step Functions and SageMaker, by what it is for; resources by the deployment's own names."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_

from chartloop.tasks import TASKS
from infra.context import Context
from infra.grants import allow, volumes
from infra.names import ROLLBACK, Names


def start_runs(function: lambda_.Function, names: Names) -> None:
    """Start executions and see what became of them. By name: the machine itself calls some of these functions."""
    allow(function, "states:StartExecution", on=[names.machine_arn])
    allow(function, "states:DescribeExecution", on=[names.arn("states", f"execution:{names.machine}:*")])


def stop_runs(function: lambda_.Function, names: Names) -> None:
    """End an execution whose run a person cancels; the machine stops its jobs itself."""
    allow(function, "states:StopExecution", on=[names.arn("states", f"execution:{names.machine}:*")])


def describe_jobs(function: lambda_.Function, names: Names, compute: str) -> None:
    for kind in ("processing", "training") if compute == "jobs" else ("training",):
        jobs = [names.arn("sagemaker", f"{kind}-job/{task}-*") for task in TASKS]
        allow(function, f"sagemaker:Describe{kind.title()}Job", on=jobs)
    if compute == "jobs":
        read_trials(function, names, "sagemaker:DescribeHyperParameterTuningJob")


def read_trials(function: lambda_.Function, names: Names, *more: str) -> None:
    """See what a tuning job has tried."""
    allow(function, "sagemaker:ListTrainingJobsForHyperParameterTuningJob", *more, on=_tunings(names))


def choose_trial(function: lambda_.Function, names: Names) -> None:
    """See, too, what the training before the tuning came to."""
    read_trials(function, names)
    allow(function, "sagemaker:DescribeTrainingJob", on=[names.arn("sagemaker", f"training-job/{task}-*") for task in TASKS])


def run_notebook(function: lambda_.Function, names: Names) -> None:
    mine = [names.arn("sagemaker", f"notebook-instance/{names.notebook}")]
    allow(function, *(f"sagemaker:{verb}NotebookInstance" for verb in ("Describe", "Start", "Stop")), on=mine)


def answer_for_notebook(function: lambda_.Function, names: Names) -> None:
    """Fail the task that waits for an instance which has stopped."""
    allow(function, "sagemaker:DescribeNotebookInstance", on=[names.arn("sagemaker", f"notebook-instance/{names.notebook}")])
    allow(function, "states:SendTaskFailure", on=[names.machine_arn])


def mark_models(function: lambda_.Function, names: Names) -> None:
    """Find a version in the registry and set its approval status."""
    allow(function, "sagemaker:ListModelPackages", on=["*"])  # listing knows no resource; a listing holds no clinical text
    allow(function, "sagemaker:UpdateModelPackage", on=_packages(names))


def register_models(function: lambda_.Function, names: Names) -> None:
    allow(function, "sagemaker:CreateModelPackage", on=[*_groups(names), *_packages(names)])
    mark_models(function, names)


def invoke_endpoints(function: lambda_.Function, names: Names) -> None:
    allow(function, "sagemaker:InvokeEndpoint", on=_live(names))


def search_records(function: lambda_.Function, names: Names) -> None:
    """Ask the function that mounts the stored vectors."""
    allow(function, "lambda:InvokeFunction", on=[names.arn("lambda", f"function:{names.function('search')}")])


def ask_models(function: lambda_.Function, names: Names) -> None:
    """Where the predict function serves the models itself: ask it directly, for a version that callers do not get yet."""
    allow(function, "lambda:InvokeFunction", on=[names.arn("lambda", f"function:{names.function('predict')}")])


def deploy_endpoints(function: lambda_.Function, names: Names, key: kms.IKey, context: Context) -> None:
    """The endpoint belongs to promotion: it makes, updates and deletes it, with a model and a configuration by version."""
    live = _live(names)
    configs = [names.arn("sagemaker", f"endpoint-config/{names.name}-*")]
    models = [names.arn("sagemaker", f"model/{names.name}-*")]
    allow(function, "sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint", on=[*live, *configs])
    allow(function, "sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint", on=live)
    allow(function, "sagemaker:CreateEndpointConfig", "sagemaker:DescribeEndpointConfig", on=configs)
    allow(function, "sagemaker:CreateModel", on=models)
    allow(function, "sagemaker:AddTags", on=[*live, *configs, *models])  # creating with a tag asks for it
    passed = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    allow(function, "iam:PassRole", on=[names.endpoint_role_arn], StringEquals=passed)
    volumes(function, key)
    if context.serving == "realtime":
        watch_alarms(function, names)
        _scale(function, names, context)


def watch_alarms(who: iam.IGrantable, names: Names) -> None:
    """SageMaker looks at the rollback alarms in the name of the endpoint's role and of who asks for the update."""
    alarms = [names.rollback_alarm(task, what) for task in TASKS for what in ROLLBACK]
    allow(who, "cloudwatch:DescribeAlarms", on=[names.arn("cloudwatch", f"alarm:{alarm}") for alarm in alarms])


def _scale(function: lambda_.Function, names: Names, context: Context) -> None:
    """Targets have ids of AWS's own; the conditions keep it to SageMaker's. What scaled before the context changed ends too."""
    allow(function, "application-autoscaling:DescribeScalableTargets", on=["*"])  # listing knows no resource
    targets = [names.arn("application-autoscaling", "scalable-target/*")]
    ours = {"application-autoscaling:service-namespace": "sagemaker"}
    allow(function, "application-autoscaling:DeregisterScalableTarget", on=targets, StringEquals=ours)
    if context.serving_instances_max <= context.serving_instances:
        return
    wanted = ("application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy")
    allow(function, *wanted, on=targets, StringEquals=ours)
    allow(function, "sagemaker:UpdateEndpointWeightsAndCapacities", on=_live(names))
    # Target tracking makes alarms of its own under this prefix.
    tracking = [names.arn("cloudwatch", f"alarm:TargetTracking-endpoint/{names.name}-*")]
    allow(function, "cloudwatch:PutMetricAlarm", "cloudwatch:DescribeAlarms", "cloudwatch:DeleteAlarms", on=tracking)
    service = "sagemaker.application-autoscaling.amazonaws.com"
    role = f"arn:{names.partition}:iam::{names.account}:role/aws-service-role/{service}/*"
    allow(function, "iam:CreateServiceLinkedRole", on=[role], StringEquals={"iam:AWSServiceName": service})


def run_transforms(function: lambda_.Function, names: Names, key: kms.IKey) -> None:
    """Start and look at batch transform jobs, which work in the endpoint's role, of models that promotion made."""
    allow(function, "sagemaker:CreateTransformJob", "sagemaker:DescribeTransformJob", "sagemaker:AddTags", on=_transforms(names))
    volumes(function, key)


def stop_transforms(function: lambda_.Function, names: Names) -> None:
    allow(function, "sagemaker:StopTransformJob", on=_transforms(names))


def tidy_up(function: lambda_.Function, names: Names) -> None:
    """See what there is, and take away what promotion and runs leave behind; a task's own endpoint is not among it."""
    # Listing knows no resource; a listing holds names and times only.
    kinds = ("Endpoints", "EndpointConfigs", "Models", "NotebookInstances", "ProcessingJobs", "TrainingJobs", "TransformJobs",
             "HyperParameterTuningJobs")  # fmt: skip
    allow(function, *(f"sagemaker:List{kind}" for kind in kinds), on=["*"])
    made = ("endpoint", "endpoint-config", "model", "notebook-instance")
    allow(function, "sagemaker:ListTags", on=[names.arn("sagemaker", f"{kind}/{names.name}-*") for kind in made])
    allow(function, "sagemaker:DescribeEndpoint", on=[names.arn("sagemaker", f"endpoint/{names.name}-*")])
    beside = [names.arn("sagemaker", f"endpoint/{endpoint}-next") for endpoint in endpoints(names)]
    allow(function, "sagemaker:DeleteEndpoint", on=beside)
    for kind, operation in (("endpoint-config", "DeleteEndpointConfig"), ("model", "DeleteModel")):
        mine = [names.arn("sagemaker", f"{kind}/{names.name}-{task}-*") for task in TASKS]
        allow(function, f"sagemaker:{operation}", on=mine)
    allow(function, "sagemaker:StopNotebookInstance", on=[names.arn("sagemaker", f"notebook-instance/{names.notebook}")])
    for kind in ("processing", "training", "transform"):
        jobs = [names.arn("sagemaker", f"{kind}-job/{task}-*") for task in TASKS]
        allow(function, f"sagemaker:Stop{kind.title()}Job", on=jobs)
    allow(function, "sagemaker:StopHyperParameterTuningJob", on=_tunings(names))


def endpoints(names: Names) -> list[str]:
    """Those in service, and the second ones in which a serverless candidate answers first."""
    return [name for task in TASKS for name in (names.endpoint(task), names.rehearsal(task))]


def _transforms(names: Names) -> list[str]:
    return [names.arn("sagemaker", f"transform-job/{task}-*") for task in TASKS]


def _tunings(names: Names) -> list[str]:
    return [names.arn("sagemaker", f"hyper-parameter-tuning-job/{task}-*") for task in TASKS]


def _live(names: Names) -> list[str]:
    return [names.arn("sagemaker", f"endpoint/{name}") for name in endpoints(names)]


def _groups(names: Names) -> list[str]:
    return [names.arn("sagemaker", f"model-package-group/{names.name}-{task}") for task in TASKS]


def _packages(names: Names) -> list[str]:
    return [names.arn("sagemaker", f"model-package/{names.name}-{task}/*") for task in TASKS]
