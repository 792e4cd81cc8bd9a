/** The calls of the page of the whole configuration. */
import { call } from './client'

export type Configuration = Record<string, unknown>

export interface FieldChange {
  path: string
  before: string
  after: string
}

export interface Change {
  section: string
  id: string
  is_new: boolean
  fields: FieldChange[]
}

export const exportConfiguration = () => call<Configuration>('GET', '/configuration')

/** Return what applying `configuration` changes; with `is_preview` nothing is changed. */
export const applyConfiguration = async (configuration: Configuration, is_preview: boolean) =>
  (await call<{ items: Change[] }>('POST', '/configuration', { configuration, is_preview })).items
