/** Send data: a file, what is in it, what is wrong with it, and then on to training; one page, no wizard. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useEffect, useState } from "react";
import type { BatchReceipt } from "../api/types.gen";
import { contentOf, mended, typeOf, TYPES, type Content, type Shown, type Unit } from "../note/file";
import { Trouble } from "../parts";
import { useApi, useCost, useDecision, useEarlier, useTask } from "../queries";
import type { PageProps } from "../shell";
import { follow, useAddress } from "../url";
import { count, percent, price, seconds } from "../words";
import { Choice, MOST_POSTED, problemOf } from "./choice";
import { Receipt } from "./receipt";
import { Records } from "./records";

export default function Send({ person }: PageProps) {
  const [file, setFile] = useState<File | null>(null);
  const [unit, setUnit] = useState<Unit>("codepoint");
  const [replace, setReplace] = useState(false);
  const { searchParams } = useAddress();
  const before = searchParams.get("again");
  const only = searchParams.get("lines");
  const may = person.may("records:write");
  const problem = file ? problemOf(file) : "";
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
        {!may && <Alert type="warning">Your role may look, but send no data.</Alert>}
        {before && <Again id={before} chosen={only !== null} />}
        <Choice file={file} choose={setFile} problem={problem} unit={unit} setUnit={setUnit} replace={replace} setReplace={setReplace} />
        {file && !problem && (
          <Reading
            key={`${file.name} ${file.lastModified} ${unit} ${before} ${only}`}
            file={file}
            how={{ unit, replace }}
            before={before}
            only={only}
            may={may}
            again={() => setFile(null)}
          />
        )}
      </SpaceBetween>
    </ContentLayout>
  );
}

/** What waits, and what a run would cost; its place is kept until it is known, so that nothing moves under a press. */
function Standing() {
  const task = useTask().data;
  const cost = useCost().data;
  const first = task !== undefined && task.records < task.minimum_records;
  const progress = task && (first ? [task.records, task.minimum_records] : [task.new_records, task.minimum_new_records]);
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: first ? "Records, of those that the first run needs" : "New records, of those that start a run", value: progress?.map((value) => count(value ?? 0)).join(" of ") ?? "–" },
          { label: "A run would cost", value: cost ? price(cost) : "–" },
          { label: "and take", value: cost ? `about ${seconds(cost.seconds)}` : "–" },
        ]}
      />
    </Container>
  );
}

/** `chosen`: the address says of which lines. */
function Again({ id, chosen }: { id: string; chosen: boolean }) {
  return (
    <Alert type="info" header="Mend and send again">
      Choose the file that was batch {id.slice(0, 12)}: {chosen ? "those that you chose" : "the records that were not taken in"} are picked out, each with its reason.{" "}
      <Link href="/send" onFollow={follow}>
        Send another file instead
      </Link>
    </Alert>
  );
}

type How = { unit: Unit; replace: boolean };
type Given = { file: File; how: How; may: boolean; again: () => void };

function Reading({ before, only, ...given }: Given & { before: string | null; only: string | null }) {
  const { file } = given;
  const { unit } = given.how;
  const earlier = useEarlier(before);
  const [content, setContent] = useState<Content | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    let current = true;
    contentOf(file, unit).then(
      (read) => current && setContent(read),
      (error: Error) => current && setProblem(error.message),
    );
    return () => {
      current = false;
    };
  }, [file, unit]);
  if (problem) {
    return (
      <Alert type="error" header="The file cannot be read">
        {problem}
      </Alert>
    );
  }
  if (!content || earlier.isLoading) {
    return (
      <Box>
        <Spinner /> Reading the file
      </Box>
    );
  }
  return <Chosen {...given} how={{ ...given.how, unit: content.unit ?? unit }} content={content} earlier={narrowed(earlier.data, only)} />;
}

