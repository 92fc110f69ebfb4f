/** Who uses the page: an authorization code with PKCE, by the same code for Cognito and for the local issuer. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Alert from "@cloudscape-design/components/alert";
import { useMemo, type ReactNode } from "react";
import { AuthProvider, useAuth } from "react-oidc-context";
import { Api } from "./calls";
import type { Config } from "./config";
import { ApiContext } from "./queries";
import { settings, wanted } from "./signing";
import { go, taskOf, useAddress } from "./url";

export type Person = { name: string; may: (scope: string) => boolean; signOut: () => void };

export function Session({ config, children }: { config: Config; children: (person: Person) => ReactNode }) {
  return (
    <AuthProvider {...settings(config)} onSigninCallback={(user) => go(wanted(user?.state), { replace: true })}>
      <SignedIn config={config}>{children}</SignedIn>
    </AuthProvider>
  );
}

function SignedIn({ config, children }: { config: Config; children: (person: Person) => ReactNode }) {
  const auth = useAuth();
  const token = auth.user?.access_token;
  const task = taskOf(useAddress());
  const api = useMemo(() => (token ? new Api(token, task) : null), [token, task]);
  if (auth.isLoading) return <Waiting />;
  if (!api || !token || !auth.isAuthenticated) {
    const signIn = () => void auth.signinRedirect({ state: window.location.pathname + window.location.search });
    return <Door problem={auth.error?.message} signIn={signIn} />;
  }
  const person = { ...read(token), signOut: () => void auth.removeUser().then(() => leave(config)) };
  return <ApiContext value={api}>{children(person)}</ApiContext>;
}

function leave(config: Config): void {
  const back = `${window.location.origin}/`;
  window.location.assign(`${config.sign_out}?${new URLSearchParams({ client_id: config.client_id, logout_uri: back })}`);
}

/** Name and rights as the token says them; the API checks them, this is for what to offer. */
function read(token: string): Pick<Person, "name" | "may"> {
  const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
  const claims = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: string; username?: string; scope?: string };
  const scopes = new Set((claims.scope ?? "").split(" "));
  return { name: claims.username ?? claims.sub ?? "signed in", may: (scope) => scopes.has(`chartloop/${scope}`) };
}

function Waiting() {
  return (
    <Box textAlign="center" padding="xxxl">
      <Spinner size="large" /> Signing in
    </Box>
  );
}

function Door({ problem, signIn }: { problem?: string; signIn: () => void }) {
  return (
    <main className="door">
      <SpaceBetween size="l">
        <Box variant="h1">Chartloop</Box>
        <Box variant="p">Labelled clinical records in, a better model in service.</Box>
        {problem && (
          <Alert type="error" header="The sign-in did not work">
            {problem}. Try again; if it stays so, tell the operators of this installation.
          </Alert>
        )}
        <Button variant="primary" onClick={signIn}>
          Sign in
        </Button>
      </SpaceBetween>
    </main>
  );
}
