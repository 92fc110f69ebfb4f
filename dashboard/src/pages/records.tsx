/** The records of a chosen file: a table to find and choose from, and one of them with its spans marked, to be mended where it is wrong. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import Textarea from "@cloudscape-design/components/textarea";
import TextFilter from "@cloudscape-design/components/text-filter";
import { useMemo, useState } from "react";
import type { BatchReceipt } from "../api/types.gen";
import type { Shown } from "../note/file";
import { Note } from "../note/note";
import { count } from "../words";

const SIZE = 20;
const ALL = "";

type Given = {
  records: Shown[];
  receipt: BatchReceipt | undefined;
  picked: Shown[];
  pick: (records: Shown[]) => void;
  partial: boolean;
  mend: (old: Shown, raw: string) => void;
};
type Entry = BatchReceipt["records"][number];

export function Records({ records, receipt, picked, pick, partial, mend }: Given) {
  const [filter, setFilter] = useState({ words: "", label: ALL, verdict: ALL });
  const [page, setPage] = useState(1);
  const [open, setOpen] = useState<number | null>(null);
  const bad = receipt?.records.find((entry) => !isGood(entry) && entry.verdict !== "duplicate")?.line;
  const verdicts = useMemo(() => new Map(receipt?.records.map((entry) => [entry.line, entry])), [receipt]);
  const labels = useMemo(() => [...new Set(records.flatMap((record) => record.labels))].sort(), [records]);
  const found = useMemo(() => {
    const words = filter.words.trim().toLowerCase();
    return records.filter(
      (record) =>
        (!words || `${record.id} ${record.text}`.toLowerCase().includes(words)) &&
        (filter.label === ALL || record.labels.includes(filter.label)) &&
        (filter.verdict === ALL || (verdicts.get(record.line)?.verdict ?? "") === filter.verdict),
    );
  }, [records, filter, verdicts]);
  const narrow = (change: Partial<typeof filter>) => {
    setFilter({ ...filter, ...change });
    setPage(1);
  };
  const shown = found.slice((page - 1) * SIZE, page * SIZE);
  const inView = new Set(shown);
  const outside = picked.filter((record) => !inView.has(record));
  const chosen = new Set(picked);
  const opened = records.find(({ line }) => line === (open ?? bad)) ?? records[0];
  return (
    <SpaceBetween size="l">
      <Table
        header={
          <Header
            counter={partial ? `(the first ${count(records.length)})` : `(${count(picked.length)} of ${count(records.length)} chosen)`}
            description={partial ? "All records of the file are sent." : "What is not chosen is not sent."}
            actions={
              !partial && (
                <SpaceBetween direction="horizontal" size="xs">
                  <Button onClick={() => pick(sorted([...picked, ...found.filter((record) => !chosen.has(record))]))}>
                    Choose all {count(found.length)} found
                  </Button>
                  <Button disabled={!picked.length} onClick={() => pick([])}>
                    Choose none
                  </Button>
                </SpaceBetween>
              )
            }
          >
            Records
          </Header>
        }
        items={shown}
        trackBy="line"
        selectionType={partial ? undefined : "multi"}
        selectedItems={shown.filter((record) => chosen.has(record))}
        onSelectionChange={({ detail }) => pick(sorted([...outside, ...detail.selectedItems]))}
        filter={
          <SpaceBetween direction="horizontal" size="xs">
            <TextFilter
              filteringText={filter.words}
              filteringPlaceholder="Find by id or words"
              filteringAriaLabel="Find by id or words"
              countText={`${count(found.length)} found`}
              onChange={({ detail }) => narrow({ words: detail.filteringText })}
            />
            <Narrow name="label" values={labels} value={filter.label} choose={(label) => narrow({ label })} />
            {receipt && (
              <Narrow
                name="verdict"
                values={[...new Set(receipt.records.map(({ verdict }) => verdict))]}
                value={filter.verdict}
                choose={(verdict) => narrow({ verdict })}
              />
            )}
          </SpaceBetween>
        }
        pagination={
          <Pagination
            currentPageIndex={page}
            pagesCount={Math.max(1, Math.ceil(found.length / SIZE))}
            onChange={({ detail }) => setPage(detail.currentPageIndex)}
          />
        }
        wrapLines
        columnDefinitions={[
          { id: "line", header: "Line", cell: ({ line }) => line, width: 90 },
          {
            id: "id",
            header: "Record",
            isRowHeader: true,
            minWidth: 160,
            cell: (record) => (
              <Button variant="inline-link" ariaLabel={`Show ${record.id}`} onClick={() => setOpen(record.line)}>
                {record.id}
              </Button>
            ),
          },
          { id: "labels", header: "Labels", cell: ({ labels: own }) => own.join(", ") || "–" },
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
      {opened && <Opened key={opened.line} record={opened} entry={verdicts.get(opened.line)} mend={partial ? undefined : (raw) => mend(opened, raw)} />}
    </SpaceBetween>
  );
}

const sorted = (records: Shown[]) => records.sort((one, other) => one.line - other.line);

type NarrowGiven = { name: string; values: string[]; value: string; choose: (value: string) => void };

function Narrow({ name, values, value, choose }: NarrowGiven) {
  const options = [{ value: ALL, label: `Any ${name}` }, ...values.map((each) => ({ value: each, label: each }))];
  return (
    <Select
      ariaLabel={`Only with this ${name}`}
      selectedOption={options.find((option) => option.value === value) ?? null}
      options={options}
      filteringType={values.length > 8 ? "auto" : "none"}
      expandToViewport
      onChange={({ detail }) => choose(detail.selectedOption.value ?? ALL)}
    />
  );
}

function Opened({ record, entry, mend }: { record: Shown; entry: Entry | undefined; mend: ((raw: string) => void) | undefined }) {
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={mend && draft === null && <Button onClick={() => setDraft(record.raw)}>{entry && !isGood(entry) ? "Mend" : "Edit"}</Button>}
        >
          {record.id}
        </Header>
      }
    >
      <SpaceBetween size="s">
        {entry && !isGood(entry) && <Said entry={entry} />}
        {record.text ? <Note name={`Text of ${record.id}`} text={record.text} spans={record.spans} /> : <Box>It has no text that can be shown.</Box>}
        {mend && draft !== null && (
          <>
            <FormField label="The record as it is sent" description="JSON, on one line" stretch>
              <Textarea value={draft} rows={8} spellcheck={false} onChange={({ detail }) => setDraft(detail.value.replace(/[\r\n]+/g, " "))} />
            </FormField>
            <SpaceBetween direction="horizontal" size="xs">
              <Button
                onClick={() => {
                  mend(draft);
                  setDraft(null);
                }}
              >
                Use this
              </Button>
              <Button variant="link" onClick={() => setDraft(null)}>
                Leave it
              </Button>
            </SpaceBetween>
          </>
        )}
      </SpaceBetween>
    </Container>
  );
}

const GOOD = ["accepted", "replaced"];

const isGood = ({ verdict }: Entry) => GOOD.includes(verdict);

export function Said({ entry }: { entry: Entry | undefined }) {
  if (!entry) return <Box color="text-body-secondary">not checked</Box>;
  const why = entry.message;
  const notes = entry.notes?.map(({ message }) => message).join("; ");
  return (
    <StatusIndicator type={isGood(entry) ? "success" : entry.verdict === "duplicate" ? "info" : "error"}>
      {entry.verdict}
      {why ? `: ${why} (${entry.code})` : ""}
      {notes ? `: ${notes}` : ""}
    </StatusIndicator>
  );
}
