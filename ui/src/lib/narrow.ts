import { MediaQuery } from "svelte/reactivity";

/** Whether the rail has room for icons alone. */
export const narrow = new MediaQuery("(max-width: 559px)");
