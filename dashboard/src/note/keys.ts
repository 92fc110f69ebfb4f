/** The text of a note by keyboard: arrows go from word to word and line to line, with Shift the selection grows. */
import type { KeyboardEvent } from "react";

type Way = ["forward" | "backward", "word" | "line"];
const WAYS: { [key: string]: Way } = {
  ArrowRight: ["forward", "word"],
  ArrowLeft: ["backward", "word"],
  ArrowDown: ["forward", "line"],
  ArrowUp: ["backward", "line"],
};

/** Moves the selection as an arrow key says; false for other keys, and where there is no text to go to. */
export function step(event: Pick<KeyboardEvent<HTMLElement>, "key" | "shiftKey" | "currentTarget">): boolean {
  const way = WAYS[event.key];
  const selection = document.getSelection();
  if (!way || !selection) return false;
  const [direction, unit] = way;
  const note = event.currentTarget;
  const inside = selection.rangeCount > 0 && selection.anchorNode !== note && note.contains(selection.anchorNode);
  if (!inside) begin(selection, note);
  else if (event.shiftKey) selection.modify("extend", direction, "word");
  else move(selection, direction, unit);
  if (!note.contains(selection.focusNode)) begin(selection, note);
  selection.focusNode?.parentElement?.scrollIntoView({ block: "nearest" });
  return true;
}

function begin(selection: Selection, note: HTMLElement): void {
  selection.collapse(note.querySelector(".note-line"), 0);
  selection.modify("extend", "forward", "word");
}

/** To the next word or line that way, which is selected then. */
function move(selection: Selection, direction: Way[0], unit: Way[1]): void {
  if (direction === "forward") selection.collapseToEnd();
  else selection.collapseToStart();
  selection.modify("move", direction, unit);
  if (unit === "word" && direction === "forward") selection.modify("move", "backward", "word");
  selection.modify("extend", "forward", "word");
}
