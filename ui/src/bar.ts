import "@fontsource-variable/inter/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/bar.css";
import { mount } from "svelte";
import { plug } from "./lib/app";
import { getLocale } from "./lib/paraglide/runtime";
import Bar from "./screens/bar/Bar.svelte";

if (import.meta.env.MODE === "fake") {
  const { fake } = await import("./lib/fake");
  plug(fake());
}

document.documentElement.lang = getLocale();
const target = document.querySelector("#bar");
if (target) mount(Bar, { target });
