export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

const STAYS = 8000;

/** Short messages at the window's foot, announced to screen readers. */
export class Toasts {
  list: Toast[] = $state.raw([]);
  #next = 1;

  show(text: string, action?: Toast["action"]): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { id, text, action }];
    setTimeout(() => this.dismiss(id), STAYS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}
