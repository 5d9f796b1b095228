// The page of a person: what runs in their account, what they are asked, what was done.
//
// It is opened by the fragment of its address, which never leaves the browser but in the body of a request:
// `#<link>` from a mail, `#assertion=<JWT>` from the platform. Opening only shows; answers come from buttons.

const WORDS = {
  en: {
    title: "Support access to your account",
    lead: (name) => `Who of ${name} was in your account, why, and what they did.`,
    asked: "You are asked",
    allow: "Allow once",
    decline: "Decline",
    takeBack: "Take it back",
    allowed: "You have allowed this, once.",
    elsewhere: "To allow this, sign in to your account: only there we can be sure that it is you.",
    goThere: "Go to your account",
    late: "You signed in while support was in your account, so we cannot be sure that it is you, and a yes from here would not count. You can decline, or end the visit. To allow it, sign out and in again once support has left; then they can come back and ask you.",
    now: "In your account now",
    end: "End now",
    ending: "They will be out within a second. What they were doing stays as it is.",
    sure: "Yes, end it",
    before: "Earlier visits",
    none: "Nobody of support has been in your account.",
    who: "Who",
    why: "Why",
    why_changes: "Why changes",
    stated: "Your consent, as support states it",
    unasked: "You were not asked",
    ticket: "Ticket",
    how: "How",
    when: "When",
    view: "Look only: nothing can be changed",
    act: "With changes allowed",
    since: (time) => `from ${time}`,
    changed: "Changed",
    viewed: "Viewed",
    refused: "Refused, so not done",
    nothing: "Nothing",
    times: (n) => `${n} times`,
    answered: "Your answer counts now.",
    news: "Something has changed. Read it before you answer.",
    ended: "It has ended. Nobody of support is in your account.",
    closed: "This page is opened from a mail of ours, or from your account.",
    failed: "That did not work. Check your connection and load this page again.",
  },
  fr: {
    title: "Accès de l’assistance à votre compte",
    lead: (name) => `Qui, chez ${name}, est entré dans votre compte, pourquoi, et ce qui y a été fait.`,
    asked: "Une question pour vous",
    allow: "Autoriser une fois",
    decline: "Refuser",
    takeBack: "Revenir sur mon accord",
    allowed: "Vous l’avez autorisé, une fois.",
    elsewhere: "Pour l’autoriser, connectez-vous à votre compte : là seulement, nous sommes sûrs que c’est vous.",
    goThere: "Aller à votre compte",
    late: "Vous vous êtes connecté pendant que l’assistance était dans votre compte : nous ne pouvons pas être sûrs que c’est vous, et un accord donné d’ici ne compterait pas. Vous pouvez refuser, ou mettre fin à la visite. Pour autoriser, déconnectez-vous puis reconnectez-vous une fois l’assistance sortie ; elle pourra alors revenir et vous poser la question.",
    now: "Dans votre compte en ce moment",
    end: "Mettre fin maintenant",
    ending: "L’accès est coupé en moins d’une seconde. Ce qui était en cours reste en l’état.",
    sure: "Oui, y mettre fin",
    before: "Visites précédentes",
    none: "Personne de l’assistance n’est entré dans votre compte.",
    who: "Qui",
    why: "Pourquoi",
    why_changes: "Pourquoi modifier",
    stated: "Votre accord, selon l’assistance",
    unasked: "Sans votre accord",
    ticket: "Ticket",
    how: "Comment",
    when: "Quand",
    view: "Consultation seule : rien ne peut être modifié",
    act: "Avec modifications permises",
    since: (heure) => `à partir du ${heure}`,
    changed: "Modifié",
    viewed: "Consulté",
    refused: "Refusé, donc pas fait",
    nothing: "Rien",
    times: (n) => `${n} fois`,
    answered: "Votre réponse est prise en compte.",
    news: "Quelque chose a changé. Lisez avant de répondre.",
    ended: "C’est terminé. Personne de l’assistance n’est dans votre compte.",
    closed: "Cette page s’ouvre depuis un de nos e-mails, ou depuis votre compte.",
    failed: "Cela n’a pas fonctionné. Vérifiez votre connexion et rechargez cette page.",
  },
};

const language = navigator.languages.find((it) => /^(en|fr)\b/.test(it))?.slice(0, 2) ?? "en";
const words = WORDS[language];
const main = document.getElementById("main");
const said = document.getElementById("said");
let link = null;

/** An element with its attributes and children; text is text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    credentials: "omit",
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.detail);
  return told;
}

/** Does it, shows the page as it is then, and says what came of it. */
async function act(path, body, done) {
  for (const button of document.querySelectorAll("button")) button.disabled = true;
  let problem = null;
  try {
    show(await ask(path, body));
  } catch (error) {
    problem = error instanceof TypeError ? words.failed : error.message;
    await refresh();
  }
  said.textContent = problem ?? done;
}

async function refresh() {
  try {
    show(await ask("/api/person", { key: { link } }));
  } catch (error) {
    said.textContent = error instanceof TypeError ? words.failed : error.message;
  }
}

const minute = new Intl.DateTimeFormat(navigator.language, { dateStyle: "medium", timeStyle: "short" });

const shortly = (at) => minute.format(new Date(at));

function when(at) {
  return make("time", { datetime: at, title: at }, shortly(at));
}

