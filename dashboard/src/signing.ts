/** How one signs in, on every page of this origin: an authorization code with PKCE, and back to the address that was wanted. */
import type { UserManagerSettings } from "oidc-client-ts";
import type { Config } from "./config";

/** `page` is the address that the issuer leads back to, `/` or a page's own file: it knows no others. */
export function settings(config: Config, page = "/"): UserManagerSettings {
  return {
    authority: config.issuer,
    client_id: config.client_id,
    redirect_uri: `${window.location.origin}${page}`,
    response_type: "code",
    scope: config.scopes.join(" "),
  };
}

/** The address that somebody wanted before signing in; only one of this origin's own. */
export function wanted(state: unknown): string {
  return typeof state === "string" && /^\/(?!\/)/.test(state) ? state : "/";
}
