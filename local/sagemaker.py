"""SageMaker's API on moto: jobs, endpoints and notebooks that really run, more refusals, and a registry that survives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from chartloop.errors import ModelError, NotFound
from local import machine_types
from local.endpoints import Endpoints, backend
from local.events import emit as emit_event
from local.jobs import Emit, Job, Surroundings
from local.journal import Journal
from local.notebooks import Notebooks
from local.patches import Method, wrap
from local.processing_job import ProcessingJob
from local.server import LocalCloud
from local.training_job import TrainingJob
from local.transfer import Transfer
from local.transforms import TransformJob
from local.tuning_job import TuningJob

PASSED_ON = ("Content-Type", "Accept", "X-Amzn-SageMaker-Custom-Attributes")

Handler = Callable[[Any], Any]


class SageMaker:
    """The jobs and endpoints of one local cloud. `install` puts it in place of moto's."""

    def __init__(self, cloud: LocalCloud, journal: Journal, emit: Emit = emit_event) -> None:
        self._cloud = cloud
        self._journal = journal
        self._around = Surroundings(cloud, Transfer(cloud, journal), emit)
        self.endpoints = Endpoints(self._around, journal)
        self._notebooks = Notebooks(self._around)
        self.restoring = False
        cloud.on_stop(self._around.closing.set)

    def install(self) -> None:
        for folder in ("jobs", "endpoints"):  # what a kill left of processes that are gone
            shutil.rmtree(self._cloud.state / folder, ignore_errors=True)
        self._install_jobs(ProcessingJob, "processing_jobs")
        self._install_jobs(TrainingJob, "training_jobs")
        self._install_jobs(TransformJob, "transform_jobs")
        self._install_jobs(TuningJob, "hyper_parameter_tuning_jobs")
        self._install_trials()
        for what, collection in (("model", "_models"), ("endpoint_config", "endpoint_configs")):
            self._install_kept(what, collection)
        wrap(SageMakerResponse, "create_model_package", self._create_package)
        wrap(SageMakerResponse, "update_model_package", self._update_package)
        machine_types.install()
        self._install_endpoints()
        self._notebooks.install()

    def _install_jobs(self, job_class: type[Job], collection: str) -> None:
        kind, words, jobs = job_class.kind, job_class.words(), self._around.jobs
        around = self._around

        def create(original: Method) -> Handler:
            def call(response: Any) -> Any:
                request = body(response)
                name = request[f"{kind}JobName"]
                if name in getattr(backend(), collection):
                    taken = f"a {words.replace('_', ' ')} job with this name already exists: {name}"
                    raise ValidationError(
                        message=f"{kind} job names must be unique within an AWS account and region, and {taken}"
                    )
                job_class.check(request)
                answer = original(response)
                jobs[name] = job_class(around, request, getattr(backend(), collection)[name])
                jobs[name].start()
                return answer

            return call

        def stop(response: Any) -> Any:
            name = body(response)[f"{kind}JobName"]
            getattr(backend(), f"describe_{words}_job")(name)  # raises where there is none
            job = jobs[name]
            if job.status != "InProgress":
                refused = f"The request was rejected because the {words.replace('_', ' ')} job is in status {job.status}."
                raise ValidationError(message=refused)
            job.stop()
            return EmptyResult()

        wrap(SageMakerResponse, f"create_{words}_job", create)
        setattr(SageMakerResponse, f"stop_{words}_job", stop)

    def _install_trials(self) -> None:
        jobs = self._around.jobs

        def trials(response: Any) -> Any:
            name = body(response)["HyperParameterTuningJobName"]
            backend().describe_hyper_parameter_tuning_job(name)  # raises where there is none
            job = jobs[name]
            return ActionResult({"TrainingJobSummaries": job.summaries() if isinstance(job, TuningJob) else []})

        SageMakerResponse.list_training_jobs_for_hyper_parameter_tuning_job = trials

    def _install_kept(self, what: str, collection: str) -> None:
        """Models and endpoint configurations: made once under their name, kept until they are deleted."""
        sagemaker = self
        key = "ModelName" if what == "model" else "EndpointConfigName"

        def create(original: Method) -> Handler:
            def call(response: Any) -> Any:
                request = body(response)
                if request[key] in getattr(backend(), collection):
                    raise ValidationError(message=f'Cannot create already existing {what.replace("_", " ")} "{request[key]}".')
                answer = original(response)
                sagemaker._keep(what, request[key], request)
                return answer

            return call

        def delete(original: Method) -> Handler:
            def call(response: Any) -> Any:
                answer = original(response)
                sagemaker._keep(what, body(response)[key], None)
                return answer

            return call

        wrap(SageMakerResponse, f"create_{what}", create)
        wrap(SageMakerResponse, f"delete_{what}", delete)

    def _install_endpoints(self) -> None:
        endpoints = self.endpoints

        def create(response: Any) -> Any:
            return ActionResult({"EndpointArn": endpoints.create(body(response))})

        def update(response: Any) -> Any:
            return ActionResult({"EndpointArn": endpoints.update(body(response))})

        def delete(response: Any) -> Any:
            endpoints.delete(body(response)["EndpointName"])
            return EmptyResult()

        def invoke(response: Any) -> Any:
            return invoked(endpoints, response)

        SageMakerResponse.create_endpoint = create
        SageMakerResponse.update_endpoint = update
        SageMakerResponse.delete_endpoint = delete
        SageMakerRuntimeResponse.invoke_endpoint = invoke

    def _create_package(self, original: Method) -> Handler:
        def call(response: Any) -> Any:
            known = set(backend().model_packages)
            answer = original(response)
            for arn in set(backend().model_packages) - known:
                self._keep("package", arn, {"request": body(response), "update": {}})
            return answer

        return call

    def _update_package(self, original: Method) -> Handler:
        def call(response: Any) -> Any:
            request = body(response)
            package = backend().describe_model_package(request["ModelPackageArn"])
            before = dict(package.customer_metadata_properties or {})
            answer = original(response)  # moto drops the properties that the request does not name
            package.customer_metadata_properties = {**before, **request.get("CustomerMetadataProperties", {})}
            kept = self._journal.get(("package", package.arn))
            self._keep("package", package.arn, {**kept, "update": {**kept["update"], **request}})
            return answer

        return call

    def _keep(self, space: str, key: str, value: Mapping[str, Any] | None) -> None:
        if not self.restoring:  # what comes back from the journal is there already
            self._journal.write({(space, key): value})


