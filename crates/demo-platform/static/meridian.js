// Asks before what cannot be undone, opens windows, searches as one types, and keeps live pages alive.
"use strict";

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });
}

for (const form of document.querySelectorAll("form[data-prompt]")) {
  form.addEventListener("submit", (event) => {
    const field = form.elements.namedItem("name");
    const name = prompt(form.dataset.prompt, field.value)?.trim();
    if (name && name !== field.value) field.value = name;
    else event.preventDefault();
  });
}

for (const button of document.querySelectorAll("button[data-window]")) {
  button.addEventListener("click", () => {
    window.open(button.dataset.window, "meridian-window", "popup,width=480,height=640");
  });
}

// After the page is drawn, and once: what is reloaded does not say it again.
const said = document.querySelector("[data-alert]");
if (said) {
  history.replaceState(null, "", location.pathname);
  addEventListener("load", () => setTimeout(() => alert(said.textContent), 50));
}

const search = document.querySelector("[data-search]");
if (search) {
  const hits = search.querySelector("[data-hits]");
  let latest = 0;
  search.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("focusout", (event) => {
    if (!search.contains(event.relatedTarget)) hits.hidden = true;
  });
  search.q.addEventListener("input", async () => {
    const turn = ++latest;
    const answer = await fetch("/search", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ q: search.q.value }),
    });
    // An answer that was overtaken by a later one is dropped.
    if (!answer.ok || turn !== latest) return;
    const { results } = await answer.json();
    hits.replaceChildren(
      ...results.map(({ title, kind, url }) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        const label = document.createElement("span");
        link.href = url;
        link.textContent = title;
        label.textContent = kind;
        link.append(label);
        item.append(link);
        return item;
      }),
    );
    if (results.length === 0) {
      const nothing = document.createElement("li");
      nothing.textContent = "Nothing found in your account.";
      hits.append(nothing);
    }
    hits.hidden = search.q.value.trim() === "";
  });
}

const market = document.querySelector("[data-prices]");
if (market) {
  const prices = new EventSource(market.dataset.prices);
  prices.addEventListener("price", ({ data }) => {
    const { offer, price } = JSON.parse(data);
    const cell = market.querySelector(`[data-price="${CSS.escape(offer)}"]`);
    if (cell) cell.textContent = price;
  });

  // The socket answers what it is told: as long as it does, the page is live.
  const state = document.querySelector("[data-connection]");
  const url = new URL(market.dataset.echo, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  socket.addEventListener("open", () => socket.send("live"));
  socket.addEventListener("message", () => (state.textContent = "Live."));
  socket.addEventListener("close", () => (state.textContent = "Not connected. Reload the page."));
}
