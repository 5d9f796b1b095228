/** `{@attach takeFocus}`: the field with which a step begins has the focus as soon as it is there. */
export function takeFocus(element: HTMLElement): void {
  element.focus({ preventScroll: true });
}
