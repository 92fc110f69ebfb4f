/** What was found in a text, to be put right: by mouse in the text, by keyboard in text and list; digits are labels. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Slider from "@cloudscape-design/components/slider";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useMemo, useState } from "react";
import type { Span } from "../note/segments";
import { Note } from "../note/note";
import { visible } from "../note/visible";
import { Trouble } from "../parts";
import { useApi, useDecision } from "../queries";
import type { Person } from "../session";
import { count, percent } from "../words";
import { Codes, type Code, type Suggested } from "./codes";
import { Marking, type Focus } from "./marking";
import { Shortcuts, useKeys } from "./shortcuts";

/** `kept`: the service has the text, so a correction need not send it. `codes`: null where none were asked for. */
export type Found = { id: string; kept: boolean; text: string; version: string; spans: Span[]; codes: Suggested | null };

type CorrectGiven = { found: Found; labels: string[]; person: Person; sent?: () => void };

export function Correct({ found, labels, person, sent }: CorrectGiven) {
  const { text } = found;
  const { spans, past, put, undo } = useSpans(found.spans);
  const [least, setLeast] = useState(0);
  const [focus, choose] = useState<Focus>(null);
  const [evidence, setEvidence] = useState<Span[]>([]);
  const [codes, setCodes] = useState<Code[] | null>(null);
  const shown = useMemo(() => spans.filter(({ confidence }) => (confidence ?? 1) >= least), [spans, least]);
  const drawn = useMemo(() => [...shown, ...evidence], [shown, evidence]);
  const label = (name: string) => {
    if (!focus || "among" in focus) return;
    const marked = { ...("range" in focus ? focus.range : bounds(focus.span)), label: name };
    const others = "span" in focus ? spans.filter((span) => span !== focus.span) : spans;
    put([...others, marked].sort((one, other) => one.start - other.start));
    choose(null);
  };
  const remove = (span: Span) => {
    put(spans.filter((each) => each !== span));
    choose(null);
  };
  const pick = (under: Span[]) => {
    const marks = under.filter((span) => !evidence.includes(span));
    choose(marks.length > 1 ? { among: marks } : marks[0] ? { span: marks[0] } : null);
  };
  useMarkKeys({ focus, choose, labels, label, remove, undo, spans: shown });
  return (
    <SpaceBetween size="m">
      <Container
        header={
          <Header variant="h2" counter={`(${count(shown.length)})`} description={`By ${found.version}`} actions={<Shortcuts />}>
            Entities
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label={`At least this sure: ${percent(least)}`}>
            <Slider value={100 * least} min={0} max={99} ariaLabel="Least confidence in percent" onChange={({ detail }) => setLeast(detail.value / 100)} />
          </FormField>
          <Note name="Entities in the note" text={text} spans={drawn} select={(range) => choose({ range })} pick={pick} />
          <Marking text={text} labels={labels} focus={focus} choose={choose} label={label} remove={remove} />
          <List text={text} spans={shown} remove={remove} change={(span) => choose({ span })} />
        </SpaceBetween>
      </Container>
      {found.codes && <Codes text={text} suggested={found.codes} show={setEvidence} decide={setCodes} decided={codes} />}
      <Feedback found={found} spans={spans} codes={codes} person={person} changed={past > 0 || codes !== null} undo={past > 0 ? undo : null} sent={sent} />
    </SpaceBetween>
  );
}

const bounds = ({ start, end }: Span) => ({ start, end });

/** The spans as they stand, and a way back. */
function useSpans(first: Span[]) {
  const [states, setStates] = useState([first]);
  return {
    spans: states.at(-1) ?? first,
    past: states.length - 1,
    put: (spans: Span[]) => setStates((known) => [...known, spans]),
    undo: () => setStates((known) => (known.length > 1 ? known.slice(0, -1) : known)),
  };
}

type MarkKeys = {
  focus: Focus;
  choose: (focus: Focus) => void;
  labels: string[];
  label: (label: string) => void;
  remove: (span: Span) => void;
  undo: () => void;
  spans: Span[];
};

function useMarkKeys({ focus, choose, labels, label, remove, undo, spans }: MarkKeys): void {
  const digit = (index: number) => () => {
    if (focus && "among" in focus) choose(focus.among[index] ? { span: focus.among[index] } : focus);
    else if (labels[index]) label(labels[index]);
  };
  const beside = (way: 1 | -1) => () => {
    const at = focus && "span" in focus ? spans.indexOf(focus.span) : way === 1 ? -1 : 0;
    const span = spans[(at + way + spans.length) % spans.length];
    if (!span) return;
    choose({ span });
    document.querySelector(`.note mark[data-from="${span.start}"]`)?.scrollIntoView({ block: "nearest" });
  };
  const gone = () => focus && "span" in focus && remove(focus.span);
  const digits = focus ? Array.from({ length: 9 }, (_, index) => [String(index + 1), digit(index)] as const) : [];
  useKeys({
    ...Object.fromEntries(digits),
    n: beside(1),
    p: beside(-1),
    Delete: gone,
    Backspace: gone,
    Escape: () => choose(null),
    "Ctrl+z": undo,
  });
}

type ListGiven = { text: string; spans: Span[]; remove: (span: Span) => void; change: (span: Span) => void };

function List({ text, spans, remove, change }: ListGiven) {
  return (
    <Table
      variant="embedded"
      items={spans.slice(0, LISTED)}
      contentDensity="compact"
      wrapLines
      columnDefinitions={[
        { id: "words", header: "Words", isRowHeader: true, cell: ({ start, end }) => <span dir="auto">{visible(text.slice(start, end))}</span> },
        {
          id: "label",
          header: "Label",
          cell: (span) => (
            <Button variant="inline-link" ariaLabel={`Change ${span.label} at ${span.start}`} onClick={() => change(span)}>
              {span.label}
            </Button>
          ),
        },
        { id: "confidence", header: "Confidence", cell: ({ confidence }) => (confidence === undefined ? "by you" : percent(confidence)) },
        {
          id: "remove",
          header: "Wrong?",
          cell: (span) => <Button variant="inline-icon" iconName="close" ariaLabel={`Remove ${span.label} at ${span.start}`} onClick={() => remove(span)} />,
        },
      ]}
      ariaLabels={{ tableLabel: "Entities" }}
      empty="Nothing was found in this text."
      footer={spans.length > LISTED && <Box>The first {LISTED} of {count(spans.length)} are listed; all are marked in the text.</Box>}
    />
  );
}

const LISTED = 30;

type FeedbackGiven = {
  found: Found;
  spans: Span[];
  codes: Code[] | null;
  person: Person;
  changed: boolean;
  undo: (() => void) | null;
  sent: (() => void) | undefined;
};

function Feedback({ found, spans, codes, person, changed, undo, sent }: FeedbackGiven) {
  const api = useApi();
  const send = useDecision(() => api.feedback(found.id, found.kept ? undefined : found.text, spans, codes), () => sent?.());
  const may = person.may("records:write");
  useKeys({ "Ctrl+Enter": () => may && !send.isPending && !send.data && send.mutate(undefined) });
  if (send.data) {
    return (
      <Alert type="success" header="Sent">
        The note with these {count(spans.length)} entities is a labelled record now, and the next run learns from it.
      </Alert>
    );
  }
  return (
    <SpaceBetween size="s">
      {send.error && <Trouble error={send.error} />}
      <SpaceBetween direction="horizontal" size="xs">
        <Button disabled={!undo} onClick={() => undo?.()}>
          Undo
        </Button>
        <Button variant={sent ? "primary" : "normal"} loading={send.isPending} disabled={!may} onClick={() => send.mutate(undefined)}>
          {sent ? "Accept and next" : changed ? "Send feedback" : "Send as right"}
        </Button>
      </SpaceBetween>
      <Box variant="small" color="text-body-secondary">
        Sends the text and all its entities, also those below the slider{codes ? `, and ${count(codes.length)} codes` : ""}, to training.
      </Box>
    </SpaceBetween>
  );
}
