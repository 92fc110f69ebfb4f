"""The REST API: routes, the authorizer in front of them, and every answer of API Gateway's own in the form of our Error."""

from __future__ import annotations

import json

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.grants import allow
from infra.logs import Log
from infra.names import Names

STAGE = "prod"
BINARY = [
    "application/gzip",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
]
REQUESTS_PER_SECOND = 50
BURST = 100
TOKEN_SECONDS = 300
"""How long the authorizer's answer to a token is kept."""
LOG_ACTIONS = (
    "CreateLogGroup",
    "CreateLogStream",
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "PutLogEvents",
)

ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "caller": "$context.authorizer.sub",
}
"""The route, never the path or the query: an id that a caller made up may be anything."""

UPLOADS = "the body is over 10 MB: ask POST /v1/tasks/{task}/uploads for an address to send it to"
RESPONSES = {
    "UNAUTHORIZED": (401, "unauthorized", "a bearer token is missing or does not verify"),
    "EXPIRED_TOKEN": (401, "unauthorized", "the token has expired"),
    "INVALID_SIGNATURE": (401, "unauthorized", "the signature does not verify"),
    "INVALID_API_KEY": (401, "unauthorized", "the API takes bearer tokens"),
    "ACCESS_DENIED": (403, "forbidden", "the token does not allow this"),
    "WAF_FILTERED": (403, "forbidden", "the request was refused"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "unknown_route", "no such route"),  # what API Gateway says of a path it does not know
    "RESOURCE_NOT_FOUND": (404, "unknown_route", "no such route"),
    "REQUEST_TOO_LARGE": (413, "payload_too_large", UPLOADS),
    "UNSUPPORTED_MEDIA_TYPE": (400, "unsupported_format", "the content type is not supported"),
    "BAD_REQUEST_BODY": (400, "invalid_request", "the body breaks a rule"),
    "BAD_REQUEST_PARAMETERS": (400, "invalid_request", "a parameter breaks a rule"),
    "THROTTLED": (429, "throttled", "too many requests: try again later"),
    "QUOTA_EXCEEDED": (429, "throttled", "too many requests: try again later"),
    "INTEGRATION_TIMEOUT": (504, "timeout", "no answer within 29 seconds"),
    "INTEGRATION_FAILURE": (500, "internal_error", "the request could not be handled"),
    "AUTHORIZER_FAILURE": (500, "internal_error", "the token could not be checked"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "internal_error", "the token could not be checked"),
    "API_CONFIGURATION_ERROR": (500, "internal_error", "the request could not be handled"),
    "DEFAULT_4XX": (400, "invalid_request", "the request breaks a rule"),
    "DEFAULT_5XX": (500, "internal_error", "the request could not be handled"),
}
"""By API Gateway's response type: status, code and message (docs/contracts/error-codes.md)."""


class Api(Construct):
    """`/v1/...`: predictions go to `predict`, all else, unknown routes too, to `api`. Health alone needs no token."""

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        key: kms.IKey,
        prod: bool,
        api: lambda_.Function,
        predict: lambda_.Function,
        authorizer: lambda_.Function,
    ) -> None:
        super().__init__(scope, "Api")
        access_log = Log(self, "AccessLog", name=f"/aws/apigateway/{names.name}", key=key, prod=prod, audit=True)
        self.rest = apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=names.name,
            description="Labelled records in, predictions out",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            binary_media_types=BINARY,
            cloud_watch_role=False,
            deploy_options=self._stage(access_log),
        )
        self.rest.deployment_stage.node.add_dependency(self._log_role())
        checked = apigateway.TokenAuthorizer(
            self,
            "Authorizer",
            authorizer_name=f"{names.name}-tokens",
            handler=authorizer,
            validation_regex=r"^[Bb]earer [-0-9A-Za-z._~+/]+=*$",
            results_cache_ttl=Duration.seconds(TOKEN_SECONDS),
        )
        self._routes(api, predict, checked)
        for kind, (status, code, message) in RESPONSES.items():
            self._response(kind, status, code, message)

    def _routes(self, api: lambda_.Function, predict: lambda_.Function, authorizer: apigateway.TokenAuthorizer) -> None:
        """A resource with a method hides the greedy one above it, so each level has its own."""
        to_api = apigateway.LambdaIntegration(api, allow_test_invoke=False)
        to_predict = apigateway.LambdaIntegration(predict, allow_test_invoke=False)
        v1 = self.rest.root.add_resource("v1")
        v1.add_resource("health").add_method("GET", to_api, authorization_type=apigateway.AuthorizationType.NONE)
        task = v1.add_resource("tasks").add_resource("{task}")
        # Parameters that a path must have; bodies are checked by the functions, whose answers name field and rule.
        validator = self.rest.add_request_validator("Validator", validate_request_body=True, validate_request_parameters=True)
        ways = [(resource, "ANY", to_api) for resource in (v1.add_resource("{proxy+}"), task, task.add_resource("{proxy+}"))]
        for resource, verb, integration in [*ways, (task.add_resource("predict"), "POST", to_predict)]:
            resource.add_method(
                verb,
                integration,
                authorization_type=apigateway.AuthorizationType.CUSTOM,
                authorizer=authorizer,
                request_validator=validator,
            )

    def _log_role(self) -> apigateway.CfnAccount:
        """How API Gateway writes its own log: one role for all APIs of the account, so it stays when this one goes."""
        role = iam.Role(self, "LogRole", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        # API Gateway refuses a role that may do less, or on less.
        allow(role, *(f"logs:{action}" for action in LOG_ACTIONS), on=["*"])
        account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        account.node.add_dependency(role)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        return account

    def _stage(self, access_log: Log) -> apigateway.StageOptions:
        """API Gateway shows its certificate to a server behind it; the functions behind this one do not ask for it."""
        shown = apigateway.CfnClientCertificate(self, "Certificate", description="Shown to what lies behind the API")
        return apigateway.StageOptions(
            stage_name=STAGE,
            client_certificate_id=shown.ref,
            throttling_rate_limit=REQUESTS_PER_SECOND,
            throttling_burst_limit=BURST,
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,
            metrics_enabled=True,
            access_log_destination=apigateway.LogGroupLogDestination(access_log),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
        )

    def _response(self, kind: str, status: int, code: str, message: str) -> None:
        body = {"error": {"code": code, "status": status, "message": message}}
        self.rest.add_gateway_response(
            "".join(part.title() for part in kind.split("_")),
            type=apigateway.ResponseType.of(kind),
            status_code=str(status),
            templates={"application/json": json.dumps(body)},
            response_headers={"Cache-Control": "'no-store'"},
        )
