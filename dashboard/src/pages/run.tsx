/** One run: the verdict's sentence and its clauses first, then the pictures, the labels, what changed, and the steps. */
import Alert, { type AlertProps } from "@cloudscape-design/components/alert";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Run } from "../api/types.gen";
import { Asked } from "../parts";
import { active, useRun } from "../queries";
import type { Person } from "../session";
import { follow } from "../url";
import { count, KINDS, moment, outcome, seconds, usd } from "../words";
import { Cancel } from "./cancel";
import { Live, Steps } from "./live";
import { Download, ReportOf } from "./report";
import { Decide } from "./reviewing";
import { Clauses, Scores } from "./verdict";

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
        {(found) => <Detail run={found} person={person} />}
      </Asked>
    </ContentLayout>
  );
}

function Detail({ run, person }: { run: Run; person: Person }) {
  const { verdict } = run;
  return (
    <SpaceBetween size="l">
      <Sentence run={run} person={person} />
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

/** What was decided and why; where a person is asked, until when, and the two answers. */
function Sentence({ run, person }: { run: Run; person: Person }) {
  if (active(run) && !run.verdict) return null;
  const { text } = outcome(run);
  const cancelled = run.error?.code === "cancelled";
  const why = cancelled ? `${run.reason} (${run.error?.message})` : (run.error?.message ?? run.verdict?.message ?? run.reason ?? "");
  const waits = run.review?.status === "waiting";
  return (
    <Alert
      type={cancelled ? "info" : (TONES[run.outcome ?? ""] ?? "info")}
      header={text}
      action={waits && <Decide version={run.version} person={person} />}
    >
      <SpaceBetween size="xxs">
        <div>
          {why}
          {run.error && !cancelled && ` (${run.error.code})`}
        </div>
        {run.review && <div>{reviewed(run.review)}</div>}
      </SpaceBetween>
    </Alert>
  );
}

/** What a person is asked for, or what came of it. */
function reviewed({ until, status, by, at, reason }: NonNullable<Run["review"]>): string {
  if (status === "waiting") return `Somebody has to decide until ${moment(until)}; after that the model in service stays.`;
  const done = { promoted: "promoted it", rejected: "rejected it", expired: "nobody decided in time", superseded: "another model came first" }[status];
  return status === "promoted" || status === "rejected" ? `${by} ${done}, ${moment(at)}: ${reason}` : `Closed ${moment(at)}: ${done}.`;
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
