/** Send data: a file, what is in it, what is wrong with it, and then on to training; one page, no wizard. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FileUpload from "@cloudscape-design/components/file-upload";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect, useState } from "react";
import type { BatchReceipt } from "../api/types.gen";
import type { OffsetUnit } from "../calls";
import { recordsOf, SAMPLE, TYPES, typeOf, type Shown } from "../note/file";
import { Trouble } from "../parts";
import { useApi, useCost, useDecision, useTask } from "../queries";
import type { PageProps } from "../shell";
import { count, seconds, usd } from "../words";
import { Receipt } from "./receipt";
import { Records } from "./records";

const MOST_BYTES = 5_000_000;
const UNITS = [
  { value: "codepoint", label: "Unicode code points (Python)" },
  { value: "utf16", label: "UTF-16 units (JavaScript, Java)" },
];

export default function Send({ person }: PageProps) {
  const [file, setFile] = useState<File | null>(null);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Labelled records are checked one by one; what is accepted waits for the next run.">
          Send data
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Standing />
        {!person.may("records:write") && <Alert type="warning">Your role may look, but send no data.</Alert>}
        <Chosen file={file} choose={setFile} may={person.may("records:write")} />
      </SpaceBetween>
    </ContentLayout>
  );
}

/** What waits, and what a run would cost. */
function Standing() {
  const task = useTask().data;
  const cost = useCost().data;
  if (!task) return null;
  const first = task.records < task.minimum_records;
  const progress = first ? [task.records, task.minimum_records] : [task.new_records, task.minimum_new_records];
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: first ? "Records, of those that the first run needs" : "New records, of those that start a run", value: progress.map((value) => count(value ?? 0)).join(" of ") },
          { label: "A run would cost", value: cost ? (cost.prices.region ? usd(cost.usd) : "nothing on this machine") : "–" },
          { label: "and take", value: cost ? `about ${seconds(cost.seconds)}` : "–" },
        ]}
      />
    </Container>
  );
}

type Content = { records: Shown[] | null };

function Chosen({ file, choose, may }: { file: File | null; choose: (file: File | null) => void; may: boolean }) {
  const [unit, setUnit] = useState<OffsetUnit>("codepoint");
  const [content, setContent] = useState<Content | null>(null);
  const [picked, setPicked] = useState<Shown[]>([]);
  const problem = file && problemOf(file);
  const api = useApi();
  const check = useDecision((sent: File) => api.send(sent, typeOf(sent.name) ?? "", unit, true), () => undefined);
  const send = useDecision(({ body, type }: { body: Blob; type: string }) => api.send(body, type, unit, false), () => undefined);
  const { reset: forget } = check;
  const { reset: restart } = send;
  useEffect(() => {
    let current = true;
    forget();
    restart();
    setContent(null);
    if (file && !problem) {
      void file.text().then((text) => {
        if (!current) return;
        const records = recordsOf(file.name, text, unit);
        setContent({ records });
        setPicked(records ?? []);
      });
    }
    return () => {
      current = false;
    };
  }, [file, problem, unit, forget, restart]);
  const records = content?.records;
  const checked = check.data;
  const good = checked ? (records ? picked.filter((record) => accepted(checked, record.line)).length : checked.counts.accepted) : 0;
  const submit = () => file && send.mutate(bodyOf(file, records ?? null, picked));
  if (send.data) return <Receipt id={send.data.batch_id} first={send.data} again={() => choose(null)} />;
  return (
    <SpaceBetween size="l">
      <Choice file={file} choose={choose} problem={problem ?? ""} unit={unit} setUnit={setUnit} />
      {file && !problem && (
        <SpaceBetween size="m">
          {check.error && <Trouble error={check.error} />}
          {send.error && <Trouble error={send.error} />}
          <SpaceBetween direction="horizontal" size="s">
            <Button variant={checked ? "normal" : "primary"} loading={check.isPending} disabled={!may} onClick={() => check.mutate(file)}>
              Check records
            </Button>
            {checked && (
              <Button variant="primary" loading={send.isPending} disabled={good === 0} onClick={submit}>
                Send to training ({count(good)})
              </Button>
            )}
          </SpaceBetween>
          {checked && <Verdict receipt={checked} />}
          {records && <Records records={records} receipt={checked} picked={picked} pick={setPicked} />}
          {content && !records && <Box>A spreadsheet is not shown before it is checked: the check reads it.</Box>}
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

function problemOf(file: File): string {
  if (!typeOf(file.name)) return `The name must end in ${Object.keys(TYPES).map((ending) => `.${ending}`).join(" ")}`;
  if (file.size > MOST_BYTES) return `Over ${count(MOST_BYTES / 1e6)} MB: send it with \`chartloop post FILE\`, which uploads files of any size.`;
  return file.size === 0 ? "The file is empty." : "";
}

const accepted = (receipt: BatchReceipt, line: number) => receipt.records.find((record) => record.line === line)?.verdict === "accepted";

/** The file as it is, or the chosen records as JSON Lines. */
function bodyOf(file: File, records: Shown[] | null, picked: Shown[]): { body: Blob; type: string } {
  if (!records || picked.length === records.length) return { body: file, type: typeOf(file.name) ?? "" };
  return { body: new Blob([picked.map(({ raw }) => raw).join("\n")]), type: TYPES.jsonl ?? "" };
}

type ChoiceGiven = { file: File | null; choose: (file: File | null) => void; problem: string; unit: OffsetUnit; setUnit: (unit: OffsetUnit) => void };

function Choice({ file, choose, problem, unit, setUnit }: ChoiceGiven) {
  return (
    <Container header={<Header variant="h2">File</Header>}>
      <ColumnLayout columns={2}>
        <SpaceBetween size="m">
          <FormField label="Records" description="JSON, JSON Lines, CSV or XLSX, up to 5 MB" errorText={problem}>
            <FileUpload
              value={file ? [file] : []}
              accept=".json,.jsonl,.csv,.xlsx"
              onChange={({ detail }) => choose(detail.value[0] ?? null)}
              showFileSize
              i18nStrings={{
                uploadButtonText: () => "Choose a file",
                dropzoneText: () => "Drop a file here",
                removeFileAriaLabel: () => "Remove the file",
                errorIconAriaLabel: "Error",
                warningIconAriaLabel: "Warning",
                limitShowFewer: "Show fewer",
                limitShowMore: "Show more",
              }}
            />
          </FormField>
          <FormField label="Offsets count">
            <Select
              selectedOption={UNITS.find(({ value }) => value === unit) ?? null}
              options={UNITS}
              onChange={({ detail }) => setUnit(detail.selectedOption.value as OffsetUnit)}
            />
          </FormField>
        </SpaceBetween>
        <SpaceBetween size="s">
          <Box variant="awsui-key-label">One record a line, for example</Box>
          <pre className="example">{SAMPLE.split("\n")[0]}</pre>
          <Button onClick={() => choose(new File([SAMPLE], "sample.jsonl"))}>Use a sample file</Button>
        </SpaceBetween>
      </ColumnLayout>
    </Container>
  );
}

function Verdict({ receipt }: { receipt: BatchReceipt }) {
  const { total, accepted: good, rejected } = receipt.counts;
  return (
    <Alert type={rejected ? "warning" : "success"} header={rejected ? `${count(rejected)} of ${count(total)} records would be rejected` : `All ${count(good)} records can be read`}>
      {rejected ? "Mend them and choose the file again, or send the others. " : ""}
      Duplicates and conflicts with what is stored show after sending.
    </Alert>
  );
}
