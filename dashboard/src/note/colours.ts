/** A colour for each label: the same label has the same one everywhere; the label's text always stands beside it. */
const COLOURS = 8;

export function colourOf(label: string): number {
  let sum = 0;
  for (let at = 0; at < label.length; at++) sum = (31 * sum + label.charCodeAt(at)) >>> 0;
  return sum % COLOURS;
}
