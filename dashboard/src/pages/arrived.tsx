/** Stored records as they came in: found by id, label, sender, day and verdict, chosen, and sent on. The service cuts the pages. No text. */
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useState } from "react";
import type { RecordPage } from "../api/types.gen";
import { Asked, useCursor } from "../parts";
import { useRecords, useTask } from "../queries";
import type { Person } from "../session";
import { go, useAddress, withParameters } from "../url";
import { count, moment } from "../words";
import { BatchLink, Narrow, type Wanted } from "./batches";
import { SendOn } from "./sendon";

export type Row = RecordPage["records"][number];

const VERDICTS: { [verdict in Row["verdict"]]: { type: StatusIndicatorProps.Type; text: string } } = {
  accepted: { type: "success", text: "Accepted" },
  replaced: { type: "success", text: "Replaced what was there" },
  duplicate: { type: "info", text: "Duplicate" },
  conflict: { type: "error", text: "Conflict" },
  set_aside: { type: "warning", text: "Set aside" },
  rejected: { type: "error", text: "Rejected" },
};

const placeOf = ({ batch_id, line }: Row) => `${batch_id} ${line}`;

export function Arrived({ person }: { person: Person }) {
  const { cursor, pages } = useCursor("records");
  const { searchParams } = useAddress();
  const given = (name: string) => searchParams.get(name);
  const wanted: Wanted = { poster: given("poster"), since: given("since"), until: given("until") };
  const [verdict, label] = [given("verdict"), given("label")];
  const [id, setId] = useState("");
  const [chosen, setChosen] = useState<Row[]>([]);
  const records = useRecords({ before: cursor, ...wanted, verdict, label, record_id: id || null });
  return (
    <Asked query={records} what="the records">
      {(page) => {
        const inView = new Set(page.records.map(placeOf));
        const outside = chosen.filter((row) => !inView.has(placeOf(row)));
        return (
          <Table
            header={
              <Header
                counter={chosen.length ? `(${count(chosen.length)} chosen)` : undefined}
                description="As they came in, the newest batch first. A record that was sent again stands here again."
                actions={<SendOn chosen={chosen} person={person} clear={() => setChosen([])} />}
              >
                Records
              </Header>
            }
            filter={
              <SpaceBetween size="s">
                <Find id={id} seek={setId} />
                <SpaceBetween direction="horizontal" size="s" alignItems="end">
                  <Narrow key={Object.values(wanted).join(" ")} {...wanted} />
                  <Choice name="verdict" value={verdict} options={Object.entries(VERDICTS).map(([value, { text }]) => ({ value, label: text }))} />
                  <OfLabel label={label} />
                </SpaceBetween>
              </SpaceBetween>
            }
            items={page.records}
            trackBy={placeOf}
            selectionType="multi"
            selectedItems={page.records.filter((row) => chosen.some((one) => placeOf(one) === placeOf(row)))}
            onSelectionChange={({ detail }) => setChosen([...outside, ...detail.selectedItems])}
            pagination={pages(page.next)}
            columnDefinitions={[
              { id: "id", header: "Record", isRowHeader: true, cell: (row) => row.record_id ?? "–" },
              { id: "verdict", header: "Verdict", cell: (row) => <StatusIndicator type={VERDICTS[row.verdict].type}>{VERDICTS[row.verdict].text}</StatusIndicator> },
              { id: "labels", header: "Labels", cell: (row) => row.labels.join(", ") || "–" },
              { id: "batch", header: "Batch", cell: (row) => <BatchLink id={row.batch_id} /> },
              { id: "line", header: "Line", cell: (row) => row.line },
              { id: "poster", header: "Sent by", cell: (row) => row.poster ?? "–" },
              { id: "at", header: "When", cell: (row) => moment(row.received_at) },
            ]}
            ariaLabels={{
              tableLabel: "Records as they came in",
              selectionGroupLabel: "Choose records",
              allItemsSelectionLabel: () => "Choose all on this page",
              itemSelectionLabel: (_, row) => `Choose ${row.record_id ?? `line ${row.line}`}`,
            }}
            empty={page.next ? "None of those that were looked through is like this; the next page looks further back." : "No record is like this."}
          />
        );
      }}
    </Asked>
  );
}

/** An id may say who it is of: it stays out of the address. */
function Find({ id, seek }: { id: string; seek: (id: string) => void }) {
  const address = useAddress();
  const [typed, setTyped] = useState(id);
  return (
    <TextFilter
      filteringText={typed}
      filteringPlaceholder="Find by record id, or a part of it"
      filteringAriaLabel="Find by record id"
      onChange={({ detail }) => setTyped(detail.filteringText)}
      onDelayedChange={({ detail }) => {
        seek(detail.filteringText.trim());
        go(withParameters(address, { records: null }), { replace: true });
      }}
    />
  );
}

/** Of a task whose records have labels. */
function OfLabel({ label }: { label: string | null }) {
  const known = useTask().data?.labels ?? [];
  if (known.length === 0 && label === null) return null;
  return <Choice name="label" value={label} options={known.map((value) => ({ value, label: value }))} />;
}

type ChoiceGiven = { name: "verdict" | "label"; value: string | null; options: { value: string; label: string }[] };

function Choice({ name, value, options }: ChoiceGiven) {
  const address = useAddress();
  const every = [{ value: "", label: `Any ${name}` }, ...options];
  return (
    <FormField label={name.charAt(0).toUpperCase() + name.slice(1)}>
      <Select
        selectedOption={every.find((option) => option.value === (value ?? "")) ?? null}
        options={every}
        filteringType={options.length > 8 ? "auto" : "none"}
        expandToViewport
        onChange={({ detail }) => go(withParameters(address, { [name]: detail.selectedOption.value || null, records: null }))}
      />
    </FormField>
  );
}
