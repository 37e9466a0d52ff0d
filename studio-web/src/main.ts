/** The page's parts, made and joined. */

import { type EditorHandle, mountEditor } from "./editor/editor";
import { Viewport } from "./editor/viewport";
import { Studio } from "./model/studio";
import type { Actions } from "./shell/actions";
import { mountBoardPanel } from "./shell/board-panel";
import { mountBoardSettings, mountRegion } from "./shell/board-settings";
import { mountClasses } from "./shell/classes-panel";
import { Documents } from "./shell/documents";
import { byId, h } from "./shell/dom";
import { takeFiles } from "./shell/drop";
import { mountHeader } from "./shell/header";
import { openHelp } from "./shell/help";
import { mountHint } from "./shell/hint";
import { listenToKeys } from "./shell/keys";
import { mountOptions } from "./shell/options";
import { mountPaneHeads } from "./shell/panes";
import { mountPortraitPanel } from "./shell/portrait-panel";
import { mountRefine } from "./shell/refine";
import { openSceneDialog, SceneEngines } from "./shell/scene-dialog";
import { mountAnother, mountScenePanel } from "./shell/scene-panel";
import { followScribbles } from "./shell/scribbles";
import { mountSettings } from "./shell/settings";
import { mountStage } from "./shell/stage";
import { mountStart, openExamples, type Start } from "./shell/start";
import { mountStatus, type Status } from "./shell/status";
import { restoreTheme, toggleTheme } from "./shell/theme";
import { mountTools } from "./shell/tools";
import { mountTrained } from "./shell/trained-panel";
import { startWork, type Work } from "./work";
import { Generators } from "./work/generators";
import { PortraitModels } from "./work/portraits";
import { type About, about } from "./work/rest";

/** Asked again after so many milliseconds where the server does not answer. */
const PATIENCE = 2000;

function build(): void {
  restoreTheme();
  const studio = new Studio();
  const viewport = new Viewport();
  const status = mountStatus(byId("status"));
  const editor = mountEditor(byId("editor"), studio, viewport);
  const engines = new SceneEngines();
  const generators = new Generators();
  const portraits = new PortraitModels();
  const work = startWork({
    studio,
    viewport,
    result: byId("result"),
    variations: byId("variations"),
    history: byId("history"),
    say: status.say,
    photo: editor.setPhotoBitmap,
    connection: (state) => {
      status.setConnection(state);
      if (state === "open") void askForModels({ generators, portraits, engines, status }); // a server that was started anew may have others
    },
  });
  let known: About | null = null;
  const documents = new Documents({
    studio,
    status,
    forms: () => known?.tasks ?? [],
    readSession: work.readSession,
    openSession: work.openSession,
    saveSession: work.saveSession,
  });
  const actions = makeActions({
    engines,
    studio,
    status,
    work,
    documents,
    editor,
    version: () => known?.version ?? null,
  });
  mountFrame({ studio, viewport, status, work, actions, engines, documents, generators, portraits });
  const side = byId("side");
  mountStage(side, { studio, documents, actions, status });
  mountScenePanel(side, { studio, actions, status, loop: work.loop });
  mountPortraitPanel(side, { studio, actions, status, loop: work.loop });
  mountBoardPanel(side, { studio, viewport, documents, status, run: work.board, generators });
  mountClasses(side, studio, status);
  mountRegion(side, studio);
  mountBoardSettings(side, studio);
  const form = h("div", { class: "settings-place" });
  side.append(form);
  mountTrained(side, { studio, loop: work.loop, trained: work.trained, status });
  const start = mountStart(byId("workspace"), {
    ...{ studio, documents, actions, status, engines, generators, portraits },
    left: editor.focus,
  });
  takeFiles(studio, documents);
  followScribbles(studio, status);
  void resume(work, start);
  void askServer(status).then((answer) => {
    known = answer;
    mountSettings(form, studio, answer.tasks);
    start.fill();
  });
}

interface ActionParts {
  readonly studio: Studio;
  readonly status: Status;
  readonly work: Work;
  readonly documents: Documents;
  readonly editor: EditorHandle;
  readonly engines: SceneEngines;
  version(): string | null;
}

function makeActions({ studio, status, work, documents, editor, engines, version }: ActionParts): Actions {
  /** Failures are told, whether they come at once or later. */
  const tell = (act: () => unknown) => async () => {
    try {
      await act();
    } catch (error) {
      status.problem(error);
    }
  };
  return {
    openPhoto: () => documents.pick("photo"),
    openSession: () => documents.pick("session"),
    openLabels: () => documents.pick("labels"),
    openLayout: () => documents.pick("layout"),
    openExamples: () => openExamples(documents, status),
    newScene: () => openSceneDialog(engines, documents),
    saveSession: tell(() => work.saveSession()),
    savePicture: tell(() => work.savePicture()),
    saveLayout: tell(() => work.saveMap("layout")),
    saveLabels: tell(() => work.saveMap("labels")),
    saveAll: tell(() => work.saveAll()),
    savePoints: tell(() => work.savePoints()),
    runOnAnother: tell(() => work.runOnAnother()),
    undo: () => void studio.undo(),
    redo: () => void studio.redo(),
    fit: editor.fit,
    help: () => openHelp(version()),
    theme: toggleTheme,
  };
}

interface FrameParts {
  readonly studio: Studio;
  readonly viewport: Viewport;
  readonly status: Status;
  readonly work: Work;
  readonly actions: Actions;
  readonly engines: SceneEngines;
  readonly documents: Documents;
  readonly generators: Generators;
  readonly portraits: PortraitModels;
}

/** What stands around the panes. */
function mountFrame(parts: FrameParts): void {
  const { studio, viewport, status, work, actions, engines, documents, generators, portraits } = parts;
  mountHint(byId("header"));
  mountHeader(byId("header"), {
    ...{ studio, actions, engines, documents, generators, portraits },
    hasPicture: work.hasPicture,
  });
  mountOptions(byId("options"), studio);
  mountAnother(byId("result-head"), studio);
  mountRefine(byId("result-head"), { studio, loop: work.loop, trained: work.trained });
  mountPaneHeads({ studio, viewport, actions, facts: status.facts, hasPicture: work.hasPicture });
  const followTask = () => {
    byId("app").dataset.task = studio.task;
  };
  studio.on("document", followTask);
  followTask();
  listenToKeys(studio, actions, mountTools(byId("tools"), studio));
}

async function resume(work: Work, start: Start): Promise<void> {
  const found = await work.resume();
  start.show(found === "restored" ? null : found);
}

interface Models {
  readonly generators: Generators;
  readonly portraits: PortraitModels;
  readonly engines: SceneEngines;
  readonly status: Status;
}

/** What fills and keeps, then what makes scenes: these come below, and banks opened for the first time may take a minute. */
async function askForModels({ generators, portraits, engines, status }: Models): Promise<void> {
  await generators.refresh().catch((error) => status.problem(error));
  try {
    for (const problem of [...(await portraits.refresh()), ...(await engines.refresh())])
      status.problem(problem);
  } catch (error) {
    status.problem(error);
  }
}

/** What the server can do; asked until it answers, for it may start later than the page. */
async function askServer(status: Status): Promise<About> {
  for (let told = false; ; told = true) {
    try {
      return await about();
    } catch (error) {
      if (!told) status.problem(error);
      await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    }
  }
}

build();
byId("app").classList.add("built");
