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
import type { Run, TaskStatus } from "../api/types.gen";
import { Asked, Trouble, Updated, useCursor } from "../parts";
import { active, useApi, useDecision, useRun, useRuns, useTask } from "../queries";
import type { Person } from "../session";
import type { PageProps } from "../shell";
import { follow, go } from "../url";
import { age, count, F1, figure, KINDS, outcome, seconds, signed } from "../words";
import { Live } from "./live";
import { RunDetail } from "./run";

export default function Runs({ person, rest }: PageProps) {
  return rest ? <RunDetail id={rest} person={person} /> : <RunList person={person} />;
}

function RunList({ person }: { person: Person }) {
  const { cursor, pages } = useCursor();
  const runs = useRuns(cursor);
  const task = useTask();
  const api = useApi();
  const start = useDecision(api.startRun, (run) => go(`/runs/${run.run_id}`));
  const running = runs.data?.runs.find(active);
  const busy = running !== undefined || !person.may("models:promote");
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description="Each run trains a candidate on all that was accepted, scores it beside the model in service, and says which is better."
          actions={
            <Button loading={start.isPending} disabled={busy} onClick={() => start.mutate(undefined)}>
              Start a run now
            </Button>
          }
        >
          Runs
        </Header>
      }
    >
      <SpaceBetween size="l">
        {start.error && <Trouble error={start.error} />}
        {task.data && <Waiting task={task.data} />}
        {running && <LiveRun id={running.run_id} />}
        <Asked query={runs} what="the runs">
          {(page) => (
            <Table
              items={page.runs}
              trackBy="run_id"
              columnDefinitions={COLUMNS}
              header={<Header actions={<Updated query={runs} />}>All runs</Header>}
              pagination={pages(page.next)}
              empty={<Empty />}
            />
          )}
        </Asked>
      </SpaceBetween>
    </ContentLayout>
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

const score = (run: Run) => run.verdict?.metrics.candidate[F1];

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
    header: "F1, against the bar",
    cell: (run: Run) => (run.verdict ? `${figure(score(run))} (${figure(run.verdict.metrics.champion?.[F1])})` : "–"),
  },
  { id: "difference", header: "Difference", cell: (run: Run) => signed(run.verdict?.interval?.difference) },
  { id: "took", header: "Took", cell: (run: Run) => seconds(run.seconds) },
  { id: "age", header: "Started", cell: (run: Run) => <span title={run.started_at}>{age(run.started_at)}</span> },
];
