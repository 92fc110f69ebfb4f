/** A prediction in words: how many days, and what made it more or fewer. */
import type { Column, Reason, Stay } from "./answers";

export const days = (value: number) => `${value.toFixed(1)} ${Math.abs(value).toFixed(1) === "1.0" ? "day" : "days"}`;

/** What a person reads in place of a column's name. */
export const titled = (column: Column) => column.title || column.name.replaceAll("_", " ");

/** What a person reads in place of a value: `[70-80)` is 70 to 79. */
export function worded(column: Column, value: string): string {
  const range = /^\[(\d+)-(\d+)\)$/.exec(value);
  return column.words[value] ?? (range ? `${range[1]} to ${Number(range[2]) - 1}` : value);
}

export function reason(column: Column, said: Reason): string {
  const given = said.given === null ? "not given" : worded(column, String(said.given));
  return `${titled(column)}: ${given}`;
}

export function change(added: number): string {
  if (Math.abs(added) < 0.05) return "hardly changes it";
  return added > 0 ? `${days(added)} longer` : `${days(-added)} shorter`;
}

/** One line for a table: the strongest reasons. */
export function summary(columns: Map<string, Column>, stay: Stay, most: number): string {
  const told = stay.reasons.slice(0, most).flatMap((each) => {
    const column = columns.get(each.column);
    return column ? [`${reason(column, each)} (${change(each.adds)})`] : [];
  });
  return told.join("; ");
}
