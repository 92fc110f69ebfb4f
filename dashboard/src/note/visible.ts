/** Characters that draw nothing, or that turn what stands around them, shown as marks of the same length: offsets stay. */
const KINDS = [
  { found: /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, mark: "\u25a1", named: "a control character" },
  { found: /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, mark: "\u21c4", named: "a mark that would turn the direction of the text" },
  { found: /[\u200b\u2060\ufeff]/g, mark: "\u25e6", named: "a character without width" },
];

/** The same text with marks in their places; line ends and tabs are left alone. */
export function visible(text: string): string {
  return KINDS.reduce((shown, { found, mark }) => shown.replace(found, mark), text);
}

/** What the marks in a text stand for: `⇄ a mark that ...`; empty where there are none. */
export function legend(text: string): string[] {
  return KINDS.filter(({ found }) => text.search(found) >= 0).map(({ mark, named }) => `${mark} ${named}`);
}
