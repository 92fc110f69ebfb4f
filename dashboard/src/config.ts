/** What one deployment differs in from another: read from config.json when the page starts. */
export type Config = {
  issuer: string;
  client_id: string;
  scopes: string[];
  /** Where signing out ends the issuer's own session too. */
  sign_out: string;
  /** Where a job's log is, an address or a path, with `{group}` and `{job}` to be filled in. */
  logs: string;
};

export async function readConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { cache: "no-store" });
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  return (await answer.json()) as Config;
}
