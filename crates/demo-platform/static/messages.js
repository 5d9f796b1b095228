// Shows messages as they arrive. Only this page listens: the badge on the others is right when they are loaded.
"use strict";

const list = document.querySelector("[data-messages]");
const news = document.querySelector("[data-news]");
const badge = document.querySelector("[data-unread]");

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

const stream = new EventSource(list.dataset.messages);
stream.addEventListener("unread", ({ data }) => {
  badge.querySelector("[data-number]").textContent = data;
  badge.hidden = data === "0";
});
stream.addEventListener("message", ({ data }) => {
  const { id, subject, preview, day } = JSON.parse(data);
  const link = `/messages/${id}`;
  if (list.querySelector(`a[href="${link}"]`)) return;
  const item = element("li", { className: "unread" });
  item.append(
    element("a", { href: link, textContent: subject }),
    element("span", { className: "status", textContent: "New" }),
    element("span", { className: "day", textContent: day }),
    element("span", { className: "sub", textContent: preview }),
  );
  list.prepend(item);
  news.textContent = `New message: ${subject}`;
});
