/** Batches: what was sent by whom and when, found by sender and day; what became of one, and its withdrawal. */
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import DatePicker from "@cloudscape-design/components/date-picker";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { BatchPage } from "../api/types.gen";
import { Asked, AskWhy, Updated, useCursor } from "../parts";
import { useApi, useBatches, useDecision } from "../queries";
import type { Person } from "../session";
import { follow, go, useAddress, withParameters } from "../url";
import { age, count } from "../words";
import { Changed } from "./changes";
import { Receipt } from "./receipt";

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

export function Batches() {
  const { cursor, pages } = useCursor();
  const { searchParams } = useAddress();
  const [poster, since, until] = ["poster", "since", "until"].map((name) => searchParams.get(name)) as [string | null, string | null, string | null];
  const batches = useBatches({ before: cursor, poster, since, until });
  return (
    <Asked query={batches} what="the batches">
      {(page) => (
        <Table
          header={
            <Header actions={<Updated query={batches} />} description="Each file or post is a batch. What was rejected was not stored: mend it and send it again.">
              Batches
            </Header>
          }
          filter={<Narrow key={`${poster} ${since} ${until}`} poster={poster} since={since} until={until} />}
          items={page.batches}
          trackBy={(row: Row) => row.batch_id ?? ""}
          wrapLines
          pagination={pages(page.next)}
          columnDefinitions={[
            { id: "id", header: "Batch", isRowHeader: true, cell: (row) => <BatchLink id={row.batch_id ?? ""} /> },
            { id: "status", header: "State", cell: (row) => <State status={row.status} /> },
            { id: "notes", header: "Of note", cell: (row) => <Remarks row={row} /> },
            { id: "accepted", header: "Accepted", cell: (row) => count(row.counts?.accepted ?? 0) },
            { id: "duplicate", header: "Duplicates", cell: (row) => count(row.counts?.duplicate ?? 0) },
            { id: "conflict", header: "Conflicts", cell: (row) => count(row.counts?.conflict ?? 0) },
            { id: "rejected", header: "Rejected", cell: (row) => count((row.counts?.rejected ?? 0) + (row.counts?.set_aside ?? 0)) },
            { id: "poster", header: "Sent by", cell: (row) => row.poster ?? "–" },
            { id: "age", header: "When", cell: (row) => (row.received_at ? age(row.received_at) : "–") },
            { id: "why", header: "Why", cell: (row) => row.message ?? row.reason ?? "" },
          ]}
          ariaLabels={{ tableLabel: "Batches" }}
          empty={poster || since || until ? "No batch is of this sender and time." : <Nothing />}
        />
      )}
    </Asked>
  );
}

/** Where it is from, where that is no post; whether it waits; whether a run raised an alarm on it. */
function Remarks({ row: { source, waiting, warnings } }: { row: Row }) {
  return (
    <SpaceBetween direction="horizontal" size="xxs">
      {source && <Badge color={source === "gold" ? "severity-low" : "grey"}>{source === "gold" ? "Gold set" : "Correction"}</Badge>}
      {waiting && <Badge color="blue">Waits</Badge>}
      {warnings && warnings.length > 0 && <Badge color="severity-high">Alarm</Badge>}
    </SpaceBetween>
  );
}

function Nothing() {
  return (
    <Box textAlign="center" padding="l">
      Nothing was sent yet.{" "}
      <Link href="/send" onFollow={follow}>
        Send data
      </Link>
    </Box>
  );
}

export type Wanted = { poster: string | null; since: string | null; until: string | null };

/** Sender and days; they live in the address. */
export function Narrow({ poster, since, until }: Wanted) {
  const address = useAddress();
  const [sender, setSender] = useState(poster ?? "");
  const narrow = (change: Partial<Wanted>) => go(withParameters(address, { ...change, before: null, records: null }));
  const day = (name: "since" | "until", label: string, value: string | null) => (
    <FormField label={label}>
      <DatePicker
        value={value ?? ""}
        placeholder="YYYY/MM/DD"
        openCalendarAriaLabel={() => `Choose the day: ${label}`}
        onChange={({ detail }) => narrow({ [name]: detail.value || null })}
      />
    </FormField>
  );
  return (
    <SpaceBetween direction="horizontal" size="s" alignItems="end">
      <FormField label="Sent by">
        <Input
          value={sender}
          placeholder="anybody"
          onChange={({ detail }) => setSender(detail.value)}
          onBlur={() => sender !== (poster ?? "") && narrow({ poster: sender.trim() || null })}
          onKeyDown={({ detail }) => detail.key === "Enter" && narrow({ poster: sender.trim() || null })}
        />
      </FormField>
      {day("since", "From", since)}
      {day("until", "To", until)}
      <Button disabled={!poster && !since && !until} onClick={() => narrow({ poster: null, since: null, until: null })}>
        Clear
      </Button>
    </SpaceBetween>
  );
}

export function BatchLink({ id }: { id: string }) {
  return (
    <Link href={`/data/${id}`} onFollow={follow}>
      {id.slice(0, 12)}
    </Link>
  );
}

export function Batch({ id, person }: { id: string; person: Person }) {
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
      <SpaceBetween size="l">
        <Receipt id={id} />
        <Changed id={id} />
      </SpaceBetween>
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
