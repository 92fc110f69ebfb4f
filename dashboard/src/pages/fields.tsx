/** A row's fields, made from the columns that the model in service reads at admission; what is not known stays empty. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { RowSchema } from "../api/types.gen";
import { titled, worded } from "../stay/words";

export type Column = RowSchema["columns"][number];
export type Row = { [column: string]: string };

/** With more values a field is typed into, and what is known is offered. */
const SHOWN = 40;

export function Fields({ columns, row, fill }: { columns: Column[]; row: Row; fill: (row: Row) => void }) {
  const asked = columns.filter(({ known }) => known === "admission");
  const put = (name: string) => (value: string) => {
    const { [name]: _before, ...others } = row;
    fill(value ? { ...others, [name]: value } : others);
  };
  return (
    <SpaceBetween size="s">
      <Box variant="small" color="text-body-secondary">
        What is known at admission. For a whole table, or without this page&apos;s other parts: <Link href="/stay.html">the form for a stay</Link>.
      </Box>
      {asked.map((column) => (
        <FormField key={column.name} label={titled(column)}>
          <Entry column={column} value={row[column.name] ?? ""} put={put(column.name)} />
        </FormField>
      ))}
    </SpaceBetween>
  );
}

type EntryGiven = { column: Column; value: string; put: (value: string) => void };

function Entry({ column, value, put }: EntryGiven) {
  if (column.type === "number") return <Input type="number" inputMode="decimal" value={value} placeholder="not known" onChange={({ detail }) => put(detail.value)} />;
  const known = column.type === "flag" ? ["true", "false"] : column.values.filter((each) => !column.missing.includes(each));
  if (known.length > SHOWN) {
    return (
      <Autosuggest
        value={value}
        placeholder="not known"
        options={known.map((each) => ({ value: each }))}
        enteredTextLabel={(typed) => `Use: ${typed}`}
        onChange={({ detail }) => put(detail.value)}
      />
    );
  }
  const options = [{ value: "", label: "not known" }, ...known.map((each) => ({ value: each, label: column.type === "flag" ? FLAGS[each] : worded(column, each) }))];
  return (
    <Select
      selectedOption={options.find((option) => option.value === value) ?? null}
      options={options}
      expandToViewport
      onChange={({ detail }) => put(detail.selectedOption.value ?? "")}
    />
  );
}

const FLAGS: { [value: string]: string } = { true: "Yes", false: "No" };
