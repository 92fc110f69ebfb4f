/** What to do with selected words or with marks: a label for words, one of the marks that lie on each other, another label or none. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type ReactNode } from "react";
import type { Span } from "../note/segments";
import { visible } from "../note/visible";

export type Range = { start: number; end: number };

/** What is being marked: words, several marks that lie on each other, or one mark. */
export type Focus = { range: Range } | { among: Span[] } | { span: Span } | null;

type Given = {
  text: string;
  labels: string[];
  focus: Focus;
  choose: (focus: Focus) => void;
  /** A label for the words, or another one for the mark. */
  label: (label: string) => void;
  remove: (span: Span) => void;
};

export function Marking({ text, labels, focus, choose, label, remove }: Given) {
  if (!focus) {
    return (
      <Box variant="small" color="text-body-secondary">
        Select words in the text to mark them, with Alt exactly what you select; click on a mark to change it. ? lists the keys.
      </Box>
    );
  }
  const words = ({ start, end }: Range) => visible(text.slice(start, end));
  const cancel = () => choose(null);
  if ("among" in focus) {
    return (
      <Panel name="Marks here" said="Several marks lie here. Which one?" cancel={cancel}>
        {focus.among.slice(0, 9).map((span, index) => (
          <Button key={index} onClick={() => choose({ span })}>
            {index + 1} {span.label}: {shortened(words(span))}
          </Button>
        ))}
      </Panel>
    );
  }
  if ("span" in focus) {
    const { span } = focus;
    return (
      <Panel name="The chosen mark" said={<Quoted before={`${span.label}:`} words={words(span)} />} cancel={cancel}>
        <Labels labels={labels} label={label} without={span.label} />
        <Button onClick={() => remove(span)}>Remove the mark</Button>
      </Panel>
    );
  }
  return (
    <Panel name="Label of the selected words" said={<Quoted before="Label for" words={words(focus.range)} />} cancel={cancel}>
      <Labels labels={labels} label={label} />
    </Panel>
  );
}

const shortened = (words: string) => (words.length > 40 ? `${words.slice(0, 40)}…` : words);

function Quoted({ before, words }: { before: string; words: string }) {
  return (
    <>
      {before} <b dir="auto">{shortened(words)}</b>
    </>
  );
}

function Panel({ name, said, cancel, children }: { name: string; said: ReactNode; cancel: () => void; children: ReactNode }) {
  return (
    <div role="group" aria-label={name}>
      <SpaceBetween size="xs">
        <div aria-live="polite">{said}</div>
        <SpaceBetween direction="horizontal" size="xs">
          {children}
          <Button variant="link" onClick={cancel}>
            Cancel
          </Button>
        </SpaceBetween>
      </SpaceBetween>
    </div>
  );
}

/** Digits for the first nine, and a field for all of them and for new ones. */
function Labels({ labels, label, without }: { labels: string[]; label: (label: string) => void; without?: string }) {
  const [other, setOther] = useState("");
  const add = () => other.trim() && label(other.trim());
  return (
    <>
      {labels.slice(0, 9).map((each, index) => (
        <Button key={each} disabled={each === without} onClick={() => label(each)}>
          {index + 1} {each}
        </Button>
      ))}
      <div className="short">
      <Autosuggest
        value={other}
        placeholder="another label"
        ariaLabel="Another label"
        enteredTextLabel={(value) => `Use: ${value}`}
        options={labels.slice(9).map((value) => ({ value }))}
        onChange={({ detail }) => setOther(detail.value)}
        onSelect={({ detail }) => setOther(detail.value)}
      />
      </div>
      <Button disabled={!other.trim()} onClick={add}>
        Add
      </Button>
    </>
  );
}
