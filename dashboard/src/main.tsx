/** Starts the page: its settings first, then the sign-in, then what was asked for. */
import "@cloudscape-design/global-styles/index.css";
import "./page.css";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import english from "@cloudscape-design/components/i18n/messages/all.en";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { readConfig } from "./config";
import { again, ConfigContext } from "./queries";
import { Session } from "./session";
import { Shell } from "./shell";

const queries = new QueryClient({ defaultOptions: { queries: { retry: again, staleTime: 1_000 } } });
const root = createRoot(document.getElementById("page") as HTMLElement);

try {
  const config = await readConfig();
  root.render(
    <StrictMode>
      <I18nProvider locale="en" messages={[english]}>
        <QueryClientProvider client={queries}>
          <ConfigContext value={config}>
            <Session config={config}>{(person) => <Shell person={person} />}</Session>
          </ConfigContext>
        </QueryClientProvider>
      </I18nProvider>
    </StrictMode>,
  );
} catch {
  root.render(<p className="door">The settings of this installation cannot be read. Load the page again in a moment.</p>);
}
