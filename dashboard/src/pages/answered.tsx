/** Answers that are no entities: a class with the sentences that spoke for it, a number with its reasons, a text. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Span } from "../note/segments";
import { Note } from "../note/note";
import { Offsets } from "../note/offsets";
import { visible } from "../note/visible";
import { count } from "../words";
import { titled, worded } from "../stay/words";
import type { Suggestion } from "./codes";
import type { Column } from "./fields";

/** What any task may answer; each answers its own part. */
export type Answer = {
  prediction_id: string;
  entities?: Span[];
  codes?: Suggestion[];
  label?: string;
  probability?: number;
  probabilities?: { [label: string]: number };
  /** In code points. */
  sentences?: { start: number; end: number; weight: number }[];
  value?: number;
  unit?: string;
  base?: number;
  reasons?: { column: string; given: unknown; adds: number }[];
  others?: number;
  notes?: { field?: string; message: string }[];
  completion?: string;
  tokens?: number;
  finish?: string;
};

type AnsweredGiven = { answer: Answer; columns: Column[]; text: string; version: string };

export function Answered({ answer, columns, text, version }: AnsweredGiven) {
  return (
    <Container
      header={
        <Header variant="h2" description={`By ${version}`}>
          {answer.label ?? (answer.value === undefined ? "Answer" : `${number(answer.value)} ${answer.unit ?? ""}`)}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {answer.completion !== undefined && <Completion answer={answer} />}
        {answer.probabilities && <Probabilities shares={answer.probabilities} />}
        {answer.sentences && <Sentences text={text} sentences={answer.sentences} />}
        {answer.reasons && <Reasons answer={answer} columns={columns} />}
        {answer.notes?.map(({ field, message }) => (
          <Alert key={`${field} ${message}`} type="warning">
            {field ? `${field}: ` : ""}
            {message}
          </Alert>
        ))}
      </SpaceBetween>
    </Container>
  );
}

const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 2 });
const added = (value: number) => `${value < 0 ? "−" : "+"}${number(Math.abs(value))}`;

function Completion({ answer: { completion = "", tokens, finish } }: { answer: Answer }) {
  return (
    <SpaceBetween size="xs">
      <Note name="The answer" text={completion} spans={[]} />
      <Box variant="small" color="text-body-secondary">
        {tokens === undefined ? "" : `${count(tokens)} tokens; `}
        {finish === "length" ? "cut off where its length was over" : "ended by itself"}
      </Box>
    </SpaceBetween>
  );
}

function Probabilities({ shares }: { shares: { [label: string]: number } }) {
  const ordered = Object.entries(shares).sort(([, one], [, other]) => other - one);
  return (
    <SpaceBetween size="xs">
      {ordered.slice(0, 8).map(([label, share]) => (
        <ProgressBar key={label} value={100 * share} label={label} />
      ))}
      {ordered.length > 8 && <Box variant="small">and {count(ordered.length - 8)} less likely ones</Box>}
    </SpaceBetween>
  );
}

/** Each marked by its place: 1 spoke loudest. */
function Sentences({ text, sentences }: { text: string; sentences: NonNullable<Answer["sentences"]> }) {
  const offsets = new Offsets(text);
  const loudest = [...sentences].sort((one, other) => other.weight - one.weight);
  const spans = loudest.map(({ start, end }, place) => ({ start: offsets.toUtf16(start), end: offsets.toUtf16(end), label: String(place + 1) }));
  return (
    <SpaceBetween size="xs">
      <Box variant="awsui-key-label">{spans.length ? "Sentences that spoke for it, the strongest marked 1" : "No single sentence spoke for it."}</Box>
      <Note name="What spoke for the class" text={text} spans={spans} />
    </SpaceBetween>
  );
}

function Reasons({ answer: { reasons = [], base, others, value, unit = "" }, columns }: { answer: Answer; columns: Column[] }) {
  const named = new Map(columns.map((column) => [column.name, column]));
  const of = (name: string) => named.get(name);
  const held = (column: Column | undefined, given: unknown) => (given == null ? "not given" : column ? worded(column, String(given)) : String(given));
  const rows = [
    ...(base === undefined ? [] : [{ what: "Where every row begins", given: "", adds: number(base) }]),
    ...reasons.map(({ column: name, given, adds }) => {
      const column = of(name);
      return { what: column ? titled(column) : name.replaceAll("_", " "), given: visible(held(column, given)), adds: added(adds) };
    }),
    ...(others ? [{ what: "All other columns together", given: "", adds: added(others) }] : []),
    ...(value === undefined ? [] : [{ what: "The answer", given: "", adds: `${number(value)} ${unit}` }]),
  ];
  return (
    <Table
      variant="embedded"
      items={rows}
      columnDefinitions={[
        { id: "what", header: "Reason", isRowHeader: true, cell: ({ what }) => what },
        { id: "given", header: "In this row", cell: ({ given }) => given },
        { id: "adds", header: unit ? `Adds, in ${unit}` : "Adds", cell: ({ adds }) => adds },
      ]}
      ariaLabels={{ tableLabel: "What made the answer" }}
    />
  );
}
