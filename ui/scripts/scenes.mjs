// Every screen that the fake can show: where it is, and what is done there before it is looked at.
const id = (name) => `[data-testid="${name}"]`;
const press = (name) => (page) => page.click(id(name));
const enrol = async (page) => {
  await page.fill(id("enrol-password"), "correct");
  await page.click(id("enrol-next"));
  await page.waitForSelector(`${id("enrol-qr")} svg`);
};
const recover = async (page) => {
  await enrol(page);
  await page.fill(id("enrol-code"), "123 456");
  await page.click(id("enrol-confirm"));
  await page.waitForSelector(id("recovery-codes"));
};
const setUp = async (page) => {
  await page.click(id("set-up-now"));
  await recover(page);
};
const typeIn = (what) => async (page) => {
  await page.keyboard.press("Control+k");
  await page.fill(id("palette-input"), what);
  await page.waitForTimeout(500);
};

/** As if this file were on its way for ever. */
const late = (file) => (page) => page.route(`**/assets/${file}-*.js`, () => undefined);
/** As if it had got lost. */
const lose = (file) => (page) => page.route(`**/assets/${file}-*.js`, (route) => route.abort());

const draft = async (page) => {
  await page.click(id("bar-note"));
  await page.fill(id("note-what"), "Changed the telephone number");
  await page.fill(id("note-why"), "She has a new one since March");
};

