/** Runs: the one that is running, and all before it; with an id in the address, that one alone. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState, type ReactNode } from "react";
import type { Run, TaskStatus } from "../api/types.gen";
import { Asked, Updated, useCursor } from "../parts";
import { active, useRun, useRuns, useTask } from "../queries";
import type { Person } from "../session";
import type { PageProps } from "../shell";
import { follow, go, useAddress } from "../url";
import { age, count, figure, KINDS, metric, outcome, primary, seconds, signed } from "../words";
import { Compare } from "./compare";
import { Live } from "./live";
import { RunDetail } from "./run";
import { StartRun } from "./starting";

export default function Runs({ person, rest }: PageProps) {
  const [one, other] = useAddress().searchParams.get("compare")?.split(",") ?? [];
  if (one && other) return <Compare ids={[one, other]} />;
  return rest ? <RunDetail id={rest} person={person} /> : <RunList person={person} />;
}

function RunList({ person }: { person: Person }) {
  const { cursor, pages } = useCursor();
  const runs = useRuns(cursor);
  const task = useTask();
  const [chosen, setChosen] = useState<Run[]>([]);
  const [starting, setStarting] = useState(false);
  const running = runs.data?.runs.find(active);
  const busy = running !== undefined || !person.may("models:promote");
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Each run trains a candidate on all that was accepted, scores it beside the model in service, and says which is better."
          actions={
            <Button disabled={busy} onClick={() => setStarting(true)}>
              Start a run now
            </Button>
          }
        >
          Runs
        </Header>
      }
    >
      <SpaceBetween size="l">
        {task.data && <Waiting task={task.data} />}
        {running && <LiveRun id={running.run_id} />}
        <Asked query={runs} what="the runs">
          {(page) => (
            <Table
              items={page.runs}
              trackBy="run_id"
              columnDefinitions={COLUMNS}
              selectionType="multi"
              selectedItems={chosen}
              onSelectionChange={({ detail }) => setChosen(detail.selectedItems.slice(-2))}
              ariaLabels={{
                tableLabel: "All runs",
                selectionGroupLabel: "Choose two runs to compare",
                allItemsSelectionLabel: () => "Choose the last two",
                itemSelectionLabel: (_, run) => `Choose ${run.run_id}`,
              }}
              header={
                <Header description="Choose two to see what differs." actions={<Chosen chosen={chosen} updated={<Updated query={runs} />} />}>
                  All runs
                </Header>
              }
              pagination={pages(page.next)}
              empty={<Empty />}
            />
          )}
        </Asked>
      </SpaceBetween>
      {starting && <StartRun dismiss={() => setStarting(false)} />}
    </ContentLayout>
  );
}

function Chosen({ chosen, updated }: { chosen: Run[]; updated: ReactNode }) {
  const ids = [...chosen].sort((one, other) => one.started_at.localeCompare(other.started_at)).map(({ run_id }) => run_id);
  return (
    <SpaceBetween direction="horizontal" size="s" alignItems="center">
      {updated}
      <Button disabled={ids.length !== 2} onClick={() => go(`/runs?compare=${ids.join(",")}`)}>
        Compare
      </Button>
    </SpaceBetween>
  );
}

function Waiting({ task }: { task: TaskStatus }) {
  if (task.blocked) {
    return (
      <Alert type="warning" header="No run can start">
        {String(task.blocked.message ?? "")}
      </Alert>
    );
  }
  const missing = task.minimum_records - task.records;
  if (missing > 0) {
    return (
      <Alert type="info" header={`${count(task.records)} of ${count(task.minimum_records)} records are there`}>
        The first run starts by itself when {count(missing)} more are accepted.{" "}
        <Link href="/send" onFollow={follow}>
          Send data
        </Link>
      </Alert>
    );
  }
  if (task.active_run) return null;
  return (
    <Box color="text-body-secondary">
      {count(task.new_records)} of {count(task.minimum_new_records)} new records wait for the next run, which starts by itself.
    </Box>
  );
}

function LiveRun({ id }: { id: string }) {
  const run = useRun(id);
  return <Asked query={run} what="the live run">{(found) => <Live run={found} linked />}</Asked>;
}

function Empty() {
  return (
    <Box textAlign="center" padding="l">
      <SpaceBetween size="s">
        <b>No run yet</b>
        <Box>Send labelled records: when there are enough, the first run starts by itself.</Box>
        <Button href="/send" onFollow={follow}>
          Send data
        </Button>
      </SpaceBetween>
    </Box>
  );
}

/** `F1 0.812 (0.790)`: the candidate's, and in brackets what it was held against. */
function score({ task, verdict }: Run): string {
  if (!verdict) return "–";
  const name = primary(task, verdict.metrics.candidate);
  return `${metric(name)} ${figure(verdict.metrics.candidate[name])} (${figure(verdict.metrics.champion?.[name])})`;
}

const COLUMNS = [
  {
    id: "run",
    header: "Run",
    isRowHeader: true,
    cell: (run: Run) => (
      <Link href={`/runs/${run.run_id}`} onFollow={follow}>
        {run.run_id}
      </Link>
    ),
  },
  { id: "kind", header: "What", cell: (run: Run) => KINDS[run.kind] },
  {
    id: "outcome",
    header: "Outcome",
    cell: (run: Run) => <StatusIndicator type={outcome(run).type}>{outcome(run).text}</StatusIndicator>,
  },
  { id: "data", header: "Records", cell: (run: Run) => (run.kind === "retrain" ? count(run.records.train + run.records.holdout) : "–") },
  {
    id: "score",
    header: "Score, and the bar",
    cell: score,
  },
  { id: "difference", header: "Difference", cell: (run: Run) => signed(run.verdict?.interval?.difference) },
  { id: "took", header: "Took", cell: (run: Run) => seconds(run.seconds) },
  { id: "age", header: "Started", cell: (run: Run) => <span title={run.started_at}>{age(run.started_at)}</span> },
];
