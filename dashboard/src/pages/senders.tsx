/** Who sent the records: each sender's share and what of it waits, the gold set and its writers, and the origin of one record. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Posters, Provenance } from "../api/types.gen";
import { Asked, Trouble } from "../parts";
import { useApi, usePosters } from "../queries";
import { follow } from "../url";
import { count, moment, percent } from "../words";
import { BatchLink } from "./batches";

export function SendersTab() {
  const posters = usePosters();
  return (
    <SpaceBetween size="l">
      <Asked query={posters} what="the senders">
        {(found) => (
          <SpaceBetween size="l">
            <Senders found={found} />
            <Gold gold={found.gold} />
          </SpaceBetween>
        )}
      </Asked>
      <Origin />
    </SpaceBetween>
  );
}

type Sender = Posters["posters"][number];

function Senders({ found: { posters, cap_percent: cap } }: { found: Posters }) {
  const waiting = posters.reduce((sum, each) => sum + each.waiting, 0);
  return (
    <SpaceBetween size="s">
      {waiting > 0 && (
        <Alert type="warning" header={`${count(waiting)} records wait for a later run`}>
          Their sender has brought all that one may bring to a run, {cap} % of its new records. They come in when others have sent enough.
        </Alert>
      )}
      <Of
        name="Senders"
        about={cap < 100 ? `One sender may bring ${cap} % of a run's new records.` : "There is no cap on what one sender may bring to a run (setting poster_cap_percent)."}
        rows={posters}
        empty="Nothing was sent yet."
      />
    </SpaceBetween>
  );
}

function Gold({ gold }: { gold: Posters["gold"] }) {
  return (
    <Of
      name="Gold set"
      number={gold.records}
      about="Every model is judged by these records too, and none learns from them. Written with the right gold:write alone, by chartloop gold add."
      rows={gold.posters}
      empty="There is no gold set: nobody has written one."
    />
  );
}

type OfGiven = { name: string; number?: number; about: string; rows: Sender[]; empty: string };

function Of({ name, number, about, rows, empty }: OfGiven) {
  const whole = rows.reduce((sum, { records }) => sum + records, 0) || 1;
  return (
    <Table
      header={
        <Header variant="h2" counter={number === undefined ? "" : `(${count(number)} records)`} description={about}>
          {name}
        </Header>
      }
      items={rows}
      trackBy="poster"
      wrapLines
      columnDefinitions={[
        { id: "poster", header: "Sent by", isRowHeader: true, cell: ({ poster }) => <SenderLink poster={poster} /> },
        { id: "records", header: "Records", cell: ({ records }) => count(records) },
        { id: "share", header: "Share", cell: ({ records }) => percent(records / whole) },
        { id: "batches", header: "Batches", cell: ({ batches }) => count(batches) },
        { id: "waiting", header: "Waiting", cell: ({ waiting }) => count(waiting) },
        { id: "last", header: "Last", cell: ({ last_at: last }) => moment(last) },
      ]}
      ariaLabels={{ tableLabel: name }}
      empty={empty}
    />
  );
}

function SenderLink({ poster }: { poster: string }) {
  return (
    <Link href={`/data?${new URLSearchParams({ poster })}`} onFollow={follow}>
      {poster}
    </Link>
  );
}

/** By a record's id, which is typed in and stays out of the page's address. */
function Origin() {
  const api = useApi();
  const [id, setId] = useState("");
  const find = useMutation({ mutationFn: () => api.provenance(id.trim()) });
  const ask = () => id.trim() && find.mutate();
  return (
    <Container header={<Header variant="h2" description="Who sent each version of a record, and what became of it.">Where a record is from</Header>}>
      <SpaceBetween size="m">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask();
          }}
        >
          <Form>
            <FormField
              label="Record id"
              secondaryControl={
                <Button formAction="submit" loading={find.isPending} disabled={!id.trim()}>
                  Find
                </Button>
              }
            >
              <Input value={id} onChange={({ detail }) => setId(detail.value)} disableBrowserAutocorrect />
            </FormField>
          </Form>
        </form>
        {find.error && <Trouble error={find.error} />}
        {find.data && <Versions found={find.data} />}
      </SpaceBetween>
    </Container>
  );
}

const SIDES = { training: "learned from", holdout: "held out, to judge by" };

function Versions({ found: { record_id: id, side, gold, versions } }: { found: Provenance }) {
  return (
    <SpaceBetween size="xs">
      <Box>
        {id}: {gold ? "of the gold set" : SIDES[side]}
      </Box>
      <Table
        variant="embedded"
        items={versions}
        wrapLines
        columnDefinitions={[
          { id: "batch", header: "Batch", isRowHeader: true, cell: ({ batch_id: batch }) => <BatchLink id={batch} /> },
          { id: "poster", header: "Sent by", cell: ({ poster }) => poster ?? "–" },
          { id: "at", header: "When", cell: ({ received_at: at }) => moment(at) },
          { id: "verdict", header: "Verdict", cell: ({ verdict, conflicting }) => `${verdict}${conflicting ? ", contradicts another" : ""}` },
          { id: "status", header: "Its batch is", cell: ({ status }) => status ?? "–" },
          { id: "source", header: "By", cell: ({ source }) => ({ feedback: "a correction", gold: "the gold set" })[source ?? ""] ?? "a post" },
        ]}
        ariaLabels={{ tableLabel: "Versions of the record" }}
      />
    </SpaceBetween>
  );
}