def body(response: Any) -> dict[str, Any]:
    """The request as it was sent."""
    request: dict[str, Any] = json.loads(response.body)
    return request


def invoked(endpoints: Endpoints, response: Any) -> tuple[int, dict[str, Any], Any]:
    """InvokeEndpoint: the model's answer, or a ModelError with the status that it had."""
    name = response.path.split("/")[2]
    headers = {header: response.headers[header] for header in PASSED_ON if response.headers.get(header)}
    wanted = response.headers.get("X-Amzn-SageMaker-Target-Variant")
    try:
        variant, answer = endpoints.invoke(name, wanted, response.raw_body, headers)
    except NotFound as error:
        return refusal(400, "ValidationError", {"Message": error.message})
    except ModelError as error:
        return refusal(424, "ModelError", {"Message": error.message, "OriginalStatusCode": 500, "OriginalMessage": ""})
    if answer.status == 200:
        return 200, {"Content-Type": answer.content_type, "x-Amzn-Invoked-Production-Variant": variant}, answer.body
    text = answer.body.decode("utf-8", "replace")
    message = f'Received client error ({answer.status}) from {variant} with message "{text}".'
    return refusal(424, "ModelError", {"Message": message, "OriginalStatusCode": answer.status, "OriginalMessage": text})


def refusal(status: int, code: str, fields: Mapping[str, Any]) -> tuple[int, dict[str, Any], str]:
    return status, {"status": status, "x-amzn-errortype": code, "Content-Type": "application/json"}, json.dumps(fields)
