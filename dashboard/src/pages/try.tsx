/** Try it: a note, what the model finds in it and how sure it is; then what is right, sent back as a labelled record. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useMutation } from "@tanstack/react-query";
import Checkbox from "@cloudscape-design/components/checkbox";
import { useState } from "react";
import type { Prediction } from "../api/types.gen";
import { ApiError } from "../calls";
import { Trouble } from "../parts";
import { useApi, useModels } from "../queries";
import type { Person } from "../session";
import type { PageProps } from "../shell";
import { count } from "../words";
import { Correct, type Found } from "./correct";
import { SimilarRecords } from "./similar";

const CODES = 5;
const WAKING_TRIES = 24;
const WAKING_MS = 5_000;

const waking = (error: unknown) => error instanceof ApiError && error.code === "waking";

export default function Try({ person }: PageProps) {
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="What the model in service finds in a note. The note is kept nowhere unless you say so or send it back.">
          Try it
        </Header>
      }
    >
      <Trial person={person} />
    </ContentLayout>
  );
}

function Trial({ person }: { person: Person }) {
  const [text, setText] = useState("");
  const [keep, setKeep] = useState(false);
  const [coded, setCoded] = useState(true);
  const api = useApi();
  const labels = useModels().data?.models.find(({ status }) => status === "champion")?.labels ?? [];
  const predict = useMutation({
    mutationFn: async (asked: string) => read(asked, keep, coded, await api.predict(asked, { keep, codes: coded ? CODES : 0 })),
    retry: (failures, error) => waking(error) && failures < WAKING_TRIES,
    retryDelay: WAKING_MS,
  });
  const ask = () => {
    if (text.trim() && !predict.isPending) predict.mutate(text);
  };
  return (
    <Grid gridDefinition={[{ colspan: { default: 12, m: 4 } }, { colspan: { default: 12, m: 8 } }]}>
      <Container header={<Header variant="h2">Note</Header>}>
        <SpaceBetween size="m">
          <FormField label="Text" description="Ctrl+Enter asks the model." constraintText={`${count([...text].length)} characters`} stretch>
            <Textarea
              value={text}
              rows={16}
              spellcheck={false}
              disableBrowserAutocorrect
              placeholder="Paste a note"
              onChange={({ detail }) => setText(detail.value)}
              onKeyDown={({ detail }) => {
                if (detail.key === "Enter" && (detail.ctrlKey || detail.metaKey)) ask();
              }}
            />
          </FormField>
          <Checkbox
            checked={keep}
            onChange={({ detail }) => setKeep(detail.checked)}
            description="For 30 days, so that somebody can look at it again."
          >
            Keep for review
          </Checkbox>
          <Checkbox checked={coded} onChange={({ detail }) => setCoded(detail.checked)} description="With what speaks for each.">
            Suggest billing codes
          </Checkbox>
          <Button variant="primary" loading={predict.isPending} disabled={!person.may("predict") || !text.trim()} onClick={ask}>
            Predict
          </Button>
        </SpaceBetween>
      </Container>
      <SpaceBetween size="m">
        {predict.isPending && predict.failureCount > 0 && (
          <Alert type="info" header="The model is waking up">
            That takes up to a minute. Your text stays; it is asked again by itself.
          </Alert>
        )}
        {predict.error && <Trouble error={predict.error} retry={ask} />}
        {predict.data ? (
          <SpaceBetween key={predict.submittedAt} size="m">
            <Correct found={predict.data} labels={labels} person={person} />
            <SimilarRecords text={predict.data.text} person={person} />
          </SpaceBetween>
        ) : (
          <Container header={<Header variant="h2">Entities</Header>}>
            <Box color="text-body-secondary">What is found shows here, marked in the text, each with its confidence.</Box>
          </Container>
        )}
      </SpaceBetween>
    </Grid>
  );
}

/** The answer to one text. Raises what the model said about it. */
function read(text: string, kept: boolean, coded: boolean, answer: Prediction): Found {
  const found = answer.predictions[0];
  if (!found) throw new ApiError(502, "no_answer", "the model gave no answer");
  if ("error" in found) throw new ApiError(found.error.status ?? 400, found.error.code, found.error.message, found.error.field);
  const codes = coded ? { codes: found.codes ?? [], warnings: answer.warnings?.map(({ message }) => message) ?? [] } : null;
  return { id: found.prediction_id, kept, text, version: answer.model_version, spans: found.entities, codes };
}
