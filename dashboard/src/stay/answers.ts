/** What the API says of the model in service and answers to rows, and how many rows are asked for at once. */
import type { RowSchema } from "../api/types.gen";
import type { Api } from "../calls";

export type Served = RowSchema;
export type Column = RowSchema["columns"][number];
export type Reason = { column: string; given: string | number | boolean | null; adds: number };
export type Note = { code: string; message: string; field: string };
export type Stay = { value: number; unit: string; base: number; reasons: Reason[]; others: number; notes?: Note[] };
export type Refused = { error: { code: string; message: string; field?: string } };
export type Row = Record<string, string>;

const AT_ONCE = 250;
const REASONS = 6;
export const TASK = "regression";

export const served = (api: Api) => api.ask<Served>(`/tasks/${TASK}/schema`);

/** An answer to each row, in order; `told` hears how many there are so far. */
export async function predict(api: Api, rows: Row[], told: (done: number) => void = () => {}): Promise<(Stay | Refused)[]> {
  const found: (Stay | Refused)[] = [];
  while (found.length < rows.length) {
    const body = JSON.stringify({ rows: rows.slice(found.length, found.length + AT_ONCE), reasons: REASONS });
    const said = await api.ask<{ predictions: (Stay | Refused)[] }>(`/tasks/${TASK}/predict`, { method: "POST", body, type: "application/json" });
    found.push(...said.predictions);
    told(found.length);
  }
  return found;
}
