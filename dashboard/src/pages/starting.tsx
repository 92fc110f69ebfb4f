/** Starting a run now: what it would learn from, what it would cost, and whether it searches its hyper-parameters first. */
import Alert from "@cloudscape-design/components/alert";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useState, type ReactNode } from "react";
import type { Cost, TaskStatus } from "../api/types.gen";
import { Asked, Dialog, Trouble } from "../parts";
import { useApi, useCost, useDecision, useSettings, useTask } from "../queries";
import { go } from "../url";
import { count, price, seconds } from "../words";

/** What the API allows. */
const MOST_TRIALS = 50;
const A_FEW = 8;

type Given = { dismiss: () => void; children?: ReactNode };

export function StartRun({ dismiss, children }: Given) {
  const settings = useSettings();
  const usual = settings.data?.tuning?.max_jobs ?? 0;
  const [asked, setAsked] = useState<string | null>(null);
  const typed = asked ?? String(usual);
  const trials = Number(typed);
  const possible = typed.trim() !== "" && Number.isInteger(trials) && trials >= 0 && trials <= MOST_TRIALS;
  const cost = useCost(possible ? trials : usual);
  const status = useTask();
  const api = useApi();
  const tuning = trials === usual ? null : { ...settings.data?.tuning, max_jobs: trials };
  const start = useDecision(() => api.startRun(tuning), (run) => go(`/runs/${run.run_id}`));
  const hindered = status.data ? hindrance(status.data) : "";
  return (
    <Dialog
      title="Start a run"
      verb="Start the run"
      pending={start.isPending}
      disabled={!possible || !settings.data || !status.data || hindered !== ""}
      dismiss={dismiss}
      act={() => start.mutate(undefined)}
    >
      {children}
      {hindered && <Alert type="warning">{hindered}</Alert>}
      <Asked query={cost} what="what it would cost">
        {(found) => <Price cost={found} />}
      </Asked>
      <Toggle
        checked={trials > 0 || !possible}
        description="It trains once as it is set, then so many times with other values, and judges the best."
        onChange={({ detail }) => setAsked(detail.checked ? String(usual || A_FEW) : "0")}
      >
        Search for better hyper-parameters
      </Toggle>
      {(trials > 0 || !possible) && (
        <FormField label="Trials" description="Each is a training that is paid for." errorText={possible ? "" : `A whole number, up to ${MOST_TRIALS}.`}>
          <Input type="number" inputMode="numeric" value={typed} onChange={({ detail }) => setAsked(detail.value)} />
        </FormField>
      )}
      {settings.error && <Trouble error={settings.error} />}
      {start.error && <Trouble error={start.error} />}
    </Dialog>
  );
}

/** Why none can start now; what the API would say besides, it says. */
function hindrance({ records, minimum_records: minimum, active_run: running, blocked }: TaskStatus): string {
  if (running) return `${running} is running: one run at a time.`;
  if (records < minimum) return `The first run needs ${count(minimum - records)} more accepted records.`;
  return blocked ? String(blocked.message ?? "") : "";
}

function Price({ cost }: { cost: Cost }) {
  const { train, holdout, new: fresh } = cost.records;
  const search = cost.steps.find(({ name }) => name === "tune");
  return (
    <SpaceBetween size="s">
      <KeyValuePairs
        columns={3}
        items={[
          { label: "It learns from", value: `${count(train)} records` },
          { label: "is judged on", value: `${count(holdout)} held out` },
          { label: "and new since the last run are", value: count(fresh) },
          { label: "It would cost", value: price(cost) },
          { label: "and take", value: `about ${seconds(cost.seconds)}` },
          { label: "Of that the search", value: search ? `${price({ ...cost, usd: search.usd })}, ${seconds(search.seconds)}` : "no search" },
        ]}
      />
      {!cost.allowed && <Alert type="warning">That is over what one run of this installation may cost.</Alert>}
    </SpaceBetween>
  );
}
