/** What the pages ask and keep: polled while something happens, backed off while nothing does, stopped while nobody looks. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import type { Run } from "./api/types.gen";
import { ApiError, type Api } from "./calls";

export const ApiContext = createContext<Api | null>(null);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error("outside of a sign-in");
  return api;
}

const LIVE_MS = 1_500;
const IDLE_MS = 10_000;

export const active = (run: Run): boolean => run.status === "starting" || run.status === "running";

/** A second try helps where the API was busy or away, not where it refused. */
export function again(failures: number, error: unknown): boolean {
  return failures < 3 && (!(error instanceof ApiError) || error.status >= 500 || error.status === 429);
}

export function useTask() {
  const api = useApi();
  return useQuery({
    queryKey: ["task"],
    queryFn: api.task,
    refetchInterval: (query) => (query.state.data?.active_run || query.state.data?.pending ? LIVE_MS : IDLE_MS),
  });
}

export function useCost() {
  const api = useApi();
  return useQuery({ queryKey: ["cost"], queryFn: api.cost });
}

export function useRuns(before: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: ["runs", before],
    queryFn: () => api.runs(before),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.runs.some(active) ? LIVE_MS : IDLE_MS),
  });
}

export function useRun(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: ["run", id],
    queryFn: () => api.run(id),
    refetchInterval: (query) => (!query.state.data || active(query.state.data) ? LIVE_MS : false),
  });
}

export function useModels() {
  const api = useApi();
  return useQuery({ queryKey: ["models"], queryFn: api.models, refetchInterval: IDLE_MS });
}

export function useAudit(before: string | null) {
  const api = useApi();
  return useQuery({ queryKey: ["audit", before], queryFn: () => api.audit(before), placeholderData: keepPreviousData });
}

export function useBatches(before: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: ["batches", before],
    queryFn: () => api.batches(before),
    placeholderData: keepPreviousData,
    refetchInterval: IDLE_MS,
  });
}

/** The receipt of a batch, asked until all its verdicts are final; one that was just uploaded has none yet, which is null. */
export function useBatch(id: string, uploaded: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: ["batch", id],
    queryFn: () => api.batch(id).catch((error: unknown) => (uploaded && isMissing(error) ? null : Promise.reject(error))),
    refetchInterval: (query) => (query.state.data === null || query.state.data?.status === "received" ? LIVE_MS : false),
  });
}

const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404;

export function useReview(before: string | null) {
  const api = useApi();
  return useQuery({ queryKey: ["review", before], queryFn: () => api.review(before), staleTime: Infinity, gcTime: 0 });
}

/** Something with consequences: afterwards everything that is shown is asked anew. */
export function useDecision<Given, Answer>(decide: (given: Given) => Promise<Answer>, done: (answer: Answer) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: decide,
    onSuccess: async (answer) => {
      await queries.invalidateQueries();
      done(answer);
    },
  });
}
