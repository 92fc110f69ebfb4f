/** Many patients: a CSV file in, its lines with days, reasons and problems out, in a table and as a file. */
import type { Api } from "../calls";
import { predict, type Column, type Refused, type Row, type Stay } from "./answers";
import { download, element, found } from "./element";
import { problem } from "./problems";
import { read, write, type Table } from "./table";
import { days, summary } from "./words";

const SHOWN = 50;
const ADDED = ["predicted_days", "reasons", "problem"];

type Columns = Map<string, Column>;

export function manyPatients(api: Api, columns: Columns): void {
  const form = found<HTMLFormElement>("table");
  const place = found("answers");
  found("example").addEventListener("click", () => download("stays-example.csv", example(columns)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const file = found<HTMLInputElement>("file").files?.[0];
    if (file) answered(api, columns, file, place).catch((error: unknown) => place.replaceChildren(wrong(words(error))));
  });
}

const words = (error: unknown) => (error instanceof Error ? error.message : String(error));
const wrong = (text: string) => element("p", { class: "wrong" }, text);

async function answered(api: Api, columns: Columns, file: File, place: HTMLElement): Promise<void> {
  const table = read(await file.text());
  const used = table.header.filter((name) => columns.has(name));
  if (used.length === 0) throw new Error(`No column of the file is one that the model reads. It reads ${[...columns.keys()].join(", ")}.`);
  const told = (done: number) => place.replaceChildren(`${done} of ${table.rows.length} estimated ...`);
  told(0);
  const answers = await predict(api, table.rows.map((cells) => row(table.header, cells, columns)), told);
  place.replaceChildren(...shown(columns, table, used, answers, file.name));
}

function row(header: string[], cells: string[], columns: Columns): Row {
  const named = header.flatMap((name, place): [string, string][] => (columns.has(name) ? [[name, (cells[place] ?? "").trim()]] : []));
  return Object.fromEntries(named.filter(([, cell]) => cell !== ""));
}

function shown(columns: Columns, table: Table, used: string[], answers: (Stay | Refused)[], name: string): Node[] {
  const refused = answers.filter((answer) => "error" in answer).length;
  const unused = table.header.filter((each) => !used.includes(each));
  const save = element("button", { type: "button" }, "Download the results (CSV)");
  save.addEventListener("click", () => download(name.replace(/(\.csv)?$/i, "-days.csv"), results(columns, table, answers)));
  const counts = `${answers.length - refused} of ${answers.length} estimated${refused ? `, ${refused} could not be read: see their lines` : ""}.`;
  return [
    element("p", {}, element("strong", {}, counts)),
    ...(unused.length ? [element("p", {}, `Not used, because the model does not read it: ${unused.join(", ")}.`)] : []),
    element("p", {}, save),
    ...(answers.length > SHOWN ? [element("p", {}, `The first ${SHOWN} lines; the file has all of them.`)] : []),
    lines(columns, answers.slice(0, SHOWN)),
  ];
}

function lines(columns: Columns, answers: (Stay | Refused)[]): HTMLElement {
  const head = ["Line", "Days", "Why, or what is wrong"].map((text) => element("th", { scope: "col" }, text));
  const body = answers.map((answer, place) => {
    const [value, why] = "error" in answer ? ["", problem(columns, answer.error)] : [days(answer.value), because(columns, answer)];
    return element("tr", "error" in answer ? { class: "wrong" } : {}, ...[String(place + 2), value, why].map((text) => element("td", {}, text)));
  });
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  return element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Estimates by line" }, table);
}

const because = (columns: Columns, stay: Stay) => [summary(columns, stay, 3), ...notes(columns, stay)].join(". ");
const notes = (columns: Columns, stay: Stay) => (stay.notes ?? []).map((each) => problem(columns, each));

export function results(columns: Columns, table: Table, answers: (Stay | Refused)[]): string {
  const rows = table.rows.map((cells, place) => {
    const answer = answers[place];
    const whole = table.header.map((_, column) => cells[column] ?? "");
    if (!answer) return [...whole, "", "", ""];
    if ("error" in answer) return [...whole, "", "", problem(columns, answer.error)];
    return [...whole, answer.value.toFixed(2), summary(columns, answer, 6), notes(columns, answer).join(" ")];
  });
  return write({ header: [...table.header, ...ADDED], rows });
}

/** Two lines that can be filled in: the names, and a value that each column may have. */
export function example(columns: Columns): string {
  const all = [...columns.values()];
  const value = (column: Column) => (column.type === "number" ? "1" : column.type === "flag" ? "yes" : (column.values.at(-1) ?? ""));
  return write({ header: all.map((column) => column.name), rows: [all.map(value)] });
}
