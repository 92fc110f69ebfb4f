/** How one signs in, on every page of this origin: an authorization code with PKCE, and back to the address that was wanted. */
import type { UserManagerSettings } from "oidc-client-ts";
import type { Config } from "./config";

/** Whatever page asks, the issuer leads back to `/`, the one address that it knows. */
export function settings(config: Config): UserManagerSettings {
  return {
    authority: config.issuer,
    client_id: config.client_id,
    redirect_uri: `${window.location.origin}/`,
    response_type: "code",
    scope: config.scopes.join(" "),
  };
}

/** The address that somebody wanted before signing in; only one of this origin's own. */
export function wanted(state: unknown): string {
  return typeof state === "string" && /^\/(?!\/)/.test(state) ? state : "/";
}
