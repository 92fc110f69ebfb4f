/** Ends a run before its time; while its model is put into service that is not offered. */
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Run } from "../api/types.gen";
import { AskWhy } from "../parts";
import { useApi, useDecision } from "../queries";
import type { Person } from "../session";
import { count } from "../words";

export function Cancel({ run, person }: { run: Run; person: Person }) {
  const [asking, setAsking] = useState(false);
  const api = useApi();
  const cancel = useDecision((reason: string) => api.cancelRun(run.run_id, reason), () => setAsking(false));
  const switching = run.steps.some(({ name, status }) => name === "promote" && status === "running");
  return (
    <>
      <Button disabled={switching || !person.may("models:promote")} onClick={() => setAsking(true)}>
        Cancel the run
      </Button>
      {asking && (
        <AskWhy
          title={`Cancel ${run.run_id}`}
          verb="Cancel the run"
          pending={cancel.isPending}
          error={cancel.error}
          dismiss={() => setAsking(false)}
          decide={(reason) => cancel.mutate(reason)}
        >
          <div>
            Its jobs stop, and what they have cost so far is spent. The model in service stays. The {count(run.records.new)} new records are
            kept: the next record that is accepted starts a run with them.
          </div>
        </AskWhy>
      )}
    </>
  );
}
