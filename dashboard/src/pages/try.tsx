/** Try it: an input of the task, what the model in service answers and why; what is right of a note is sent back as a labelled record. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation } from "@tanstack/react-query";
import type { Prediction } from "../api/types.gen";
import { ApiError } from "../calls";
import { Asked, Trouble } from "../parts";
import { useApi, useModels, useRows, useTasks } from "../queries";
import type { Person } from "../session";
import type { PageProps } from "../shell";
import { Answered, type Answer } from "./answered";
import { Correct } from "./correct";
import { Question, type Given, type Kind } from "./question";
import { SimilarRecords } from "./similar";

const WAKING_TRIES = 24;
const WAKING_MS = 5_000;

const waking = (error: unknown) => error instanceof ApiError && error.code === "waking";

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
  const rows = useRows(kind.asked.one === "features");
  if (rows.error) return <Trouble error={rows.error} retry={() => void rows.refetch()} />;
  return (
    <Grid gridDefinition={[{ colspan: { default: 12, m: 4 } }, { colspan: { default: 12, m: 8 } }]}>
      <Question kind={kind} columns={rows.data?.columns ?? []} pending={predict.isPending} may={person.may("predict")} ask={predict.mutate} />
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
        {reply && !reply.found.entities && <Answered answer={reply.found} columns={rows.data?.columns ?? []} text={reply.given.text} version={reply.version} />}
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

/** The answer to one input. Raises what the model said about it. */
function read(given: Given, answer: Prediction): Reply {
  const found = answer.predictions[0] as unknown as Answer | { error: { code: string; message: string; status?: number; field?: string } } | undefined;
  if (!found) throw new ApiError(502, "no_answer", "the model gave no answer");
  if ("error" in found) throw new ApiError(found.error.status ?? 400, found.error.code, found.error.message, found.error.field);
  return { found, given, version: answer.model_version, warnings: answer.warnings?.map(({ message }) => message) ?? [] };
}
