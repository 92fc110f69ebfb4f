/** The records of a chosen file: a table to choose from, and one of them with its spans marked. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useMemo, useState } from "react";
import type { BatchReceipt } from "../api/types.gen";
import type { Shown } from "../note/file";
import { Note } from "../note/note";
import { count } from "../words";

const SIZE = 20;

type Given = { records: Shown[]; receipt: BatchReceipt | undefined; picked: Shown[]; pick: (records: Shown[]) => void };
type Entry = BatchReceipt["records"][number];

export function Records({ records, receipt, picked, pick }: Given) {
  const [filter, setFilter] = useState("");
  const [page, setPage] = useState(1);
  const [open, setOpen] = useState<Shown | undefined>(records[0]);
  const verdicts = useMemo(() => new Map(receipt?.records.map((entry) => [entry.line, entry])), [receipt]);
  const wanted = filter.trim().toLowerCase();
  const found = records.filter(
    (record) => !wanted || [record.id, ...record.labels, verdicts.get(record.line)?.verdict ?? ""].some((word) => word.toLowerCase().includes(wanted)),
  );
  const shown = found.slice((page - 1) * SIZE, page * SIZE);
  const outside = picked.filter((record) => !shown.includes(record));
  return (
    <SpaceBetween size="l">
      <Table
        header={
          <Header counter={`(${count(picked.length)} of ${count(records.length)} chosen)`} description="Search by id, label or verdict.">
            Records
          </Header>
        }
        items={shown}
        trackBy="line"
        selectionType="multi"
        selectedItems={picked.filter((record) => shown.includes(record))}
        onSelectionChange={({ detail }) => pick([...outside, ...detail.selectedItems].sort((one, other) => one.line - other.line))}
        filter={
          <TextFilter
            filteringText={filter}
            filteringPlaceholder="Find records"
            filteringAriaLabel="Find records"
            countText={`${count(found.length)} found`}
            onChange={({ detail }) => {
              setFilter(detail.filteringText);
              setPage(1);
            }}
          />
        }
        pagination={<Pagination currentPageIndex={page} pagesCount={Math.ceil(found.length / SIZE)} onChange={({ detail }) => setPage(detail.currentPageIndex)} />}
        wrapLines
        columnDefinitions={[
          { id: "line", header: "Line", cell: ({ line }) => line, width: 90 },
          {
            id: "id",
            header: "Record",
            isRowHeader: true,
            minWidth: 160,
            cell: (record) => (
              <Button variant="inline-link" ariaLabel={`Show ${record.id}`} onClick={() => setOpen(record)}>
                {record.id}
              </Button>
            ),
          },
          { id: "labels", header: "Labels", cell: ({ labels }) => labels.join(", ") || "–" },
          { id: "spans", header: "Spans", cell: ({ spans }) => count(spans.length), width: 90 },
          { id: "verdict", header: "Verdict", cell: ({ line }) => <Said entry={verdicts.get(line)} />, minWidth: 260 },
        ]}
        ariaLabels={{
          tableLabel: "Records of the file",
          selectionGroupLabel: "Choose records",
          allItemsSelectionLabel: () => "Choose all on this page",
          itemSelectionLabel: (_, record) => `Choose ${record.id}`,
        }}
        empty={records.length ? "No record is found." : "Not one record can be read: check the file's form."}
      />
      {open && (
        <Container header={<Header variant="h2">{open.id}</Header>}>
          {open.text ? <Note name={`Text of ${open.id}`} text={open.text} spans={open.spans} /> : <Box>It has no text that can be shown.</Box>}
        </Container>
      )}
    </SpaceBetween>
  );
}

const GOOD = ["accepted", "replaced"];

export function Said({ entry }: { entry: Entry | undefined }) {
  if (!entry) return <Box color="text-body-secondary">not checked</Box>;
  const good = GOOD.includes(entry.verdict);
  const why = entry.message;
  const notes = entry.notes?.map(({ message }) => message).join("; ");
  return (
    <StatusIndicator type={good ? "success" : entry.verdict === "duplicate" ? "info" : "error"}>
      {entry.verdict}
      {why ? `: ${why} (${entry.code})` : ""}
      {notes ? `: ${notes}` : ""}
    </StatusIndicator>
  );
}
