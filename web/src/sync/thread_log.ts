/** The loaded part of one conversation's timeline: pages from the hub, with patches put on top by entry_id. */
import type { EntryView } from '@/api/types'

export interface EntryPage {
  items: EntryView[]
  has_more: boolean
}

export class ThreadLog {
  private rows = new Map<string, EntryView>()
  private newest = ''
  /** Patches that came while the first page was on its way; they are as new as the page or newer. */
  private early: EntryView[] | null = []
  hasMore = false

  get isLoaded(): boolean {
    return this.early === null
  }

  get entries(): EntryView[] {
    return [...this.rows.values()]
  }

  get first(): EntryView | undefined {
    return this.rows.values().next().value
  }

  /** Take the newest page, forgetting what was there before. */
  load(page: EntryPage): void {
    const early = this.early ?? []
    this.rows = new Map(page.items.map((entry) => [entry.entry_id, entry]))
    this.newest = page.items.at(-1)?.entry_id ?? ''
    this.hasMore = page.has_more
    this.early = null
    for (const entry of early) this.put(entry)
  }

  /** Ask for patches to be kept until the next `load`, since the line has a hole. */
  expectReload(): void {
    this.early ??= []
  }

  /** Put an older page before everything else. */
  prepend(page: EntryPage): void {
    const older = page.items.filter((entry) => !this.rows.has(entry.entry_id))
    this.rows = new Map([...older.map((entry) => [entry.entry_id, entry] as const), ...this.rows])
    this.hasMore = page.has_more
  }

  /**
   * Replace an entry where it stands, or add it where its id belongs: the answer to one's own message may
   * overtake, on a line just regained, what was written before it. One of a page not loaded yet comes with it.
   */
  put(entry: EntryView): void {
    if (this.early) this.early.push(entry)
    const isKnown = this.rows.has(entry.entry_id)
    if (!isKnown && this.hasMore && entry.entry_id < (this.first?.entry_id ?? '')) return
    this.rows.set(entry.entry_id, entry)
    if (entry.entry_id >= this.newest) this.newest = entry.entry_id
    else if (!isKnown) this.rows = new Map([...this.rows].sort(([one], [other]) => (one < other ? -1 : 1)))
  }

  remove(entryId: string): boolean {
    return this.rows.delete(entryId)
  }
}
