/** What the user can do from more than one place: the header's buttons, keys, menus, the start screen. */
export interface Actions {
  openPhoto(): void;
  openExamples(): void;
  newScene(): void;
  openSession(): void;
  saveSession(): void;
  savePicture(): void;
  saveLayout(): void;
  saveAll(): void;
  savePoints(): void;
  saveLabels(): void;
  runOnAnother(): void;
  openLabels(): void;
  openLayout(): void;
  undo(): void;
  redo(): void;
  fit(): void;
  help(): void;
  theme(): void;
}
