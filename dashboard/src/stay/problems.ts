/** What is wrong with a row, in plain words: which column, and what to do about it. */
import type { Column } from "./answers";
import { titled } from "./words";

type Said = { code: string; message: string; field?: string };

export function problem(columns: Map<string, Column>, said: Said): string {
  const column = columns.get(said.field?.split(".").slice(1).join(".") ?? "");
  const name = column ? titled(column) : "";
  if (!column) return said.message;
  if (said.code === "wrong_type" && column.type === "number") return `${name}: this is no number.`;
  if (said.code === "unseen_category") return `${name}: the model does not know this value, and answers as if it were not given.`;
  return `${name}: ${said.message}`;
}
