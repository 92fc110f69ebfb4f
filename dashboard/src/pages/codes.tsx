/** Suggested billing codes, each with what speaks for it: its words in the note, and earlier records that carry it. A person decides. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { Prediction } from "../api/types.gen";
import type { Span } from "../note/segments";
import { visible } from "../note/visible";
import { count } from "../words";

type Answer = Extract<Prediction["predictions"][number], { entities: unknown }>;
export type Suggestion = NonNullable<Answer["codes"]>[number];
export type Code = { system: string; code: string };
export type Suggested = { codes: Suggestion[]; warnings: string[] };

type Given = {
  text: string;
  suggested: Suggested;
  /** Marks evidence in the note, under the code's name. */
  show: (evidence: Span[]) => void;
  decide: (codes: Code[]) => void;
  decided: Code[] | null;
};

export function Codes({ text, suggested, show, decide, decided }: Given) {
  const [open, setOpen] = useState<string | null>(null);
  const [added, setAdded] = useState<Code[]>([]);
  const rows: (Suggestion | Code)[] = [...suggested.codes, ...added];
  const toggle = (suggestion: Suggestion) => {
    const closing = open === suggestion.code;
    setOpen(closing ? null : suggestion.code);
    show(closing ? [] : suggestion.evidence.words.map((words) => ({ ...words, label: suggestion.code })));
  };
  const add = (code: Code) => {
    setAdded((known) => [...known, code]);
    decide([...(decided ?? []), code]);
  };
  return (
    <Container
      header={
        <Header variant="h2" counter={`(${count(suggested.codes.length)})`} description="Suggestions, best first. The ones that you choose are sent with the feedback.">
          Billing codes
        </Header>
      }
    >
      <SpaceBetween size="s">
        {suggested.warnings.map((warning) => (
          <Alert key={warning} type="info">
            {warning}
          </Alert>
        ))}
        <Table
          variant="embedded"
          items={rows}
          trackBy="code"
          contentDensity="compact"
          wrapLines
          selectionType="multi"
          selectedItems={rows.filter(({ code }) => decided?.some((each) => each.code === code))}
          onSelectionChange={({ detail }) => decide(detail.selectedItems.map(({ system, code }) => ({ system, code })))}
          columnDefinitions={[
            { id: "code", header: "Code", isRowHeader: true, cell: ({ system, code }) => `${code} (${system})`, minWidth: 130 },
            { id: "description", header: "Description", cell: (row) => ("description" in row ? row.description || "–" : "added by you") },
            { id: "score", header: "Score", cell: (row) => ("score" in row ? row.score.toFixed(2) : "–") },
            {
              id: "evidence",
              header: "What speaks for it",
              minWidth: 220,
              cell: (row) => ("evidence" in row ? <Evidence text={text} row={row} shown={open === row.code} toggle={() => toggle(row)} /> : "–"),
            },
          ]}
          ariaLabels={{
            tableLabel: "Suggested billing codes",
            selectionGroupLabel: "Choose the right codes",
            allItemsSelectionLabel: () => "Choose all",
            itemSelectionLabel: (_, { code }) => `${code} is right`,
          }}
          empty="No code is suggested."
        />
        <Add known={rows} add={add} />
      </SpaceBetween>
    </Container>
  );
}

function Evidence({ text, row, shown, toggle }: { text: string; row: Suggestion; shown: boolean; toggle: () => void }) {
  const { words, records } = row.evidence;
  return (
    <SpaceBetween size="xxs">
      {words.length > 0 && (
        <Button variant="inline-link" ariaExpanded={shown} ariaLabel={`${shown ? "Hide" : "Show"} the words for ${row.code} in the note`} onClick={toggle}>
          {[...new Set(words.map(({ start, end }) => visible(text.slice(start, end))))].slice(0, 6).join(", ")}
        </Button>
      )}
      {records.length > 0 && (
        <Box variant="small">Carried by {records.map(({ record_id, similarity }) => `${record_id} (${similarity.toFixed(2)} alike)`).join(", ")}</Box>
      )}
    </SpaceBetween>
  );
}

function Add({ known, add }: { known: Code[]; add: (code: Code) => void }) {
  const [code, setCode] = useState("");
  const system = known[0]?.system ?? "icd10cm";
  const missing = code.trim().toUpperCase();
  const there = known.some((each) => each.code === missing);
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Input value={code} ariaLabel="Another code" placeholder={`another ${system} code`} onChange={({ detail }) => setCode(detail.value)} />
      <Button
        disabled={!missing || there}
        onClick={() => {
          add({ system, code: missing });
          setCode("");
        }}
      >
        Add the code
      </Button>
    </SpaceBetween>
  );
}
