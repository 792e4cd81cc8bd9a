/** Telephones by name: one's own and everybody's. */
import { call } from './client'
import type { PhoneKind } from './types'

export interface PhoneView {
  phone_id: string
  user_id: string
  kind: PhoneKind
  number: string
  instance: string
  is_reachable: boolean
  changed_at: string
}

/** `chosen` is where one wants to be rung (empty: on the newest), `rung` where that is now. */
export interface OwnPhones {
  phones: PhoneView[]
  chosen: PhoneKind | ''
  rung: PhoneKind | ''
}

/** What is entered into a SIP telephone; the secret is never shown again. */
export interface SipPhone {
  phone_id: string
  secret: string
  /** Empty: the engine is on this very server. */
  host: string
  port: number
}

export const ownPhones = () => call<OwnPhones>('GET', '/me/phones')

export const choosePhone = (kind: PhoneKind | '') => call<OwnPhones>('PUT', '/me/phones/choice', { kind })

export const setOwnNumber = (number: string) => call<OwnPhones>('PUT', '/me/phones/outside', { number })

export const makeOwnSipPhone = () => call<SipPhone>('POST', '/phone/sip')

export const listPhones = async () => (await call<{ items: PhoneView[] }>('GET', '/phones')).items

export const makeSipPhone = (userId: string) => call<SipPhone>('POST', '/phones', { user_id: userId })

export const removePhone = (id: string) => call<void>('DELETE', `/phones/${id}`)

export const setNumberOf = (userId: string, number: string) => call<OwnPhones>('PUT', `/users/${userId}/outside_phone`, { number })
