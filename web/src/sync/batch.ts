/** Collects what arrives and hands it on once per animation frame, or by timer while the page is hidden. */

const HIDDEN_MS = 50 // hidden pages get no animation frames

export class Batch<Item> {
  private items: Item[] = []
  private isPlanned = false

  constructor(private readonly deliver: (items: Item[]) => void) {}

  add(item: Item): void {
    this.items.push(item)
    if (this.isPlanned) return
    this.isPlanned = true
    if (document.hidden) setTimeout(() => this.flush(), HIDDEN_MS)
    else {
      // a page hidden before the frame comes would never get it
      const timer = setTimeout(() => this.flush(), 10 * HIDDEN_MS)
      requestAnimationFrame(() => {
        clearTimeout(timer)
        this.flush()
      })
    }
  }

  flush(): void {
    this.isPlanned = false
    const items = this.items
    this.items = []
    if (items.length) this.deliver(items)
  }
}
