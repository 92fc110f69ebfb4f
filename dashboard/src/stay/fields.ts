/** The form's fields, made from the columns that the model in service reads at admission. */
import type { Column, Row } from "./answers";
import { element } from "./element";
import { titled, worded } from "./words";

const SHOWN = 40;
/** With more values a field is typed into, and what is known is offered. */

export function fields(columns: Column[]): HTMLElement[] {
  return columns.map((column) => {
    const id = `field-${column.name}`;
    return element("p", { class: "field" }, element("label", { for: id }, titled(column)), ...entry(column, id));
  });
}

/** What was filled in, by column. */
export function filled(form: HTMLFormElement): Row {
  const row: Row = {};
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && value.trim() !== "") row[name] = value.trim();
  return row;
}

function entry(column: Column, id: string): HTMLElement[] {
  const named = { id, name: column.name };
  if (column.type === "number") return [element("input", { ...named, type: "number", step: "any", min: "0", inputmode: "decimal" })];
  if (column.type === "flag") return [choice(named, [["true", "Yes"], ["false", "No"]])];
  const known = column.values.filter((value) => !column.missing.includes(value));
  if (known.length <= SHOWN) return [choice(named, known.map((value) => [value, worded(column, value)]))];
  const list = `${id}-known`;
  const offered = known.map((value) => element("option", { value }));
  return [element("input", { ...named, type: "text", list, maxlength: "100" }), element("datalist", { id: list }, ...offered)];
}

function choice(named: { id: string; name: string }, values: [string, string][]): HTMLElement {
  const options = values.map(([value, text]) => element("option", { value }, text));
  return element("select", named, element("option", { value: "" }, "Not known"), ...options);
}
