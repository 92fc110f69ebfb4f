/** Labels and data: what there is, batch by batch; what was refused and why; how each label does. */
import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import Tabs from "@cloudscape-design/components/tabs";
import { useState } from "react";
import type { BatchPage, TaskStatus, Verdict } from "../api/types.gen";
import { Asked, AskWhy, Updated, useCursor } from "../parts";
import { useApi, useBatches, useDecision, useRuns, useTask } from "../queries";
import type { Person } from "../session";
import type { PageProps } from "../shell";
import { follow, go, useAddress, withParameters } from "../url";
import { age, count, figure } from "../words";
import { Receipt } from "./receipt";
import { Queue } from "./review";

export default function Data({ person, rest }: PageProps) {
  return rest ? <Batch id={rest} person={person} /> : <Overview person={person} />;
}

function Overview({ person }: { person: Person }) {
  const task = useTask();
  const address = useAddress();
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="What the next model would learn from, and what was set aside.">
          Labels and data
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Asked query={task} what="the counts">
          {(status) => <Tiles status={status} />}
        </Asked>
        <Tabs
          ariaLabel="Labels and data"
          activeTabId={address.searchParams.get("tab") ?? "batches"}
          onChange={({ detail }) => go(withParameters(address, { tab: detail.activeTabId }))}
          tabs={[
            { id: "batches", label: "Batches", content: <Batches /> },
            { id: "labels", label: "Labels", content: <Labels /> },
            { id: "review", label: "Review", content: <Queue person={person} /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

function Tiles({ status }: { status: TaskStatus }) {
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: "Records accepted, of those that a run needs", value: `${count(status.records)} of ${count(status.minimum_records)}` },
          { label: "New since the last run, of those that start one", value: `${count(status.new_records)} of ${count(status.minimum_new_records)}` },
          { label: "In service", value: String(status.champion?.version ?? "no model yet") },
        ]}
      />
    </Container>
  );
}

type Row = BatchPage["batches"][number];

const STATES: { [status: string]: { type: StatusIndicatorProps.Type; text: string } } = {
  received: { type: "in-progress", text: "Being taken in" },
  processed: { type: "success", text: "Taken in" },
  quarantined: { type: "error", text: "Not readable" },
  withdrawn: { type: "stopped", text: "Withdrawn" },
};

function State({ status = "received" }: { status?: string }) {
  const { type, text } = STATES[status] ?? { type: "info" as const, text: status };
  return <StatusIndicator type={type}>{text}</StatusIndicator>;
}

function Batches() {
  const { cursor, pages } = useCursor();
  const batches = useBatches(cursor);
  return (
    <Asked query={batches} what="the batches">
      {(page) => (
        <Table
          header={
            <Header actions={<Updated query={batches} />} description="Each file or post is a batch. What was rejected was not stored: mend it and send it again.">
              Batches
            </Header>
          }
          items={page.batches}
          trackBy={(row: Row) => row.batch_id ?? ""}
          wrapLines
          pagination={pages(page.next)}
          columnDefinitions={[
            { id: "id", header: "Batch", isRowHeader: true, cell: (row) => <BatchLink id={row.batch_id ?? ""} /> },
            { id: "status", header: "State", cell: (row) => <State status={row.status} /> },
            { id: "accepted", header: "Accepted", cell: (row) => count(row.counts?.accepted ?? 0) },
            { id: "duplicate", header: "Duplicates", cell: (row) => count(row.counts?.duplicate ?? 0) },
            { id: "conflict", header: "Conflicts", cell: (row) => count(row.counts?.conflict ?? 0) },
            { id: "rejected", header: "Rejected", cell: (row) => count((row.counts?.rejected ?? 0) + (row.counts?.set_aside ?? 0)) },
            { id: "poster", header: "Sent by", cell: (row) => row.poster ?? "–" },
            { id: "age", header: "When", cell: (row) => (row.received_at ? age(row.received_at) : "–") },
            { id: "why", header: "Why", cell: (row) => row.message ?? row.reason ?? "" },
          ]}
          ariaLabels={{ tableLabel: "Batches" }}
          empty={
            <Box textAlign="center" padding="l">
              Nothing was sent yet.{" "}
              <Link href="/send" onFollow={follow}>
                Send data
              </Link>
            </Box>
          }
        />
      )}
    </Asked>
  );
}

function BatchLink({ id }: { id: string }) {
  return (
    <Link href={`/data/${id}`} onFollow={follow}>
      {id.slice(0, 12)}
    </Link>
  );
}

function Labels() {
  const runs = useRuns(null);
  return (
    <Asked query={runs} what="the labels">
      {(page) => {
        const judged = page.runs.find(({ verdict }) => verdict?.labels.length);
        return judged?.verdict ? <LabelTable verdict={judged.verdict} /> : <Box padding="l">The first judged run shows here how each label does.</Box>;
      }}
    </Asked>
  );
}

function LabelTable({ verdict }: { verdict: Verdict }) {
  return (
    <Table
      header={<Header description={`On the held-out records of run ${verdict.run_id}: labels with few examples are measured badly.`}>Labels</Header>}
      items={verdict.labels}
      trackBy="label"
      columnDefinitions={[
        { id: "label", header: "Label", isRowHeader: true, cell: ({ label }) => label },
        { id: "support", header: "In the holdout", cell: ({ support }) => count(support) },
        { id: "candidate", header: "F1", cell: ({ candidate }) => figure(candidate) },
        { id: "champion", header: "F1 of the model before", cell: ({ champion }) => figure(champion) },
      ]}
      ariaLabels={{ tableLabel: "Labels" }}
    />
  );
}

function Batch({ id, person }: { id: string; person: Person }) {
  const [asking, setAsking] = useState(false);
  const api = useApi();
  const withdraw = useDecision((reason: string) => api.withdraw(id, reason), () => setAsking(false));
  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[
            { text: "Labels and data", href: "/data" },
            { text: id.slice(0, 12), href: `/data/${id}` },
          ]}
          onFollow={follow}
        />
      }
      header={
        <Header
          variant="h1"
          actions={
            <Button disabled={!person.may("records:write")} onClick={() => setAsking(true)}>
              Withdraw
            </Button>
          }
        >
          Batch {id.slice(0, 12)}
        </Header>
      }
    >
      <Receipt id={id} />
      {asking && (
        <AskWhy
          title="Withdraw this batch"
          verb="Withdraw"
          pending={withdraw.isPending}
          error={withdraw.error}
          dismiss={() => setAsking(false)}
          decide={(reason) => withdraw.mutate(reason)}
        >
          <div>No model after this one learns from its records. Models that did are not changed.</div>
        </AskWhy>
      )}
    </ContentLayout>
  );
}
