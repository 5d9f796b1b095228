// Keeps the offer prices up to date over a WebSocket: comes back by itself, and says so when it is offline.
"use strict";

const table = document.querySelector("[data-offer-prices]");
const connection = document.querySelector(".connection");
const words = connection.querySelector("[data-words]");
const time = connection.querySelector("[data-time]");
const again = connection.querySelector("[data-again]");

// Prices come every second: silence for longer means that the line is dead, whatever the socket thinks.
const SILENCE_MS = 6_000;
const LONGEST_WAIT_MS = 20_000;

let socket;
let timer;
let wait = 1_000;

function say(state, text) {
  if (connection.dataset.state === state) return;
  connection.dataset.state = state;
  words.textContent = text;
  again.hidden = state !== "offline";
}

function show({ time: at, prices }) {
  time.textContent = `As of ${new Date(at).toLocaleTimeString("en-GB")}`;
  for (const { offer, price, change } of prices) {
    const row = table.querySelector(`[data-offer="${CSS.escape(offer)}"]`);
    if (!row) continue;
    row.querySelector("[data-now]").textContent = price;
    row.querySelector("[data-change]").textContent = change;
  }
}

function connect() {
  clearTimeout(timer);
  const url = new URL(table.dataset.offerPrices, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const mine = new WebSocket(url);
  socket = mine;
  timer = setTimeout(() => lost(mine), SILENCE_MS);
  mine.addEventListener("message", ({ data }) => {
    if (mine !== socket) return;
    clearTimeout(timer);
    timer = setTimeout(() => lost(mine), SILENCE_MS);
    wait = 1_000;
    say("live", "Live.");
    show(JSON.parse(data));
  });
  mine.addEventListener("close", () => lost(mine));
}

function lost(which) {
  if (which !== socket) return;
  socket = undefined;
  which.close();
  say("offline", "Offline. These prices are old; we keep trying.");
  clearTimeout(timer);
  timer = setTimeout(connect, wait);
  wait = Math.min(wait * 2, LONGEST_WAIT_MS);
}

function now() {
  if (socket) return;
  wait = 1_000;
  connect();
}

again.addEventListener("click", now);
window.addEventListener("online", now);
window.addEventListener("offline", () => socket && lost(socket));
connect();
