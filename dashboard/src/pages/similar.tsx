/** Stored records like a note: which, how alike, and their texts for who may read them. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMutation } from "@tanstack/react-query";
import { Note } from "../note/note";
import { Trouble } from "../parts";
import { useApi } from "../queries";
import type { Person } from "../session";

export function SimilarRecords({ text, person }: { text: string; person: Person }) {
  const api = useApi();
  const find = useMutation({ mutationFn: () => api.similar(text, person.may("records:write")) });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Among the records that the model learned from."
          actions={
            <Button loading={find.isPending} disabled={!person.may("models:read")} onClick={() => find.mutate()}>
              Find similar records
            </Button>
          }
        >
          Similar records
        </Header>
      }
    >
      <SpaceBetween size="xs">
        {find.error && <Trouble error={find.error} />}
        {find.data?.records.map(({ record_id, similarity, text: stored }) => (
          <ExpandableSection key={record_id} headerText={record_id} headerDescription={`${similarity.toFixed(2)} alike`}>
            {stored ? <Note name={`Text of ${record_id}`} text={stored} spans={[]} /> : <Box>Its text is not shown to you, or was withdrawn.</Box>}
          </ExpandableSection>
        ))}
        {find.data?.records.length === 0 && <Box>No record is stored yet.</Box>}
      </SpaceBetween>
    </Container>
  );
}