function listed(actions) {
  const one = ({ name, names, times }) => {
    const said = names[language] ?? name;
    return times === 1 ? said : `${said} (${words.times(times)})`;
  };
  return actions.length === 0 ? words.nothing : actions.map(one).join(", ");
}

function visit(session) {
  const rows = [
    [words.who, session.staff],
    [words.why, session.reason],
    [words.why_changes, session.changes_reason],
    ...session.statements.map((statement) => [words.stated, statement[language]]),
    ...session.exceptions.map(({ category, reason }) => [words.unasked, `${category}: ${reason}`]),
    [words.ticket, session.ticket],
    [words.how, words[session.mode] + (session.changes_since === null ? "" : ` (${words.since(shortly(session.changes_since))})`)],
    [words.changed, listed(session.changed)],
    [words.viewed, listed(session.viewed)],
    [words.refused, session.refused.length === 0 ? null : listed(session.refused)],
  ];
  const list = make("dl", {});
  list.append(make("dt", {}, words.when));
  const end = session.ended_at === null ? [] : [" – ", when(session.ended_at)];
  list.append(make("dd", {}, when(session.started_at), ...end));
  for (const [what, value] of rows) {
    if (value !== null) list.append(make("dt", {}, what), make("dd", {}, value));
  }
  const live = session.ended_at === null;
  return make("article", { class: live ? "live" : "", "data-testid": "visit" }, list, live ? ending(session) : null);
}

function ending(session) {
  const box = make("div", { class: "buttons" });
  const sure = () => {
    const yes = () => act("/api/person/end", { link, session: session.id }, words.ended);
    const button = make("button", { class: "end", "data-testid": "end-sure", onclick: yes }, words.sure);
    box.replaceChildren(make("p", {}, words.ending), button);
    said.textContent = "";
    button.focus();
  };
  box.append(make("button", { class: "end", "data-testid": "end-now", onclick: sure }, words.end));
  return box;
}

function question(asked, page) {
  const answer = (allow) => () =>
    act("/api/person/answer", { link, question: asked.id, allow, language, text: asked.text[language] }, words.answered);
  const buttons = make("div", { class: "buttons" });
  const text = make("p", { "data-testid": "question" }, asked.text[language]);
  const article = make("article", { class: "asked" }, text);
  if (asked.state === "allowed") {
    article.append(make("p", { "data-testid": "allowed" }, words.allowed));
    buttons.append(make("button", { onclick: answer(false) }, words.takeBack));
  } else {
    if (page.may_answer) {
      buttons.append(make("button", { class: "first", "data-testid": "allow", onclick: answer(true) }, words.allow));
    } else if (page.signed_in_late) {
      article.append(make("p", { "data-testid": "late" }, words.late));
    } else if (page.answer_at !== null) {
      article.append(make("p", {}, words.elsewhere));
      const there = { class: "button first", href: page.answer_at, target: "_top", "data-testid": "answer-there" };
      buttons.append(make("a", there, words.goThere));
    }
    buttons.append(make("button", { "data-testid": "decline", onclick: answer(false) }, words.decline));
  }
  article.append(buttons);
  return article;
}

function show(page) {
  link = page.link;
  const live = page.sessions.filter((session) => session.ended_at === null);
  const before = page.sessions.filter((session) => session.ended_at !== null);
  const part = (title, articles) => (articles.length === 0 ? [] : [make("h2", {}, title), ...articles]);
  main.replaceChildren(
    make("h1", {}, words.title),
    make("p", { class: "quiet" }, words.lead(page.installation)),
    ...part(words.asked, page.questions.map((asked) => question(asked, page))),
    ...part(words.now, live.map(visit)),
    ...part(words.before, before.map(visit)),
  );
  if (page.sessions.length === 0) main.append(make("p", { "data-testid": "none" }, words.none));
  main.removeAttribute("aria-busy");
}

async function open() {
  const key = location.hash.slice(1) || (sessionStorage.getItem("link") ?? "");
  // Not for the history of the browser.
  history.replaceState(null, "", location.pathname);
  document.documentElement.lang = language;
  document.title = words.title;
  try {
    if (key === "") throw new Error(words.closed);
    const assertion = key.startsWith("assertion=") ? key.slice("assertion=".length) : null;
    show(await ask("/api/person", { key: assertion === null ? { link: key } : { assertion } }));
    // The link of a mail, for a reload of this tab; a platform makes a new assertion.
    if (assertion === null) sessionStorage.setItem("link", key);
    // A question may come, or a visit end, while it is looked at.
    setInterval(() => document.visibilityState === "visible" && link !== null && quietly(), 5_000);
  } catch (error) {
    const text = error instanceof TypeError ? words.failed : error.message;
    main.replaceChildren(make("h1", {}, words.title), make("p", { role: "alert" }, text));
    main.removeAttribute("aria-busy");
  }
}

let shown = "";

/** Looks anew, and draws only what is new. What comes under a hand waits until it was seen. */
async function quietly() {
  try {
    const page = await ask("/api/person", { key: { link } });
    const now = JSON.stringify([page.questions.map(({ id, state }) => [id, state]), page.sessions]);
    if (shown !== "" && now !== shown) {
      show(page);
      const buttons = [...document.querySelectorAll("button")];
      for (const button of buttons) button.disabled = true;
      said.textContent = words.news;
      setTimeout(() => {
        for (const button of buttons) button.disabled = false;
      }, 1_500);
    }
    shown = now;
  } catch {
    // The next look may succeed; a button says what is wrong.
  }
}

await open();
