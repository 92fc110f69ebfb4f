/** One run: the verdict's sentence and its clauses first, then the pictures, the labels, what changed, and the steps. */
import Alert, { type AlertProps } from "@cloudscape-design/components/alert";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { Run, Verdict } from "../api/types.gen";
import { Interval } from "../interval";
import { Asked } from "../parts";
import { active, useRun } from "../queries";
import type { Person } from "../session";
import { follow } from "../url";
import { count, figure, KINDS, metric, moment, outcome, primary, seconds, signed, usd } from "../words";
import { Cancel } from "./cancel";
import { Live, Steps } from "./live";
import { Download, ReportOf } from "./report";

export function RunDetail({ id, person }: { id: string; person: Person }) {
  const query = useRun(id);
  const run = query.data;
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
        <Header variant="h1" actions={run && (active(run) ? <Cancel run={run} person={person} /> : <Download run={run} />)}>
          {id}
        </Header>
      }
    >
      <Asked query={query} what="the run">
        {(found) => <Detail run={found} />}
      </Asked>
    </ContentLayout>
  );
}

function Detail({ run }: { run: Run }) {
  const { verdict } = run;
  return (
    <SpaceBetween size="l">
      <Sentence run={run} />
      {verdict && <Clauses verdict={verdict} />}
      {verdict && <Scores verdict={verdict} />}
      {active(run) ? <Live run={run} /> : <ReportOf run={run} />}
      {!active(run) && (
        <Container header={<Header variant="h2">Steps</Header>}>
          <Steps run={run} />
        </Container>
      )}
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
      wrapLines
      columnDefinitions={[
        { id: "passed", header: "Passed", cell: ({ passed }) => <Passed passed={passed} />, width: 120 },
        { id: "message", header: "Clause", isRowHeader: true, cell: (clause) => clause.message, minWidth: 320 },
        { id: "measured", header: "Measured", cell: (clause) => shown(clause.measured) },
        { id: "required", header: "Required", cell: (clause) => shown(clause.required) },
        { id: "binds", header: "Decides", cell: (clause) => (clause.policies.includes(verdict.policy) ? "Yes" : "No"), width: 100 },
      ]}
      ariaLabels={{ tableLabel: "Clauses of the verdict" }}
    />
  );
}

function Passed({ passed }: { passed: boolean | null }) {
  if (passed === null) return <StatusIndicator type="info">Noted</StatusIndicator>;
  return <StatusIndicator type={passed ? "success" : "error"}>{passed ? "Passed" : "Failed"}</StatusIndicator>;
}

function shown(value: unknown): string {
  if (value == null) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : value.toFixed(4);
  if (Array.isArray(value)) return value.map(shown).join(", ") || "none";
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, held]) => `${name.replaceAll("_", " ")} ${shown(held)}`).join(", ");
}

function Scores({ verdict }: { verdict: Verdict }) {
  const name = primary(verdict.task, verdict.metrics.candidate);
  const intervals = [verdict.interval, ...(verdict.further_intervals ?? [])].filter((interval) => interval !== null);
  return (
    <Container
      header={<Header variant="h2" description="On held-out records that no model was trained on.">Candidate against champion</Header>}
    >
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={3}
          items={[
            { label: `Candidate ${metric(name)}`, value: figure(verdict.metrics.candidate[name]) },
            { label: `Champion ${metric(name)}`, value: verdict.champion ? figure(verdict.metrics.champion?.[name]) : "no model before" },
            { label: "Difference", value: verdict.interval ? `${signed(verdict.interval.difference)} (${signed(verdict.interval.low)} to ${signed(verdict.interval.high)})` : "–" },
          ]}
        />
        {intervals.map((interval) => (
          <Interval key={interval.metric} {...interval} />
        ))}
        {verdict.labels.length > 0 && <Labels verdict={verdict} />}
      </SpaceBetween>
    </Container>
  );
}

export function Labels({ verdict }: { verdict: Verdict }) {
  return (
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
        { id: "evidence", header: "Evidence", cell: (row) => row.evidence ?? "–" },
      ]}
      ariaLabels={{ tableLabel: "Scores by label" }}
    />
  );
}

function Facts({ run }: { run: Run }) {
  const { train, holdout, new: fresh } = run.records;
  return (
    <Container header={<Header variant="h2">Facts</Header>}>
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
