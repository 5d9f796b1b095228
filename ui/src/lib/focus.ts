/** After a refused attempt: to the first field of the form that is wrong. */
export function focusFirstWrong(form: HTMLElement | undefined): void {
  const wrong = form?.querySelector<HTMLElement>("[aria-invalid=true]");
  (wrong?.querySelector<HTMLElement>("[role=radio]") ?? wrong)?.focus({ preventScroll: true });
  // With its label, and what is wrong with it.
  wrong?.scrollIntoView?.({ block: "center" });
}

/** `{@attach takeFocus}`: the field with which a step begins has the focus as soon as it is there. */
export function takeFocus(element: HTMLElement): void {
  element.focus({ preventScroll: true });
}

/** `{@attach takeFirst}`: what was asked for comes into view, and its first field has the focus. */
export function takeFirst(element: HTMLElement): void {
  element.querySelector<HTMLElement>("[role=radio], input, textarea")?.focus({ preventScroll: true });
  intoView(element);
}

/** `{@attach belowTheFold}`: what opens too low to be seen comes up; what is seen stays where it is. */
export function belowTheFold(element: HTMLElement): void {
  const { top } = element.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.6) intoView(element);
}

/** `{@attach intoView}`: what says that something went wrong is not left below the edge of the window. */
export function intoView(element: HTMLElement): void {
  element.scrollIntoView?.({ block: "nearest" });
}
