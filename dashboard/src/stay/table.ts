/** Tables as text: comma-separated values (RFC 4180) read into rows by name, and written again. */
export type Table = { header: string[]; rows: string[][] };

/** Raises an Error, in words for whoever chose the file, where it is no table. */
export function read(text: string): Table {
  const [header, ...rows] = lines(text.replace(/^\ufeff/, "")).filter((cells) => cells.some((cell) => cell.trim() !== ""));
  if (!header || rows.length === 0) throw new Error("The file needs a line of column names and at least one line below it.");
  const names = header.map((name) => name.trim());
  const twice = names.find((name, place) => name !== "" && names.indexOf(name) !== place);
  if (twice !== undefined) throw new Error(`The column ${twice} is there twice.`);
  return { header: names, rows };
}

export function write({ header, rows }: Table): string {
  return [header, ...rows].map((cells) => cells.map(quoted).join(",") + "\r\n").join("");
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

function lines(text: string): string[][] {
  const found: string[][] = [];
  let cells: string[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < text.length) {
    const [, inside, plain, end] = CELL.exec(text) ?? [];
    if (end === undefined) throw new Error(`The quotes of line ${found.length + 1} do not match.`);
    cells.push(inside === undefined ? (plain ?? "") : inside.replaceAll('""', '"'));
    if (end === ",") {
      if (CELL.lastIndex === text.length) cells.push("");
      else continue;
    }
    found.push(cells);
    cells = [];
  }
  return found;
}
