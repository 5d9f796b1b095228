import "@fontsource-variable/inter/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { plug } from "./lib/app";
import { startTheme } from "./lib/appearance";
import { getLocale } from "./lib/paraglide/runtime";

// Only `vite --mode fake`; a production build drops this branch and the module with it.
if (import.meta.env.MODE === "fake") {
  const { fake } = await import("./lib/fake");
  plug(fake());
}

startTheme();
document.documentElement.lang = getLocale();
const target = document.querySelector("#app");
if (target) mount(App, { target });
