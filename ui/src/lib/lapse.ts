/**
 * `{@attach lapse(ms, done)}`: what only informs goes by itself after `ms` milliseconds, but not while the
 * pointer or the focus is within.
 */
export function lapse(ms: number, done: () => void) {
  return (element: HTMLElement) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const held = () => element.matches(":hover") || (document.hasFocus() && element.matches(":focus-within"));
    const start = () => {
      clearTimeout(timer);
      timer = setTimeout(() => (held() ? start() : done()), ms);
    };
    start();
    element.addEventListener("pointerleave", start);
    element.addEventListener("focusout", start);
    return () => {
      clearTimeout(timer);
      element.removeEventListener("pointerleave", start);
      element.removeEventListener("focusout", start);
    };
  };
}
