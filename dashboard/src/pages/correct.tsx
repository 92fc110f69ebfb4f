/** What was found in a text, to be put right: by mouse in the text, by keyboard in the list; digits are labels. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Slider from "@cloudscape-design/components/slider";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useEffect, useState } from "react";
import type { Span } from "../note/segments";
import { Note } from "../note/note";
import { Trouble } from "../parts";
import { useApi, useDecision } from "../queries";
import type { Person } from "../session";
import { count, percent } from "../words";

/** `kept`: the service has the text, so a correction need not send it. */
export type Found = { id: string; kept: boolean; text: string; version: string; spans: Span[] };
type Range = { start: number; end: number };

type CorrectGiven = { found: Found; labels: string[]; person: Person; sent?: () => void };

export function Correct({ found, labels, person, sent }: CorrectGiven) {
  const { spans, past, put, undo } = useSpans(found.spans);
  const [least, setLeast] = useState(0);
  const [range, setRange] = useState<Range | null>(null);
  const shown = spans.filter(({ confidence }) => (confidence ?? 1) >= least);
  const add = (label: string) => {
    if (range && label) put([...spans, { ...range, label }].sort((one, other) => one.start - other.start));
    setRange(null);
  };
  useDigits(labels, range !== null, add);
  return (
    <SpaceBetween size="m">
      <Container
        header={
          <Header variant="h2" counter={`(${count(shown.length)})`} description={`By ${found.version}`}>
            Entities
          </Header>
        }
      >
        <SpaceBetween size="m">
          <FormField label={`At least this sure: ${percent(least)}`}>
            <Slider value={100 * least} min={0} max={99} ariaLabel="Least confidence in percent" onChange={({ detail }) => setLeast(detail.value / 100)} />
          </FormField>
          <Note name="Entities in the note" text={found.text} spans={shown} select={setRange} />
          {range ? (
            <Picker labels={labels} chosen={found.text.slice(range.start, range.end)} add={add} cancel={() => setRange(null)} />
          ) : (
            <Box variant="small" color="text-body-secondary">
              Select words in the text to mark them; with Alt exactly what you select.
            </Box>
          )}
          <List text={found.text} spans={shown} remove={(span) => put(spans.filter((each) => each !== span))} />
        </SpaceBetween>
      </Container>
      <Feedback found={found} spans={spans} person={person} changed={past > 0} undo={undo} sent={sent} />
    </SpaceBetween>
  );
}

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

/** While words are selected, 1 to 9 give them a label; never from within a field. */
function useDigits(labels: string[], on: boolean, add: (label: string) => void): void {
  useEffect(() => {
    if (!on) return undefined;
    const pressed = (event: KeyboardEvent) => {
      const field = event.target instanceof HTMLElement && event.target.closest("input, textarea, [role=listbox]");
      const label = labels[Number(event.key) - 1];
      if (field || !label || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      add(label);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
}

function Picker({ labels, chosen, add, cancel }: { labels: string[]; chosen: string; add: (label: string) => void; cancel: () => void }) {
  const [other, setOther] = useState("");
  return (
    <div role="group" aria-label="Label of the selected words">
      <SpaceBetween size="xs">
        <Box>
          Label for <b>{chosen}</b>
        </Box>
        <SpaceBetween direction="horizontal" size="xs">
          {labels.slice(0, 9).map((label, index) => (
            <Button key={label} onClick={() => add(label)}>
              {index + 1} {label}
            </Button>
          ))}
          <Input value={other} placeholder="another label" ariaLabel="Another label" onChange={({ detail }) => setOther(detail.value)} />
          <Button disabled={!other.trim()} onClick={() => add(other.trim())}>
            Add
          </Button>
          <Button variant="link" onClick={cancel}>
            Cancel
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </div>
  );
}

function List({ text, spans, remove }: { text: string; spans: Span[]; remove: (span: Span) => void }) {
  return (
    <Table
      variant="embedded"
      items={spans.slice(0, 200)}
      wrapLines
      columnDefinitions={[
        { id: "words", header: "Words", isRowHeader: true, cell: ({ start, end }) => <span dir="auto">{text.slice(start, end)}</span> },
        { id: "label", header: "Label", cell: ({ label }) => label },
        { id: "confidence", header: "Confidence", cell: ({ confidence }) => (confidence === undefined ? "by you" : percent(confidence)) },
        {
          id: "remove",
          header: "Wrong?",
          cell: (span) => (
            <Button variant="inline-link" ariaLabel={`Remove ${span.label} at ${span.start}`} onClick={() => remove(span)}>
              Remove
            </Button>
          ),
        },
      ]}
      ariaLabels={{ tableLabel: "Entities" }}
      empty="Nothing was found in this text."
      footer={spans.length > 200 && <Box>The first 200 of {count(spans.length)} are listed; all are marked in the text.</Box>}
    />
  );
}

type FeedbackGiven = { found: Found; spans: Span[]; person: Person; changed: boolean; undo: () => void; sent: (() => void) | undefined };

function Feedback({ found, spans, person, changed, undo, sent }: FeedbackGiven) {
  const api = useApi();
  const send = useDecision(() => api.feedback(found.id, found.kept ? undefined : found.text, spans), () => sent?.());
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
        <Button disabled={!changed} onClick={undo}>
          Undo
        </Button>
        <Button variant={sent ? "primary" : "normal"} loading={send.isPending} disabled={!person.may("records:write")} onClick={() => send.mutate(undefined)}>
          {sent ? "Accept and next" : changed ? "Send feedback" : "Send as right"}
        </Button>
      </SpaceBetween>
      <Box variant="small" color="text-body-secondary">
        Sends the text and all its entities, also those below the slider, to training.
      </Box>
    </SpaceBetween>
  );
}
