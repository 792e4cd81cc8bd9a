/** The calls of the page of backups. */
import { call } from './client'

export interface Timetable {
  is_enabled: boolean
  hour: number
  keep: number
}

export interface BackupView {
  name: string
  made_at: string
  size_bytes: number
  is_daily: boolean
}

export interface OffsiteSettings {
  kind: 'none' | 'folder' | 's3'
  folder: string
  endpoint: string
  region: string
  bucket: string
  prefix: string
  access_key: string
  secret_key: string
}

export interface BackupsOverview {
  folder: string
  timetable: Timetable
  running: { done_bytes: number; total_bytes: number } | null
  fault: string
  offsite: { settings: OffsiteSettings; copied: string; fault: string }
  items: BackupView[]
}

export const listBackups = () => call<BackupsOverview>('GET', '/backups')
export const makeBackup = () => call<BackupsOverview>('POST', '/backups')
export const deleteBackup = (name: string) => call<void>('DELETE', `/backups/${name}`)
export const scheduleBackups = (timetable: Timetable) => call<BackupsOverview>('PUT', '/backup-timetable', timetable)
export const saveOffsite = (settings: OffsiteSettings) => call<BackupsOverview>('PUT', '/backup-offsite', settings)
export const recoveryCode = async () => (await call<{ code: string }>('POST', '/backup-recovery-code')).code
export const backupAddress = (name: string) => `/api/v1/backups/${name}`
