/** One run: the verdict's sentence and its clauses first, then the picture, the labels and the steps. */
import Alert, { type AlertProps } from "@cloudscape-design/components/alert";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { Run, Verdict } from "../api/types.gen";
import { Interval } from "../interval";
import { Asked, AskWhy } from "../parts";
import { active, useApi, useDecision, useRun } from "../queries";
import type { Person } from "../session";
import { follow } from "../url";
import { count, F1, figure, KINDS, moment, outcome, seconds, signed, usd } from "../words";
import { Live, Steps } from "./live";

export function RunDetail({ id, person }: { id: string; person: Person }) {
  const query = useRun(id);
  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[
            { text: "Runs", href: "/runs" },
            { text: id, href: `/runs/${id}` },
          ]}
          onFollow={follow}
        />
      }
      header={
        <Header variant="h1" actions={query.data && active(query.data) && <Cancel run={query.data} person={person} />}>
          {id}
        </Header>
      }
    >
      <Asked query={query} what="the run">
        {(run) => <Detail run={run} />}
      </Asked>
    </ContentLayout>
  );
}

/** Ends the run before its time; while its model is put into service that is no longer offered. */
function Cancel({ run, person }: { run: Run; person: Person }) {
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

function Detail({ run }: { run: Run }) {
  return (
    <SpaceBetween size="l">
      <Sentence run={run} />
      {run.verdict && <Clauses verdict={run.verdict} />}
      {run.verdict && <Scores verdict={run.verdict} />}
      {active(run) ? <Live run={run} /> : <Past run={run} />}
      <Facts run={run} />
    </SpaceBetween>
  );
}

const TONES: { [outcome: string]: AlertProps.Type } = { promoted: "success", kept: "info", "needs-review": "warning", failed: "error" };

function Sentence({ run }: { run: Run }) {
  if (active(run) && !run.verdict) return null;
  const { text } = outcome(run);
  const cancelled = run.error?.code === "cancelled";
  const why = cancelled ? `${run.reason} (${run.error?.message})` : (run.error?.message ?? run.verdict?.message ?? run.reason ?? "");
  return (
    <Alert type={cancelled ? "info" : (TONES[run.outcome ?? ""] ?? "info")} header={text}>
      {why}
      {run.error && !cancelled && ` (${run.error.code})`}
    </Alert>
  );
}

function Clauses({ verdict }: { verdict: Verdict }) {
  return (
    <Table
      header={<Header description={`Policy ${verdict.policy}: only its own clauses decide.`}>What had to hold</Header>}
      items={verdict.clauses}
      trackBy="clause"
      wrapLines
      columnDefinitions={[
        { id: "passed", header: "Passed", cell: ({ passed }) => <Passed passed={passed} />, width: 110 },
        { id: "message", header: "Clause", isRowHeader: true, cell: (clause) => clause.message },
        { id: "measured", header: "Measured", cell: (clause) => shown(clause.measured) },
        { id: "required", header: "Required", cell: (clause) => shown(clause.required) },
        { id: "binds", header: "Decides", cell: (clause) => (clause.policies.includes(verdict.policy) ? "Yes" : "No") },
      ]}
      ariaLabels={{ tableLabel: "Clauses of the verdict" }}
    />
  );
}

function Passed({ passed }: { passed: boolean | null }) {
  if (passed === null) return <StatusIndicator type="stopped">Not asked</StatusIndicator>;
  return <StatusIndicator type={passed ? "success" : "error"}>{passed ? "Passed" : "Failed"}</StatusIndicator>;
}

function shown(value: unknown): string {
  if (value == null) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : value.toFixed(4);
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Scores({ verdict }: { verdict: Verdict }) {
  const interval = verdict.interval;
  return (
    <Container
      header={
        <Header description="Exact match of entities, on held-out records that no model was trained on.">Candidate against champion</Header>
      }
    >
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={3}
          items={[
            { label: "Candidate F1", value: figure(verdict.metrics.candidate[F1]) },
            { label: "Champion F1", value: verdict.champion ? figure(verdict.metrics.champion?.[F1]) : "no model before" },
            { label: "Difference", value: interval ? `${signed(interval.difference)} (${signed(interval.low)} to ${signed(interval.high)})` : "–" },
          ]}
        />
        {interval && <Interval {...interval} />}
        <Table
          variant="embedded"
          items={verdict.labels}
          trackBy="label"
          columnDefinitions={[
            { id: "label", header: "Label", isRowHeader: true, cell: (row) => row.label },
            { id: "support", header: "In the holdout", cell: (row) => count(row.support) },
            { id: "candidate", header: "Candidate F1", cell: (row) => figure(row.candidate) },
            { id: "champion", header: "Champion F1", cell: (row) => figure(row.champion) },
            { id: "difference", header: "Difference", cell: (row) => signed(row.difference) },
          ]}
          ariaLabels={{ tableLabel: "Scores by label" }}
          empty="No label was scored."
        />
      </SpaceBetween>
    </Container>
  );
}

function Past({ run }: { run: Run }) {
  return (
    <Container header={<Header>Steps</Header>}>
      <Steps run={run} />
    </Container>
  );
}

function Facts({ run }: { run: Run }) {
  const { train, holdout, new: fresh } = run.records;
  return (
    <Container header={<Header>Facts</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "What", value: KINDS[run.kind] },
          { label: "Started", value: moment(run.started_at) },
          { label: "Took", value: seconds(run.seconds) },
          { label: "Of that outside of jobs", value: seconds(run.orchestration_seconds) },
          { label: "Records", value: run.kind === "retrain" ? `${count(train)} to learn, ${count(holdout)} held out, ${count(fresh)} new` : "–" },
          { label: "By", value: run.by ?? "by itself, enough records waited" },
          { label: "Reason", value: run.reason ?? "–" },
          { label: "Cost (estimated)", value: `${usd(run.cost_usd)} (${usd(run.estimated_usd)})` },
        ]}
      />
    </Container>
  );
}
