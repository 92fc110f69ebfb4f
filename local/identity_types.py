"""Cognito's resource types, made by its API: a pool, its scopes, its clients and its domain. Nobody signs in with them here."""

from __future__ import annotations

from typing import Any

from local.server import LocalCloud

Properties = dict[str, Any]

POOL_FIELDS = (
    "AccountRecoverySetting", "AdminCreateUserConfig", "AliasAttributes", "AutoVerifiedAttributes", "DeletionProtection",
    "MfaConfiguration", "Policies", "UsernameAttributes", "UserPoolTier", "VerificationMessageTemplate",
)  # fmt: skip
CLIENT_FIELDS = (
    "AccessTokenValidity", "AllowedOAuthFlows", "AllowedOAuthFlowsUserPoolClient", "AllowedOAuthScopes", "CallbackURLs",
    "ClientName", "EnableTokenRevocation", "ExplicitAuthFlows", "GenerateSecret", "IdTokenValidity", "LogoutURLs",
    "PreventUserExistenceErrors", "RefreshTokenValidity", "SupportedIdentityProviders", "TokenValidityUnits", "UserPoolId",
)  # fmt: skip
"""Those that CloudFormation and the API call by one name."""


def given(properties: Properties, names: tuple[str, ...]) -> Properties:
    return {name: typed(properties[name]) for name in names if name in properties}


def typed(value: Any) -> Any:
    """The value with the booleans and numbers that CloudFormation may have as text."""
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, str) and value.isdigit():
        return int(value)
    return value == "true" if value in ("true", "false") else value


def pool(cloud: LocalCloud, name: str, properties: Properties) -> tuple[str, dict[str, str]]:
    """(its id, its attributes)."""
    called = properties.get("UserPoolName", name)
    made = cloud.client("cognito-idp").create_user_pool(PoolName=called, **given(properties, POOL_FIELDS))["UserPool"]
    provider = f"cognito-idp.{cloud.region}.amazonaws.com/{made['Id']}"
    return made["Id"], {
        "Arn": made["Arn"],
        "UserPoolId": made["Id"],
        "ProviderName": provider,
        "ProviderURL": f"https://{provider}",
    }


def client(cloud: LocalCloud, name: str, properties: Properties) -> tuple[str, dict[str, str]]:
    made = cloud.client("cognito-idp").create_user_pool_client(**{"ClientName": name, **given(properties, CLIENT_FIELDS)})
    identity = made["UserPoolClient"]["ClientId"]
    return identity, {"ClientId": identity, "Name": made["UserPoolClient"]["ClientName"]}


def resource_server(cloud: LocalCloud, _name: str, properties: Properties) -> tuple[str, dict[str, str]]:
    fields = given(properties, ("UserPoolId", "Identifier", "Name", "Scopes"))
    cloud.client("cognito-idp").create_resource_server(**fields)
    return fields["Identifier"], {}


def domain(cloud: LocalCloud, _name: str, properties: Properties) -> tuple[str, dict[str, str]]:
    wanted = {"Domain": properties["Domain"], "UserPoolId": properties["UserPoolId"]}
    cloud.client("cognito-idp").create_user_pool_domain(**wanted)
    return wanted["Domain"], {}
