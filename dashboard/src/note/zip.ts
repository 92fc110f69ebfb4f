/** The files of a zip archive, read by what a browser has itself. Source: PKWARE's APPNOTE, 4.3 (no zip64, no encryption). */
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const MOST_BYTES = 64 * 2 ** 20;

/** Names and bytes of the files that `wanted` names; raises an Error, in words for people, where it is no such archive. */
export async function unzip(archive: Blob, wanted: (name: string) => boolean): Promise<Map<string, Uint8Array>> {
  const view = new DataView(await archive.arrayBuffer());
  const found = new Map<string, Uint8Array>();
  let left = MOST_BYTES;
  for (const entry of entries(view)) {
    if (!wanted(entry.name)) continue;
    left -= entry.size;
    if (left < 0) throw new Error("The archive holds more than 64 MB of text.");
    found.set(entry.name, await content(view, entry));
  }
  return found;
}

type Entry = { name: string; method: number; packed: number; size: number; at: number };

function* entries(view: DataView): Generator<Entry> {
  let at = directory(view);
  while (at + 46 <= view.byteLength && view.getUint32(at, true) === ENTRY) {
    const [named, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [number, number, number];
    const name = new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, named));
    if (view.getUint16(at + 8, true) & 1) throw new Error(`${name} is encrypted: archive it without a password.`);
    yield {
      name,
      method: view.getUint16(at + 10, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    };
    at += 46 + named + extra + comment;
  }
}

/** Where the central directory begins: its end is searched from the back, before a comment of at most 64 kB. */
function directory(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 0xffff); at--) {
    if (view.getUint32(at, true) === END) return view.getUint32(at + 16, true);
  }
  throw new Error("This is no zip archive, or it is cut off.");
}

async function content(view: DataView, { name, method, packed, size, at }: Entry): Promise<Uint8Array> {
  const from = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  const bytes = new Uint8Array(view.buffer as ArrayBuffer, from, packed);
  if (method === 0) return bytes;
  if (method !== 8) throw new Error(`${name} is packed in a way that browsers do not read: use an ordinary zip.`);
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const made = new Uint8Array(size);
  let filled = 0;
  for await (const piece of inflated as unknown as AsyncIterable<Uint8Array>) {
    if (filled + piece.length > size) throw new Error(`${name} is larger than the archive says.`);
    made.set(piece, filled);
    filled += piece.length;
  }
  return made.subarray(0, filled);
}
