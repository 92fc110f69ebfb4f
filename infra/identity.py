"""Who may call the API: a Cognito user pool that signs JWTs with the API's scopes, where no other issuer is named."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.names import Names

RESOURCE_SERVER = "chartloop"
SCOPES = {
    "records:write": "Post and withdraw labelled records",
    "models:read": "Read batches, runs, models and settings",
    "predict": "Ask the model",
    "gold:write": "Write the gold set that every model is judged by, and withdraw from it",
    "models:promote": "Promote, reject and roll back models; change settings",
}
PAGES = ("/", "/stay.html")
"""Those of the site that sign people in, each back to itself."""
NOWHERE = "page.invalid"
"""A domain that nobody can have (RFC 2606), until the site's own is known."""


def returns(site: str) -> list[str]:
    """Where people come back to after signing in. `site` is the page's origin."""
    return [f"{site}{page}" for page in PAGES]


class Identity(Construct):
    """User pool, scopes, and two clients: `people` sign in with a code and PKCE, `machines` with a secret of their own."""

    def __init__(self, scope: Construct, *, names: Names, prod: bool, site: str) -> None:
        """`site` is the domain that people come back to; where it is CloudFront's own, infra.publish_site tells it."""
        super().__init__(scope, "Identity")
        self._site = f"https://{site or NOWHERE}"
        self.pool = cognito.UserPool(
            self,
            "Users",
            user_pool_name=names.name,
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.REQUIRED if prod else cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                temp_password_validity=Duration.days(2),
            ),
            # Plus has Cognito look for stolen passwords and odd sign-ins, at a price per person and month.
            feature_plan=cognito.FeaturePlan.PLUS if prod else cognito.FeaturePlan.ESSENTIALS,
            standard_threat_protection_mode=cognito.StandardThreatProtectionMode.FULL_FUNCTION if prod else None,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        scopes = [cognito.ResourceServerScope(scope_name=name, scope_description=text) for name, text in SCOPES.items()]
        server = self.pool.add_resource_server("Api", identifier=RESOURCE_SERVER, scopes=scopes)
        granted = [cognito.OAuthScope.resource_server(server, scope) for scope in scopes]
        self.domain = self.pool.add_domain(
            "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"{names.name}-{names.account}")
        )
        self.people = self._client("People", granted, cognito.OAuthFlows(authorization_code_grant=True), secret=False)
        self.machines = self._client("Machines", granted, cognito.OAuthFlows(client_credentials=True), secret=True)

    @property
    def issuer(self) -> str:
        return self.pool.user_pool_provider_url

    def _client(
        self, name: str, scopes: list[cognito.OAuthScope], flows: cognito.OAuthFlows, *, secret: bool
    ) -> cognito.UserPoolClient:
        return self.pool.add_client(
            name,
            user_pool_client_name=name.lower(),
            generate_secret=secret,
            o_auth=cognito.OAuthSettings(
                flows=flows,
                scopes=scopes,
                callback_urls=returns(self._site) if flows.authorization_code_grant else None,
                logout_urls=[f"{self._site}/"] if flows.authorization_code_grant else None,
            ),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.hours(12),
            enable_token_revocation=True,
            prevent_user_existence_errors=True,
        )
