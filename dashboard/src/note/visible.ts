/** Characters that draw nothing, or that turn what stands around them, shown as marks of the same length: offsets stay. */
type Kind = { found: RegExp; mark: (character: string) => string; named: string };

const KINDS: Kind[] = [
  {
    found: /[\u0000-\u0008\u000b-\u001f]/g,
    mark: (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)),
    named: "control characters, each by its picture",
  },
  { found: /[\u007f-\u009f]/g, mark: () => "\u2421", named: "control characters" },
  { found: /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, mark: () => "\u21c4", named: "marks that would turn the direction of the text" },
  { found: /[\u200b\u2060\ufeff]/g, mark: () => "\u25e6", named: "characters without width" },
];

/** The same text with marks in their places; line ends within it are left alone. */
export function visible(text: string): string {
  return KINDS.reduce((shown, { found, mark }) => shown.replace(found, (character) => (/[\r\n]/.test(character) ? character : mark(character))), text);
}

/** What the marks in a text stand for: `⇄ marks that ...`; empty where there are none. */
export function legend(text: string): string[] {
  return KINDS.flatMap(({ found, mark, named }) => {
    const seen = new Set([...text.matchAll(found)].map(([character]) => character).filter((character) => !/[\r\n]/.test(character)));
    return seen.size ? [`${[...new Set([...seen].map(mark))].join(" ")} ${named}`] : [];
  });
}
