/** What the model is asked: a text, a prompt or a row's fields, with the options that the task declares. */
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import type { TaskList } from "../api/types.gen";
import { count } from "../words";
import { Fields, type Column, type Row } from "./fields";

export type Kind = TaskList["tasks"][number];

/** `text` is what a person reads of the input. */
export type Given = { input: unknown; text: string; keep: boolean; codes: number; options: { [name: string]: number } };

const CODES = 5;

const TITLES: { [one: string]: string } = { text: "Text", prompt: "Prompt", features: "Row" };
const HINTS: { [one: string]: string } = { text: "Paste a note", prompt: "Ask something" };

type QuestionGiven = { kind: Kind; columns: Column[]; pending: boolean; may: boolean; ask: (given: Given) => void };

export function Question({ kind, columns, pending, may, ask }: QuestionGiven) {
  const [text, setText] = useState("");
  const [row, setRow] = useState<Row>({});
  const [keep, setKeep] = useState(false);
  const [coded, setCoded] = useState(true);
  const [options, setOptions] = useState<{ [name: string]: string }>({});
  const { one } = kind.asked;
  const asked = one === "features" ? row : text;
  const empty = typeof asked === "string" ? !asked.trim() : Object.keys(asked).length === 0;
  const send = () => {
    if (empty || pending || !may) return;
    const numbers = Object.entries(options).filter(([, value]) => value.trim() && Number.isFinite(Number(value)));
    const chosen = Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)]));
    ask({ input: asked, text, keep, codes: coded && kind.entities ? CODES : 0, options: chosen });
  };
  return (
    <Container header={<Header variant="h2">{TITLES[one] ?? one}</Header>}>
      <SpaceBetween size="m">
        {one === "features" ? <Fields columns={columns} row={row} fill={setRow} /> : <Typed one={one} text={text} type={setText} send={send} />}
        {kind.entities && (
          <>
            <Checkbox checked={keep} onChange={({ detail }) => setKeep(detail.checked)} description="For 30 days, so that somebody can look at it again.">
              Keep for review
            </Checkbox>
            <Checkbox checked={coded} onChange={({ detail }) => setCoded(detail.checked)} description="With what speaks for each.">
              Suggest billing codes
            </Checkbox>
          </>
        )}
        {numeric(kind).map(({ name, about, standard }) => (
          <FormField key={name} label={titled(name)} description={about}>
            <Input
              value={options[name] ?? ""}
              placeholder={standard}
              inputMode="decimal"
              onChange={({ detail }) => setOptions({ ...options, [name]: detail.value })}
            />
          </FormField>
        ))}
        <Button variant="primary" loading={pending} disabled={!may || empty} onClick={send}>
          Predict
        </Button>
      </SpaceBetween>
    </Container>
  );
}

type TypedGiven = { one: string; text: string; type: (text: string) => void; send: () => void };

function Typed({ one, text, type, send }: TypedGiven) {
  return (
    <FormField
      label={TITLES[one] ?? one}
      description="Ctrl+Enter asks the model."
      constraintText={`${count([...text].length)} characters`}
      stretch
    >
      <Textarea
        value={text}
        rows={one === "prompt" ? 6 : 16}
        spellcheck={false}
        disableBrowserAutocorrect
        placeholder={HINTS[one] ?? ""}
        onChange={({ detail }) => type(detail.value)}
        onKeyDown={({ detail }) => {
          if (detail.key === "Enter" && (detail.ctrlKey || detail.metaKey)) send();
        }}
      />
    </FormField>
  );
}

const titled = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("_", " ")}`;

/** Those that this page has another way for, or that programs need. */
const OWN = ["keep", "codes", "min_confidence", "offset_unit", "seed"];

/** The task's own options that are numbers, as its schema declares them. */
function numeric({ asked }: Kind): { name: string; about: string; standard: string }[] {
  const declared = Object.entries(asked.options as { [name: string]: { type?: string; description?: string; default?: unknown } });
  return declared
    .filter(([name, { type }]) => !OWN.includes(name) && (type === "integer" || type === "number"))
    .map(([name, { description, default: standard }]) => ({ name, about: description ?? "", standard: String(standard ?? "") }));
}
