/** What the widget remembers across reloads; a browser that forbids storage only loses the memory. */
import type { Kept, SharedFile } from './frames.ts'

/** A frame on its way, with what its bubble shows meanwhile; `at` orders the frames of all windows. */
export interface Pending {
  frame: Kept
  at: number
  files?: SharedFile[]
}

export class Memory {
  private readonly fallback = new Map<string, string>()

  constructor(
    private readonly storage: Storage | null,
    private readonly prefix: string,
  ) {}

  get(key: string): string | null {
    try {
      if (this.storage) return this.storage.getItem(this.prefix + key)
    } catch {
      // storage forbidden: below
    }
    return this.fallback.get(key) ?? null
  }

  set(key: string, value: string | null): void {
    if (value === null) this.fallback.delete(key)
    else this.fallback.set(key, value)
    try {
      if (value === null) this.storage?.removeItem(this.prefix + key)
      else this.storage?.setItem(this.prefix + key, value)
    } catch {
      // storage full or forbidden: kept for this page only
    }
  }

  keys(start: string): string[] {
    const found = new Set(this.fallback.keys())
    try {
      for (let at = 0; at < (this.storage?.length ?? 0); at++) {
        const key = this.storage!.key(at)!
        if (key.startsWith(this.prefix)) found.add(key.slice(this.prefix.length))
      }
    } catch {
      // storage forbidden: what this page knows is all
    }
    return [...found].filter((key) => key.startsWith(start))
  }
}

/** Frames not yet acknowledged, one storage key each so that windows do not overwrite each other's. */
export class Outbox {
  constructor(private readonly memory: Memory) {}

  add(pending: Pending): void {
    this.memory.set('out:' + pending.frame.cid, JSON.stringify(pending))
  }

  remove(cid: string): void {
    this.memory.set('out:' + cid, null)
  }

  find(cid: string): Pending | undefined {
    return this.all().find((pending) => pending.frame.cid === cid)
  }

  /** Everything still on its way, oldest first. */
  all(): Pending[] {
    const all: Pending[] = []
    for (const key of this.memory.keys('out:')) {
      try {
        all.push(JSON.parse(this.memory.get(key) ?? '') as Pending)
      } catch {
        this.memory.set(key, null)
      }
    }
    return all.sort((one, other) => one.at - other.at)
  }
}

/** 128 random bits as 32 characters; `crypto.randomUUID` is missing on plain http. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
