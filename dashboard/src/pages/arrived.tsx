/** Records as they came in, found by sender, day and verdict; pages are cut by the service. Ids, no text. */
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { RecordPage } from "../api/types.gen";
import { Asked, useCursor } from "../parts";
import { useRecords } from "../queries";
import { go, useAddress, withParameters } from "../url";
import { moment } from "../words";
import { BatchLink, Narrow, type Wanted } from "./batches";

type Row = RecordPage["records"][number];

const VERDICTS: { [verdict in Row["verdict"]]: { type: StatusIndicatorProps.Type; text: string } } = {
  accepted: { type: "success", text: "Accepted" },
  replaced: { type: "success", text: "Replaced what was there" },
  duplicate: { type: "info", text: "Duplicate" },
  conflict: { type: "error", text: "Conflict" },
  set_aside: { type: "warning", text: "Set aside" },
  rejected: { type: "error", text: "Rejected" },
};

export function Arrived() {
  const { cursor, pages } = useCursor("records");
  const { searchParams } = useAddress();
  const given = (name: string) => searchParams.get(name);
  const wanted: Wanted = { poster: given("poster"), since: given("since"), until: given("until") };
  const verdict = given("verdict");
  const records = useRecords({ before: cursor, ...wanted, verdict });
  return (
    <Asked query={records} what="the records">
      {(page) => (
        <Table
          header={<Header description="As they came in, the newest batch first. A record that was sent again stands here again.">Records</Header>}
          filter={
            <SpaceBetween direction="horizontal" size="s" alignItems="end">
              <Narrow key={Object.values(wanted).join(" ")} {...wanted} />
              <Became verdict={verdict} />
            </SpaceBetween>
          }
          items={page.records}
          trackBy={(row: Row) => `${row.batch_id} ${row.line}`}
          pagination={pages(page.next)}
          columnDefinitions={[
            { id: "id", header: "Record", isRowHeader: true, cell: (row) => row.record_id ?? "–" },
            { id: "verdict", header: "Verdict", cell: (row) => <StatusIndicator type={VERDICTS[row.verdict].type}>{VERDICTS[row.verdict].text}</StatusIndicator> },
            { id: "batch", header: "Batch", cell: (row) => <BatchLink id={row.batch_id} /> },
            { id: "line", header: "Line", cell: (row) => row.line },
            { id: "poster", header: "Sent by", cell: (row) => row.poster ?? "–" },
            { id: "at", header: "When", cell: (row) => moment(row.received_at) },
          ]}
          ariaLabels={{ tableLabel: "Records as they came in" }}
          empty="No record is of this sender, time and verdict."
        />
      )}
    </Asked>
  );
}

function Became({ verdict }: { verdict: string | null }) {
  const address = useAddress();
  const options = [{ value: "", label: "Any verdict" }, ...Object.entries(VERDICTS).map(([value, { text }]) => ({ value, label: text }))];
  return (
    <FormField label="Verdict">
      <Select
        selectedOption={options.find(({ value }) => value === (verdict ?? "")) ?? null}
        options={options}
        expandToViewport
        onChange={({ detail }) => go(withParameters(address, { verdict: detail.selectedOption.value || null, records: null }))}
      />
    </FormField>
  );
}
