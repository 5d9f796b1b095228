export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
  /** ID of what it is about, if that can be over before the message goes. */
  about?: string;
}

const STAYS = 8000;

/** Short messages at the window's foot, announced to screen readers. */
export class Toasts {
  list: Toast[] = $state.raw([]);
  #next = 1;

  show(text: string, action?: Toast["action"], about?: string): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { id, text, action, about }];
    setTimeout(() => this.dismiss(id), STAYS);
  }

  /** Takes away what is about something that is over. */
  keepAbout(lasts: (about: string) => boolean): void {
    this.list = this.list.filter(({ about }) => about === undefined || lasts(about));
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}
