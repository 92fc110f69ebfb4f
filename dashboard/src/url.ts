/** The address as state: filters, pages and choices live in it, and nothing clinical ever does. */
import { useSyncExternalStore, type MouseEvent } from "react";

const MOVED = "chartloop:moved";

function subscribe(heard: () => void): () => void {
  for (const event of ["popstate", MOVED]) window.addEventListener(event, heard);
  return () => {
    for (const event of ["popstate", MOVED]) window.removeEventListener(event, heard);
  };
}

/** The address below the origin, drawn again when it changes. */
export function useAddress(): URL {
  return new URL(useSyncExternalStore(subscribe, () => window.location.href));
}

const TASK = "task";

/** The task that the address is about; without one the last that was chosen, or the first of all. */
export const taskOf = (address: URL): string => address.searchParams.get(TASK) ?? localStorage.getItem(TASK) ?? "ner";

export function chooseTask(task: string): void {
  localStorage.setItem(TASK, task);
  const page = window.location.pathname.split("/")[1] ?? "";
  go(`/${page}?${new URLSearchParams({ [TASK]: task })}`);
}

/** Goes to a path of the page; the chosen task goes along. */
export function go(path: string, { replace = false } = {}): void {
  const wanted = new URL(path, window.location.origin);
  const task = new URL(window.location.href).searchParams.get(TASK);
  if (task && !wanted.searchParams.has(TASK)) wanted.searchParams.set(TASK, task);
  window.history[replace ? "replaceState" : "pushState"](null, "", wanted.pathname + wanted.search);
  window.dispatchEvent(new Event(MOVED));
}

/** The address with these parameters changed; null takes one out. */
export function withParameters(address: URL, changes: Record<string, string | null>): string {
  const next = new URL(address);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  return next.pathname + next.search;
}

/** What Cloudscape calls when a link is followed: inside the page, without loading it again. */
export function follow(event: CustomEvent<{ href?: string; external?: boolean }> | MouseEvent): void {
  const href = "detail" in event && typeof event.detail === "object" ? event.detail.href : undefined;
  if (!href?.startsWith("/")) return;
  event.preventDefault();
  go(href);
}