/** [name, address, what to wait for, what to do then, what to do first] */
export const SCENES = [
  ["first", "/?scene=first", "server-url"],
  ["sign-in", "/?scene=sign-in", "sign-in"],
  ["sign-in-missing", "/?scene=sign-in", "sign-in", press("sign-in")],
  ["signed-out", "/?scene=signed-out#/people", "signed-out"],
  ["sign-in-keyring", "/?scene=sign-in-keyring", "keyring"],
  ["first-trouble", "/?scene=first-trouble", "offline"],
  ["sign-in-trouble", "/?scene=sign-in-trouble", "offline"],
  ["sign-in-clock", "/?scene=sign-in-clock", "clock-off"],
  ["people", "/#/people", "person-row"],
  ["frame-lost", "/#/people", "retry", undefined, lose("Frame")],
  ["screen-slow", "/#/settings", "loading", undefined, late("Settings")],
  ["screen-lost", "/#/settings", "retry", undefined, lose("Settings")],
  ["clock", "/?scene=clock#/people", "clock-off"],
  ["clock-behind", "/?scene=clock-behind#/history", "clock-off"],
  ["update", "/?scene=update#/people", "install-update"],
  ["update-notes", "/?scene=update#/people", "new-version-notes", press("new-version-notes")],
  [
    "update-long",
    "/?scene=update#/people",
    "install-update",
    async (page) => {
      await page.click(id("install-update"));
      await page.waitForTimeout(1400);
    },
  ],
  [
    "update-failed",
    "/?scene=update-failed#/people",
    "install-update",
    async (page) => {
      await page.click(id("install-update"));
      await page.waitForSelector(id("update-error"));
    },
  ],
  ["update-live", "/?scene=update-live#/people", "install-update"],
  ["people-panel", "/#/people/Investor?person=INV-000137", "past-sessions"],
  ["people-many", "/?scene=many#/people", "person-row"],
  ["people-none", "/#/people/Investor?q=zzzz", "empty"],
  ["keyring", "/?scene=keyring#/people", "keyring"],
  ["offline", "/?scene=offline#/people", "offline"],
  ["live-strip", "/?scene=live#/people", "live-strip"],
  ["you-menu", "/#/people", "you", press("you")],
  ["inbox", "/?scene=inbox#/inbox", "inbox-entry"],
  ["approvals", "/?scene=approvals#/inbox", "hand-over"],
  ["approvals-exception", "/?scene=approvals-exception#/inbox", "approval-exception"],
  ["approvals-code", "/?scene=approvals-code#/inbox", "second-factor-code"],
  ["approvals-deny", "/?scene=approvals#/inbox", "deny", press("deny")],
  [
    "approvals-deny-missing",
    "/?scene=approvals#/inbox",
    "deny",
    async (page) => {
      await page.click(id("deny"));
      await page.click(id("deny-yes"));
    },
  ],
  ["inbox-silent", "/?scene=silent#/inbox", "no-notifications"],
  ["inbox-empty", "/?scene=empty#/inbox", "empty"],
  ["who", "/#/impersonation", "identifier"],
  [
    "who-near",
    "/#/impersonation",
    "identifier",
    async (page) => {
      await page.fill(id("identifier"), "marchand");
      await press("find-person")(page);
      await page.waitForSelector(id("near-person"));
    },
  ],
  ["set-up-first", "/?scene=factor-none#/impersonation", "set-up-first"],
  ["set-up-now", "/?scene=factor-none#/impersonation", "set-up-now", press("set-up-now")],
  ["set-up-codes", "/?scene=factor-none#/impersonation", "set-up-now", setUp],
  [
    "who-own",
    "/#/impersonation",
    "identifier",
    async (page) => {
      await page.fill(id("identifier"), "Nora.Lindqvist@meridian.example");
      await press("find-person")(page);
      await page.waitForSelector(`${id("identifier")}[aria-invalid]`);
    },
  ],
  [
    "why-page",
    "/#/impersonation",
    "identifier",
    async (page) => {
      await page.fill(id("identifier"), "INV-000137");
      await page.click(id("find-person"));
      await page.click(id("evidence-page"));
    },
  ],
  [
    "why-exception",
    "/#/impersonation",
    "identifier",
    async (page) => {
      await page.fill(id("identifier"), "INV-000137");
      await page.click(id("find-person"));
      await page.click(id("evidence-exception"));
      await page.click(id("request-code"));
    },
  ],
  [
    "why",
    "/#/impersonation",
    "identifier",
    async (page) => {
      await page.fill(id("identifier"), "INV-000137");
      await page.click(id("find-person"));
      await page.click(id("request-code"));
    },
  ],
  ["link", "/?scene=link#/people", "prefilled"],
  [
    "link-why",
    "/?scene=link#/people",
    "prefilled",
    async (page) => {
      await page.click(id("find-person"));
      await page.waitForSelector(id("reason"));
    },
  ],
  ["link-draft", "/?scene=link-draft#/people", "prefill-undo"],
  ["link-open", "/?scene=link-open#/impersonation", "code-time", (page) => page.waitForTimeout(1400)],
  ["link-live", "/?scene=link-live#/people", "live-strip", (page) => page.waitForTimeout(1400)],
  ["code", "/?scene=code#/impersonation", "code-time"],
  ["code-cancel", "/?scene=code#/impersonation", "code-time", press("cancel-request")],
  [
    "code-leave",
    "/?scene=code#/impersonation",
    "code-time",
    async (page) => {
      await page.click(id("you"));
      await page.click(id("sign-out"));
      await page.waitForSelector(id("leave-confirm"));
    },
  ],
  [
    "code-wrong",
    "/?scene=code#/impersonation",
    "code-time",
    async (page) => {
      await page.fill(id("code"), "BCDFGHJK");
      await page.click(id("verify-code"));
      await page.waitForSelector(id("error"));
    },
  ],
  [
    "toast",
    "/#/people",
    "person-row",
    async (page) => {
      await page.keyboard.press("Control+k");
      await page.click('[data-command="copy-server"]');
      await page.waitForSelector(`${id("toasts")} button`);
    },
  ],
  ["code-person", "/?scene=code-person#/impersonation", "code-with-person"],
  ["pending", "/?scene=pending#/impersonation", "pending"],
  ["pending-taken", "/?scene=pending-taken#/impersonation", "pending"],
  ["pending-nobody", "/?scene=pending-nobody#/impersonation", "pending"],
  ["asked", "/?scene=asked#/impersonation", "pending"],
  ["declined", "/?scene=declined#/impersonation", "request-over"],
  ["denied", "/?scene=denied#/impersonation", "denial"],
  ["unanswered", "/?scene=unanswered#/impersonation", "request-over"],
  ["expired", "/?scene=expired#/impersonation", "request-over"],
  ["ready", "/?scene=ready#/impersonation", "start"],
  ["ready-code", "/?scene=ready-code#/impersonation", "second-factor-code"],
  [
    "ready-code-wrong",
    "/?scene=ready-code#/impersonation",
    "second-factor-code",
    async (page) => {
      await page.fill(id("second-factor-code"), "000000");
      await page.keyboard.press("Enter");
      await page.waitForSelector(`${id("second-factor-code")}[aria-invalid]`);
    },
  ],
  [
    "ready-recovery",
    "/?scene=ready-code#/impersonation",
    "second-factor-code",
    press("second-factor-recovery"),
  ],
  ["ready-set-up", "/?scene=ready-set-up#/impersonation", "enrol-password"],
  ["ready-set-up-scan", "/?scene=ready-set-up#/impersonation", "enrol-password", enrol],
  ["ready-set-up-codes", "/?scene=ready-set-up#/impersonation", "enrol-password", recover],
  [
    "ready-set-up-unsaved",
    "/?scene=ready-set-up#/impersonation",
    "enrol-password",
    async (page) => {
      await recover(page);
      await page.click(id("recovery-kept"));
    },
  ],
  ["live", "/?scene=live#/impersonation", "live"],
  [
    "live-raise",
    "/?scene=live#/impersonation",
    "more-act",
    async (page) => {
      await page.click(id("more-act"));
      await page.click(id("evidence-statement"));
      await page.waitForSelector(id("consent-given-by"));
    },
  ],
  ["live-asked", "/?scene=live-asked#/impersonation", "pending"],
  ["live-code", "/?scene=live-code#/impersonation", "code-time"],
  ["live-ready", "/?scene=live-ready#/impersonation", "raise"],
  [
    "live-time",
    "/?scene=live#/impersonation",
    "more-time",
    async (page) => {
      await page.click(id("more-time"));
      await page.click(id("extend"));
      await page.waitForSelector(id("second-factor-code"));
    },
  ],
  ["history-search", "/#/history?q=march", "session-row"],
  ["history-none", "/#/history?q=zzzz", "empty"],
  ["history", "/#/history", "session-row"],
  ["history-owed", "/?scene=owed#/history", "note-reminder"],
  ["report", "/#/history/7c0ffee0-0000-4000-8000-000000000012", "report"],
  ["report-raised", "/?scene=raised#/history/7c0ffee0-0000-4000-8000-000000000012", "report-raised"],
  ["report-live", "/#/history/7c0ffee0-0000-4000-8000-000000000011", "end-session"],
  ["end-session", "/#/history/7c0ffee0-0000-4000-8000-000000000011", "end-session", press("end-session")],
  ["note", "/?scene=closed#/people", "note-sheet"],
  ["left", "/?scene=left#/people", "resume"],
  ["close-refused", "/?scene=refused#/people", "close-refused"],
  ["settings", "/#/settings", "factor-again"],
  ["settings-quiet", "/#/settings", "factor-again", press("set-quiet")],
  ["settings-managed", "/?scene=managed#/settings", "factor-again"],
  ["settings-factor-none", "/?scene=factor-none#/settings", "factor-again"],
  ["settings-factor-show", "/?scene=factor-stale#/settings", "factor-again", press("factor-again")],
  ["settings-factor-enrol", "/?scene=factor-none#/settings", "factor-again", press("factor-again")],
  ["settings-server", "/#/settings", "settings-change-server", press("settings-change-server")],
  ["settings-off", "/?scene=off#/settings", "switch-state"],
  ["switch", "/#/settings", "set-switch", press("set-switch")],
  ["switch-code", "/?scene=factor-stale#/settings", "set-switch", press("set-switch")],
  ["switch-set-up", "/?scene=factor-none#/settings", "set-switch", press("set-switch")],
  ["switch-on", "/?scene=off#/settings", "set-switch", press("set-switch")],
  ["off", "/?scene=off#/people", "switched-off"],
  ["report-owed", "/?scene=owed#/history/7c0ffee0-0000-4000-8000-000000000014", "note-lift"],
  ["lift", "/?scene=owed#/history/7c0ffee0-0000-4000-8000-000000000014", "note-lift", press("note-lift")],
  [
    "report-lifted",
    "/?scene=owed#/history/7c0ffee0-0000-4000-8000-000000000014",
    "note-lift",
    async (page) => {
      await page.click(id("note-lift"));
      await page.fill(id("lift-reason"), "He is on leave until Monday");
      await page.click(id("lift-yes"));
      await page.waitForSelector(id("report-lifted"));
    },
  ],
  ["exceptions", "/?scene=exceptions#/history", "history-only"],
  ["exceptions-to-review", "/?scene=exceptions-lead#/history?only=to_review", "session-row"],
  ["never-started", "/?scene=exceptions-lead#/history?only=never_started", "request-row"],
  [
    "report-sealed",
    "/?scene=exceptions-lead-code#/history/7c0ffee0-0000-4000-8000-000000000012",
    "second-factor-code",
  ],
  [
    "report-sealed-set-up",
    "/?scene=exceptions-lead-set-up#/history/7c0ffee0-0000-4000-8000-000000000012",
    "second-factor-set-up",
  ],
  ["settings-lead", "/?scene=exceptions-lead-set-up#/settings", "factor-again"],
  [
    "report-exception",
    "/?scene=exceptions-lead#/history/7c0ffee0-0000-4000-8000-000000000012",
    "review-form",
  ],
  [
    "report-exception-missing",
    "/?scene=exceptions-lead#/history/7c0ffee0-0000-4000-8000-000000000012",
    "review-file",
    press("review-file"),
  ],
  ["report-exception-late", "/?scene=exceptions#/history/7c0ffee0-0000-4000-8000-000000000015", "review-by"],
  [
    "report-reviewed",
    "/?scene=exceptions-lead#/history/7c0ffee0-0000-4000-8000-000000000016",
    "review-earlier",
    (page) => page.click(`${id("review-earlier")} summary`),
  ],
  ["report-corrected", "/?scene=corrected#/history/7c0ffee0-0000-4000-8000-000000000012", "note-corrected"],
  ["palette", "/#/people", "person-row", (page) => page.keyboard.press("Control+k")],
  ["palette-found", "/#/people", "person-row", typeIn("mar")],
  ["palette-sessions", "/?scene=exceptions-lead#/history", "session-row", typeIn("tomasz")],
  ["palette-none", "/#/people", "person-row", typeIn("zzzz")],
  ["palette-live", "/?scene=live#/people", "person-row", (page) => page.keyboard.press("Control+k")],
  ["keys", "/#/history", "session-row", (page) => page.keyboard.press("?")],
  ["bar", "/bar.html?scene=bar", "bar-name"],
  ["bar-details", "/bar.html?scene=bar", "bar-name", press("bar-more")],
  ["bar-note", "/bar.html?scene=bar", "bar-name", draft],
  [
    "bar-note-solved",
    "/bar.html?scene=bar",
    "bar-name",
    async (page) => {
      await draft(page);
      await page.check(id("solved-yes"));
    },
  ],
  ["bar-exception", "/bar.html?scene=bar-exception", "bar-exception"],
  ["bar-soon", "/bar.html?scene=bar-soon", "bar-name"],
  ["bar-still", "/bar.html?scene=bar-still", "still-there"],
  ["bar-lost", "/bar.html?scene=bar-lost", "connection-lost"],
  ["bar-close", "/bar.html?scene=bar-close", "sheet-close_refused"],
  ["bar-link", "/bar.html?scene=bar-link", "sheet-external_link"],
  ["bar-refused", "/bar.html?scene=bar-refused", "sheet-refused"],
  ["bar-raised", "/bar.html?scene=bar-raised", "sheet-raised"],
  ["bar-consent-missing", "/bar.html?scene=bar-consent-missing", "sheet-refused"],
  ["bar-consent-asked", "/bar.html?scene=bar-consent-asked", "sheet-consent"],
  ["bar-consent-late", "/bar.html?scene=bar-consent-late", "sheet-consent"],
  ["bar-consent-allowed", "/bar.html?scene=bar-consent-allowed", "sheet-consent"],
  ["bar-consent-declined", "/bar.html?scene=bar-consent-declined", "sheet-consent"],
  ["bar-downloaded", "/bar.html?scene=bar-downloaded", "sheet-downloaded"],
  ["bar-crashed", "/bar.html?scene=bar-crashed", "sheet-crashed"],
  ["bar-not-loaded", "/bar.html?scene=bar-not-loaded", "sheet-not_loaded"],
  ["bar-not-entered", "/bar.html?scene=bar-not-entered", "reload"],
  ["bar-loading", "/bar.html?scene=bar-loading", "bar-loading"],
];
