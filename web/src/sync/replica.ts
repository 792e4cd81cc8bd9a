/** Follows the hub's log: knows where it stands, notices what is missing, forgets nothing and does nothing twice. */
import type { Inbound, Outbound } from './frames'
import type { Patch, Snapshot } from './tables'

export type Step =
  | { kind: 'patches'; patches: Patch[] }
  | { kind: 'snapshot'; tables: Snapshot }
  | { kind: 'resumed' }
  | { kind: 'gap' } // say hello again
  | { kind: 'nothing' }

export class Replica {
  private epoch: string | null = null
  private seq = 0
  /** Deltas mean nothing between a hello and its answer: they may belong to before or after it. */
  private isFollowing = false

  /** Return what to say first on a new connection, and again after a gap. */
  hello(): Outbound {
    this.isFollowing = false
    return { type: 'hello', epoch: this.epoch, seq: this.seq }
  }

  /** Take in one frame; return what it asks of the tables. */
  receive(frame: Inbound): Step {
    switch (frame.type) {
      case 'snapshot':
        this.epoch = frame.epoch
        this.seq = frame.seq
        this.isFollowing = true
        return { kind: 'snapshot', tables: frame.tables }
      case 'resume':
        if (frame.epoch !== this.epoch) return this.lost()
        this.isFollowing = true // frame.seq is where the hub stands; the missed deltas follow
        return { kind: 'resumed' }
      case 'delta':
        return this.delta(frame.seq, frame.patches)
      default:
        return { kind: 'nothing' }
    }
  }

  private delta(seq: number, patches: Patch[]): Step {
    if (!this.isFollowing || seq <= this.seq) return { kind: 'nothing' }
    if (seq > this.seq + 1) {
      this.isFollowing = false
      return { kind: 'gap' }
    }
    this.seq = seq
    return { kind: 'patches', patches }
  }

  private lost(): Step {
    this.epoch = null
    this.seq = 0
    this.isFollowing = false
    return { kind: 'gap' }
  }
}
