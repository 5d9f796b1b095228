/** Prints the page, or of it only the part that `print.css` knows by this name. */
export function printPart(part?: "codes"): void {
  const { dataset } = document.documentElement;
  // Left there by a dialog that was cancelled, perhaps: that does not always raise `afterprint`.
  delete dataset.print;
  if (part) dataset.print = part;
  const done = () => delete dataset.print;
  addEventListener("afterprint", done, { once: true });
  window.print();
}
