/** `{@attach wholeWhenCut}`: a text that an ellipsis ends is whole in its title; one that is not has none. */
export function wholeWhenCut(element: HTMLElement): () => void {
  const look = () => {
    element.title =
      element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight
        ? (element.textContent ?? "").replace(/\s+/g, " ").trim()
        : "";
  };
  element.addEventListener("pointerenter", look);
  return () => element.removeEventListener("pointerenter", look);
}
