/** Try it: an input of the task, what the model in service answers and why; what is right of a note is sent back as a labelled record. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Prediction, TaskList } from "../api/types.gen";
import { ApiError } from "../calls";
import { Asked, Trouble } from "../parts";
import { useApi, useModels, useTasks } from "../queries";
import type { Person } from "../session";
import type { PageProps } from "../shell";
import { count } from "../words";
import { Answered, type Answer } from "./answered";
import { Correct } from "./correct";
import { SimilarRecords } from "./similar";

const CODES = 5;
const WAKING_TRIES = 24;
const WAKING_MS = 5_000;

const waking = (error: unknown) => error instanceof ApiError && error.code === "waking";

type Kind = TaskList["tasks"][number];

export default function Try({ person }: PageProps) {
  const api = useApi();
  const tasks = useTasks();
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="What the model in service answers. The input is kept nowhere unless you say so or send it back.">
          Try it
        </Header>
      }
    >
      <Asked query={tasks} what="the task">
        {(found) => {
          const kind = found.tasks.find(({ task }) => task === api.name);
          return kind ? <Trial key={kind.task} kind={kind} person={person} /> : <Alert type="warning">There is no such task here. Choose one above.</Alert>;
        }}
      </Asked>
    </ContentLayout>
  );
}

type Given = { input: unknown; text: string; keep: boolean; codes: number; options: { [name: string]: number } };
type Reply = { found: Answer; given: Given; version: string; warnings: string[] };

function Trial({ kind, person }: { kind: Kind; person: Person }) {
  const api = useApi();
  const labels = useModels().data?.models.find(({ status }) => status === "champion")?.labels ?? [];
  const predict = useMutation({
    mutationFn: async (given: Given): Promise<Reply> => {
      const noted = kind.entities ? { keep: given.keep, codes: given.codes, offset_unit: "utf16" } : {};
      return read(given, await api.predict({ [kind.asked.one]: given.input, ...given.options, ...noted }));
    },
    retry: (failures, error) => waking(error) && failures < WAKING_TRIES,
    retryDelay: WAKING_MS,
  });
  const reply = predict.data;
  return (
    <Grid gridDefinition={[{ colspan: { default: 12, m: 4 } }, { colspan: { default: 12, m: 8 } }]}>
      <Question kind={kind} pending={predict.isPending} may={person.may("predict")} ask={predict.mutate} />
      <SpaceBetween size="m">
        {predict.isPending && predict.failureCount > 0 && (
          <Alert type="info" header="The model is waking up">
            That takes up to a minute. Your input stays; it is asked again by itself.
          </Alert>
        )}
        {predict.error && <Trouble error={predict.error} retry={() => predict.variables && predict.mutate(predict.variables)} />}
        {!reply && (
          <Container header={<Header variant="h2">Answer</Header>}>
            <Box color="text-body-secondary">What the model answers shows here, with what speaks for it.</Box>
          </Container>
        )}
        {reply && reply.found.entities && <Note key={predict.submittedAt} reply={reply} labels={labels} person={person} />}
        {reply && !reply.found.entities && <Answered answer={reply.found} text={reply.given.text} version={reply.version} />}
      </SpaceBetween>
    </Grid>
  );
}

function Note({ reply, labels, person }: { reply: Reply; labels: string[]; person: Person }) {
  const { found, given, version, warnings } = reply;
  const codes = given.codes ? { codes: found.codes ?? [], warnings } : null;
  const spans = found.entities ?? [];
  return (
    <SpaceBetween size="m">
      <Correct found={{ id: found.prediction_id, kept: given.keep, text: given.text, version, spans, codes }} labels={labels} person={person} />
      <SimilarRecords text={given.text} person={person} />
    </SpaceBetween>
  );
}

const TITLES: { [one: string]: string } = { text: "Text", prompt: "Prompt", features: "Row" };
const HINTS: { [one: string]: string } = {
  text: "Paste a note",
  prompt: "Ask something",
  features: '{"age": 71, "gender": "Female", "num_medications": 14}',
};

type QuestionGiven = { kind: Kind; pending: boolean; may: boolean; ask: (given: Given) => void };

function Question({ kind, pending, may, ask }: QuestionGiven) {
  const [text, setText] = useState("");
  const [keep, setKeep] = useState(false);
  const [coded, setCoded] = useState(true);
  const [options, setOptions] = useState<{ [name: string]: string }>({});
  const { one } = kind.asked;
  const input = one === "features" ? row(text) : text;
  const send = () => {
    if (!text.trim() || pending || input === undefined) return;
    const numbers = Object.entries(options).filter(([, value]) => value.trim() && Number.isFinite(Number(value)));
    const chosen = Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)]));
    ask({ input, text, keep, codes: coded && kind.entities ? CODES : 0, options: chosen });
  };
  return (
    <Container header={<Header variant="h2">{TITLES[one] ?? one}</Header>}>
      <SpaceBetween size="m">
        <FormField
          label={TITLES[one] ?? one}
          description="Ctrl+Enter asks the model."
          constraintText={one === "features" ? "A JSON object: a value by each column's name." : `${count([...text].length)} characters`}
          errorText={text.trim() && input === undefined ? "This is no JSON object." : ""}
          stretch
        >
          <Textarea
            value={text}
            rows={16}
            spellcheck={false}
            disableBrowserAutocorrect
            placeholder={HINTS[one] ?? ""}
            onChange={({ detail }) => setText(detail.value)}
            onKeyDown={({ detail }) => {
              if (detail.key === "Enter" && (detail.ctrlKey || detail.metaKey)) send();
            }}
          />
        </FormField>
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
          <FormField key={name} label={name.replaceAll("_", " ")} description={about}>
            <Input
              value={options[name] ?? ""}
              placeholder={standard}
              inputMode="decimal"
              onChange={({ detail }) => setOptions({ ...options, [name]: detail.value })}
            />
          </FormField>
        ))}
        <Button variant="primary" loading={pending} disabled={!may || !text.trim() || input === undefined} onClick={send}>
          Predict
        </Button>
      </SpaceBetween>
    </Container>
  );
}

function row(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Those that this page has another way for, or that programs need. */
const OWN = ["keep", "codes", "min_confidence", "offset_unit", "seed"];

/** The task's own options that are numbers, as its schema declares them. */
function numeric({ asked }: Kind): { name: string; about: string; standard: string }[] {
  const declared = Object.entries(asked.options as { [name: string]: { type?: string; description?: string; default?: unknown } });
  return declared
    .filter(([name, { type }]) => !OWN.includes(name) && (type === "integer" || type === "number"))
    .map(([name, { description, default: standard }]) => ({ name, about: description ?? "", standard: String(standard ?? "") }));
}

/** The answer to one input. Raises what the model said about it. */
function read(given: Given, answer: Prediction): Reply {
  const found = answer.predictions[0] as unknown as Answer | { error: { code: string; message: string; status?: number; field?: string } } | undefined;
  if (!found) throw new ApiError(502, "no_answer", "the model gave no answer");
  if ("error" in found) throw new ApiError(found.error.status ?? 400, found.error.code, found.error.message, found.error.field);
  return { found, given, version: answer.model_version, warnings: answer.warnings?.map(({ message }) => message) ?? [] };
}
