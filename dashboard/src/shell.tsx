/** What is around every page: its name, the ways to the others, who is signed in, light or dark. */
import AppLayout from "@cloudscape-design/components/app-layout";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { lazy, Suspense, useEffect, useState, type ComponentType, type LazyExoticComponent } from "react";
import type { Person } from "./session";
import { useApi, useTasks } from "./queries";
import { chooseTask, follow, go, useAddress } from "./url";
import { taskName } from "./words";

export type PageProps = { person: Person; rest: string };
type Page = { text: string; page: LazyExoticComponent<ComponentType<PageProps>> };

const PAGES: { [path: string]: Page } = {
  "/send": { text: "Send data", page: lazy(() => import("./pages/send")) },
  "/runs": { text: "Runs", page: lazy(() => import("./pages/runs")) },
  "/models": { text: "Models", page: lazy(() => import("./pages/models")) },
  "/try": { text: "Try it", page: lazy(() => import("./pages/try")) },
  "/data": { text: "Labels and data", page: lazy(() => import("./pages/data")) },
};
const FIRST = "/runs";

export function Shell({ person }: { person: Person }) {
  const address = useAddress();
  const path = `/${address.pathname.split("/")[1] || FIRST.slice(1)}`;
  const rest = address.pathname.split("/").slice(2).join("/");
  const found = PAGES[path];
  useEffect(() => {
    document.title = found ? `${found.text} - Chartloop` : "Chartloop";
  }, [found]);
  return (
    <>
      <div id="top">
        <Top person={person} />
      </div>
      <AppLayout
        headerSelector="#top"
        toolsHide
        navigationWidth={210}
        ariaLabels={{ navigation: "Pages", navigationClose: "Close the list of pages", navigationToggle: "Open the list of pages" }}
        navigation={
          <SideNavigation
            activeHref={path}
            onFollow={follow}
            items={Object.entries(PAGES).map(([href, { text }]) => ({ type: "link", href, text }))}
          />
        }
        content={
          <Suspense fallback={<Spinner />}>
            {found ? <found.page person={person} rest={decodeURIComponent(rest)} /> : <Nowhere />}
          </Suspense>
        }
      />
    </>
  );
}

function home(event: CustomEvent): void {
  event.preventDefault();
  go("/");
}

function Top({ person }: { person: Person }) {
  const [dark, setDark] = useDark();
  const tasks = useTasks().data?.tasks ?? [];
  const chosen = useApi().name;
  return (
    <TopNavigation
      identity={{ href: "/", title: "Chartloop", onFollow: home }}
      utilities={[
        ...(tasks.length > 1
          ? [
              {
                type: "menu-dropdown" as const,
                text: taskName(chosen),
                ariaLabel: `Task: ${taskName(chosen)}`,
                items: tasks.map(({ task }) => ({ id: task, text: taskName(task) })),
                onItemClick: ({ detail }: { detail: { id: string } }) => chooseTask(detail.id),
              },
            ]
          : []),
        { type: "button", text: dark ? "Light" : "Dark", ariaLabel: dark ? "Light colours" : "Dark colours", onClick: () => setDark(!dark) },
        {
          type: "menu-dropdown",
          text: person.name,
          iconName: "user-profile",
          items: [{ id: "out", text: "Sign out" }],
          onItemClick: person.signOut,
        },
      ]}
    />
  );
}

/** As the system has it, until somebody chooses. */
function useDark(): [boolean, (dark: boolean) => void] {
  const [dark, setDark] = useState(() => {
    const chosen = localStorage.getItem("colours");
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  });
  useEffect(() => applyMode(dark ? Mode.Dark : Mode.Light), [dark]);
  return [
    dark,
    (chosen) => {
      localStorage.setItem("colours", chosen ? "dark" : "light");
      setDark(chosen);
    },
  ];
}

function Nowhere() {
  return (
    <Box padding="xxl" textAlign="center">
      <Box variant="h1">There is no such page</Box>
      <Button href={FIRST} onFollow={follow}>
        Go to the runs
      </Button>
    </Box>
  );
}
