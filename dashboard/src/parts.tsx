/** Pieces that several pages show alike: states of a question, a reason that is asked for, how old an answer is. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Modal from "@cloudscape-design/components/modal";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Textarea from "@cloudscape-design/components/textarea";
import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { go, useAddress, withParameters } from "./url";
import { trouble } from "./words";

/** Loading, failed, or there; an answer that is there stays while another cannot be had. */
export function Asked<T>({ query, what, children }: { query: UseQueryResult<T>; what: string; children: (data: T) => ReactNode }) {
  return (
    <SpaceBetween size="m">
      {query.error && <Trouble error={query.error} retry={() => void query.refetch()} />}
      {query.data !== undefined ? (
        children(query.data)
      ) : (
        <>
          {!query.error && (
            <Box padding="l" color="text-body-secondary">
              <Spinner /> Loading {what}
            </Box>
          )}
        </>
      )}
    </SpaceBetween>
  );
}

export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const { header, advice } = trouble(error);
  return (
    <Alert type="error" header={header} action={retry && <Button onClick={retry}>Try again</Button>}>
      {advice}
    </Alert>
  );
}

/** How long ago an answer came, counted on while it stands. */
export function Updated({ query }: { query: Pick<UseQueryResult, "dataUpdatedAt"> }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 5_000);
    return () => clearInterval(clock);
  }, []);
  const passed = Math.max(0, Math.round((now - query.dataUpdatedAt) / 5_000) * 5);
  return (
    <Box variant="small" color="text-body-secondary">
      {query.dataUpdatedAt === 0 ? "" : passed < 5 ? "Up to date" : `Updated ${passed} s ago`}
    </Box>
  );
}

type Question = { title: string; verb: string; children: ReactNode; pending: boolean; dismiss: () => void };

/** A question over the page, with one thing to do about it. */
export function Dialog({ title, verb, children, pending, dismiss, disabled = false, act }: Question & { disabled?: boolean; act: () => void }) {
  return (
    <Modal
      visible
      header={title}
      onDismiss={dismiss}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button onClick={dismiss}>Not now</Button>
            <Button variant="primary" loading={pending} disabled={disabled} onClick={act}>
              {verb}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">{children}</SpaceBetween>
    </Modal>
  );
}

/** Shows what a decision changes, and asks why; the reason goes into the audit trail. */
export function AskWhy({ children, error, decide, ...question }: Question & { error: unknown; decide: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  const [pressed, setPressed] = useState(false);
  const missing = pressed && !reason.trim();
  const act = () => {
    setPressed(true);
    if (reason.trim()) decide(reason.trim());
  };
  return (
    <Dialog {...question} act={act}>
      {children}
      <FormField label="Why" description="Kept in the audit trail. No clinical text." errorText={missing ? "Say why, in a few words." : ""}>
        <Textarea value={reason} onChange={({ detail }) => setReason(detail.value.slice(0, 500))} rows={2} />
      </FormField>
      {error ? <Trouble error={error} /> : null}
    </Dialog>
  );
}

/** Pages that the server cuts: the cursors of those before are remembered, the current one is in the address. */
export function useCursor(name = "before") {
  const address = useAddress();
  const [trail, setTrail] = useState<(string | null)[]>([null]);
  const cursor = address.searchParams.get(name);
  const at = Math.max(0, trail.indexOf(cursor));
  const pages = (next: string | null) => (
    <Pagination
      currentPageIndex={at + 1}
      pagesCount={at + 1 + (next ? 1 : 0)}
      openEnd={next !== null}
      onChange={({ detail }) => {
        const known = [...trail.slice(0, at + 1), next];
        setTrail(known);
        go(withParameters(address, { [name]: known[detail.currentPageIndex - 1] ?? null }));
      }}
    />
  );
  return { cursor, pages };
}
