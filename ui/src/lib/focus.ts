/** After a refused attempt: to the first field of the form that is wrong. */
export function focusFirstWrong(form: HTMLElement | undefined): void {
  const wrong = form?.querySelector<HTMLElement>("[aria-invalid=true]");
  (wrong?.querySelector<HTMLElement>("[role=radio]") ?? wrong)?.focus();
}

/** `{@attach takeFocus}`: the field with which a step begins has the focus as soon as it is there. */
export function takeFocus(element: HTMLElement): void {
  element.focus({ preventScroll: true });
}

/** `{@attach intoView}`: what says that something went wrong is not left below the edge of the window. */
export function intoView(element: HTMLElement): void {
  element.scrollIntoView?.({ block: "nearest" });
}
