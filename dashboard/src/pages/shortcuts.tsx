/** The keys of the page that corrects a note: heard everywhere but in fields, and listed by `?`. */
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import Table from "@cloudscape-design/components/table";
import { useEffect, useState } from "react";

export type Keys = { [key: string]: () => void };

const FIELDS = "input, textarea, select, [role=listbox], [role=combobox], [role=dialog]";

/** Hears keys by name (`1`, `Delete`, `Ctrl+z`); never those that are typed into a field. */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest(FIELDS)) return;
      const act = event.altKey ? undefined : keys[event.ctrlKey || event.metaKey ? `Ctrl+${event.key}` : event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  });
}

const LISTED = [
  { keys: "Tab to the text, then arrows", what: "Go from word to word, or to the next line" },
  { keys: "Shift and arrows", what: "Select more words, or fewer" },
  { keys: "1 to 9", what: "Give the selected words, or the chosen mark, that label" },
  { keys: "n and p", what: "Choose the next mark, or the one before" },
  { keys: "Delete", what: "Remove the chosen mark" },
  { keys: "Ctrl and z", what: "Undo" },
  { keys: "Escape", what: "Choose nothing" },
  { keys: "Ctrl and Enter", what: "In the field: ask the model. Elsewhere: send what is right" },
  { keys: "Mouse with Alt", what: "Select exactly, not whole words" },
  { keys: "?", what: "This list" },
];

export function Shortcuts() {
  const [shown, show] = useState(false);
  useKeys({ "?": () => show(true) });
  return (
    <>
      <Button variant="inline-link" onClick={() => show(true)}>
        Keys
      </Button>
      <Modal visible={shown} header="Keys" onDismiss={() => show(false)} closeAriaLabel="Close the list of keys">
        <Table
          variant="embedded"
          items={LISTED}
          columnDefinitions={[
            { id: "keys", header: "Keys", isRowHeader: true, cell: ({ keys }) => keys },
            { id: "what", header: "What they do", cell: ({ what }) => what },
          ]}
          ariaLabels={{ tableLabel: "Keys" }}
          wrapLines
        />
      </Modal>
    </>
  );
}