function Chosen({ file, content, earlier, how, may, again }: Given & { content: Content; earlier: BatchReceipt | undefined }) {
  const [records, setRecords] = useState(content.records);
  const [picked, setPicked] = useState(() => waiting(content.records ?? [], earlier));
  const api = useApi();
  const check = useDecision((sent: File) => api.send(sent, typeOf(sent.name) ?? "", { ...how, check: true }), () => undefined);
  const send = useSending(how);
  const changed = content.made || records !== content.records;
  const all = changed && records ? lines(file, records) : file;
  const part = records && !content.partial && picked.length < records.length ? lines(file, picked) : all;
  const checked = check.data;
  const good = checked ? (records ? picked.filter((record) => accepted(checked, record.line)).length : checked.counts.accepted) : 0;
  const large = all.size > MOST_POSTED || !typeOf(all.name);
  const mend = (old: Shown, raw: string) => {
    const fixed = mended(old, raw, how.unit);
    const put = (known: Shown[]) => known.map((each) => (each === old ? fixed : each));
    setRecords((known) => known && put(known));
    setPicked(put);
    check.reset();
  };
  if (send.done) return <Receipt id={send.done} again={again} />;
  return (
    <SpaceBetween size="m">
      {content.notes.length > 0 && <Notes notes={content.notes} />}
      {check.error && <Trouble error={check.error} />}
      {send.error && <Trouble error={send.error} retry={() => send.start(part)} />}
      {send.sent !== null && <ProgressBar value={100 * send.sent} label="Uploading" description={`${percent(send.sent)} of ${(part.size / 1e6).toFixed(1)} MB`} />}
      <SpaceBetween direction="horizontal" size="s">
        {!large && (
          <Button variant={checked ? "normal" : "primary"} loading={check.isPending} disabled={!may} onClick={() => check.mutate(all)}>
            Check records
          </Button>
        )}
        {(checked || large) && (
          <Button variant="primary" loading={send.pending} disabled={!may || (!large && good === 0)} onClick={() => send.start(part)}>
            {large ? `Upload and send to training (${(part.size / 1e6).toFixed(1)} MB)` : `Send to training (${count(good)})`}
          </Button>
        )}
      </SpaceBetween>
      {large && <Box color="text-body-secondary">A file of this size is checked after it is uploaded; its receipt then says what became of each record.</Box>}
      {checked && <Verdict receipt={checked} />}
      {records && <Records records={records} receipt={checked ?? earlier} picked={picked} pick={setPicked} partial={content.partial} mend={mend} />}
      {!records && !large && <Box>A spreadsheet is not shown before it is checked: the check reads it, row by row, as sending does.</Box>}
    </SpaceBetween>
  );
}

/** Sends a body, as a post or by an upload that says how far it is; afterwards `done` is the batch. */
function useSending(how: How) {
  const api = useApi();
  const [sent, setSent] = useState<number | null>(null);
  const sending = useDecision(
    async (body: File) => {
      if (body.size <= MOST_POSTED && typeOf(body.name)) return (await api.send(body, typeOf(body.name) ?? "", how)).batch_id;
      return api.upload(body, how, setSent);
    },
    () => setSent(null),
  );
  return { start: sending.mutate, pending: sending.isPending, error: sending.error, done: sending.data, sent: sending.isPending ? sent : null };
}

/** The receipt of a batch with the chosen lines alone. */
function narrowed(earlier: BatchReceipt | undefined, only: string | null): BatchReceipt | undefined {
  const lines = new Set(only?.split(",").map(Number));
  return earlier && only !== null ? { ...earlier, records: earlier.records.filter(({ line }) => lines.has(line)) } : earlier;
}

/** Of the records of a file that was sent before those that were not taken in; of another file all. */
function waiting(records: Shown[], earlier: BatchReceipt | undefined): Shown[] {
  const bad = new Set(earlier?.records.filter(({ verdict }) => WAITING.includes(verdict)).map(({ line }) => line));
  return bad.size ? records.filter(({ line }) => bad.has(line)) : records;
}

const WAITING = ["rejected", "conflict", "set_aside"];

const accepted = (receipt: BatchReceipt, line: number) => receipt.records.find((record) => record.line === line)?.verdict === "accepted";

const lines = (file: File, records: Shown[]) => new File([records.map(({ raw }) => raw).join("\n")], `${file.name}.jsonl`, { type: TYPES.jsonl });

function Notes({ notes }: { notes: string[] }) {
  return (
    <Alert type="warning" header={`${count(notes.length)} things were left out`}>
      {notes.slice(0, 10).map((note) => (
        <div key={note}>{note}</div>
      ))}
      {notes.length > 10 && `and ${count(notes.length - 10)} more`}
    </Alert>
  );
}

function Verdict({ receipt }: { receipt: BatchReceipt }) {
  const { total, accepted: good, rejected } = receipt.counts;
  return (
    <Alert type={rejected ? "warning" : "success"} header={rejected ? `${count(rejected)} of ${count(total)} records would be rejected` : `All ${count(good)} records can be read`}>
      {rejected ? "Mend them below or in the file, or send the others. " : ""}
      Duplicates and conflicts with what is stored show after sending.
    </Alert>
  );
}
