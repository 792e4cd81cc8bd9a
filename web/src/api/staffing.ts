/** The calls of the simulator. */
import { call } from './client'
import type { LocalText } from './types'

export interface QueueFloor {
  queue_id: string
  title: LocalText
  agents: number
  target_s: number
  strategy: string
}

export interface Plan {
  agents: number
  arrivals_per_hour: number
  handling_s: number
  patience_s: number | null
  target_s: number
  experts: number
  expert_handling_s: number | null
  strategies: string[]
}

export interface Outcome {
  strategy: string
  mean_wait_s: number
  p90_wait_s: number
  service_level: number
  abandoned_share: number
  waits: number[]
  busy: number[]
}

export interface StaffingPoint {
  agents: number
  mean_wait_s: number | null
  service_level: number
  abandoned_share: number
}

export interface SimulationView {
  simulation_id: string
  state: 'running' | 'done' | 'failed'
  progress: number
  theory: { load: number; needed: number; points: StaffingPoint[] }
  outcomes: Outcome[]
  fault: string
}

/** Waits up to so many seconds, as `Outcome.waits` counts them; the last share is of all beyond. */
export const WAIT_BUCKETS_S = [0, 10, 20, 30, 60, 120, 300]
export const STRATEGIES = ['longest_idle', 'longest_average_idle', 'highest_skill', 'fewest_handled', 'least_loaded', 'round_robin', 'linear']

export const listQueueFloors = async () => (await call<{ items: QueueFloor[] }>('GET', '/queue-floors')).items
export const beginSimulation = (plan: Plan) => call<SimulationView>('POST', '/simulations', plan)
export const getSimulation = (id: string) => call<SimulationView>('GET', `/simulations/${id}`)
export const cancelSimulation = (id: string) => call<void>('DELETE', `/simulations/${id}`)
