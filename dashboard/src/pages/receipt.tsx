/** What became of a batch: counts, and every record that was not simply accepted, with the reason. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Table from "@cloudscape-design/components/table";
import type { BatchReceipt } from "../api/types.gen";
import { Asked } from "../parts";
import { useBatch } from "../queries";
import { follow } from "../url";
import { count, moment } from "../words";
import { Said } from "./records";

/** `again` is there where the batch was sent just now. */
export function Receipt({ id, again }: { id: string; again?: () => void }) {
  const query = useBatch(id, again !== undefined);
  return (
    <Asked query={query} what="the receipt">
      {(receipt) => (receipt ? <Verdicts receipt={receipt} again={again} /> : <TakenIn id={id} />)}
    </Asked>
  );
}

function TakenIn({ id }: { id: string }) {
  return (
    <Alert type="info" header="Uploaded">
      <Spinner /> The file is being read. Its receipt will also stand under Labels and data, as batch {id.slice(0, 12)}.
    </Alert>
  );
}

const HEADLINES: { [status in BatchReceipt["status"]]: string } = {
  checked: "Checked, not sent",
  received: "Received: the records are being compared with what is stored",
  processed: "Taken in",
  quarantined: "Set aside: the file could not be read",
  withdrawn: "Withdrawn",
};

/** Of an alarm's label: what stands beside the word is not marked, and was before. */
export const OUTSIDE = "O";

const SOURCES: { [source: string]: string } = { gold: ", for the gold set", feedback: ", a correction of a prediction" };

const described = ({ batch_id: id, received_at: at, poster, source }: BatchReceipt) =>
  `Batch ${id}, received ${moment(at)}${poster ? ` from ${poster}` : ""}${SOURCES[source ?? ""] ?? ""}`;

function Verdicts({ receipt, again }: { receipt: BatchReceipt; again?: () => void }) {
  const { counts, status } = receipt;
  const bad = receipt.records.filter(({ verdict, notes }) => verdict !== "accepted" || notes?.length);
  const tone = status === "quarantined" ? "error" : counts.rejected || counts.conflict ? "warning" : "success";
  return (
    <SpaceBetween size="l">
      <Alert
        type={status === "received" ? "info" : tone}
        header={HEADLINES[status]}
        action={
          again && (
            <SpaceBetween direction="horizontal" size="xs">
              <Button onClick={again}>Send another file</Button>
              <Button variant="primary" href="/runs" onFollow={follow}>
                Watch the runs
              </Button>
            </SpaceBetween>
          )
        }
      >
        {receipt.message ?? `${count(counts.accepted)} of ${count(counts.total)} records accepted.`}
      </Alert>
      {receipt.waiting && (
        <Alert type="warning" header="It waits for a later run">
          {receipt.waiting.message.charAt(0).toUpperCase() + receipt.waiting.message.slice(1)}.
        </Alert>
      )}
      {receipt.warnings?.map(({ label, found, run_id: run }) => (
        <Alert key={`${run} ${label}`} type="warning" header="A run raised an alarm on records of this batch">
          A rare word goes with {label === OUTSIDE ? "labels that are missing" : `the label ${label}`} in {count(found)} new records:{" "}
          <Link href={`/runs/${run}`} onFollow={follow}>
            {run}
          </Link>
        </Alert>
      ))}
      <Container header={<Header variant="h2" description={described(receipt)}>Verdicts</Header>}>
        <KeyValuePairs
          columns={4}
          items={(["accepted", "duplicate", "replaced", "conflict", "set_aside", "rejected", "total"] as const).map((name) => ({
            label: name.charAt(0).toUpperCase() + name.slice(1).replace("_", " "),
            value: count(counts[name]),
          }))}
        />
      </Container>
      {bad.length > 0 && (
        <Table
          header={<Header counter={`(${count(bad.length)})`}>Records with something to say</Header>}
          items={bad.slice(0, 100)}
          trackBy="line"
          wrapLines
          columnDefinitions={[
            { id: "line", header: "Line", cell: ({ line }) => line, width: 90 },
            { id: "id", header: "Record", isRowHeader: true, cell: ({ record_id }) => record_id ?? "–" },
            { id: "verdict", header: "Verdict", cell: (entry) => <Said entry={entry} />, minWidth: 360 },
          ]}
          ariaLabels={{ tableLabel: "Records that were not simply accepted" }}
          footer={bad.length > 100 && <Box>The first 100 are shown; `chartloop batch {receipt.batch_id}` lists all.</Box>}
        />
      )}
    </SpaceBetween>
  );
}
