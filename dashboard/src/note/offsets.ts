/** Offsets of one text in both units: the API counts Unicode code points, JavaScript and the DOM count UTF-16 units. */
export class Offsets {
  /** Where the second unit of each surrogate pair lies, in UTF-16 units; ascending. */
  private readonly pairs: Uint32Array;

  constructor(text: string) {
    const found: number[] = [];
    for (let at = 0; at < text.length; at++) {
      if ((text.codePointAt(at) ?? 0) > 0xffff) found.push(++at);
    }
    this.pairs = Uint32Array.from(found);
  }

  /** Code points before this UTF-16 offset; one within a pair counts as after it. */
  toCodePoint(utf16: number): number {
    return utf16 - this.before((pair) => pair <= utf16);
  }

  /** The UTF-16 offset of a code point. */
  toUtf16(codePoint: number): number {
    return codePoint + this.before((pair, index) => pair - index <= codePoint);
  }

  /** How many pairs come first for which `holds`, which is true of the first ones and then of none. */
  private before(holds: (pair: number, index: number) => boolean): number {
    let low = 0;
    let high = this.pairs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.pairs[middle] as number, middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
