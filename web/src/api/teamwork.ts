/** What colleagues tell each other. */
import { call, withQuery } from './client'
import type { BulletinView, RoomMessageView, RoomView } from './types'

export const roomMessages = (roomId: string, before: string) =>
  call<{ items: RoomMessageView[]; has_more: boolean }>('GET', withQuery(`/rooms/${roomId}/messages`, { before }))

export const openRoom = (memberIds: string[], title: string) =>
  call<RoomView>('POST', '/rooms', { member_ids: memberIds, title })

export const editRoom = (roomId: string, change: { title?: string; member_ids?: string[] }) =>
  call<RoomView>('PATCH', `/rooms/${roomId}`, change)

export const leaveRoom = (roomId: string) => call<void>('POST', `/rooms/${roomId}/leave`)

export const sayInRoom = (roomId: string, clientId: string, text: string) =>
  call<RoomMessageView>('POST', `/rooms/${roomId}/messages`, { client_id: clientId, text }, { key: clientId })

export const readRoom = (roomId: string) => call<void>('POST', `/rooms/${roomId}/read`)

export interface ListedBulletin {
  bulletin: BulletinView
  confirmed_at?: string | null
}

export interface Reader {
  user_id: string
  display_name: string
  confirmed_at?: string | null
}

export const bulletins = async () => (await call<{ items: ListedBulletin[] }>('GET', '/bulletins')).items

export const publishBulletin = (bulletin: { title: string; text: string; queue_ids: string[] }) =>
  call<BulletinView>('POST', '/bulletins', bulletin)

export const withdrawBulletin = (id: string) => call<BulletinView>('DELETE', `/bulletins/${id}`)

export const bulletinReaders = async (id: string) =>
  (await call<{ items: Reader[] }>('GET', `/bulletins/${id}/readers`)).items

export const confirmBulletin = (id: string) => call<void>('POST', `/bulletins/${id}/confirm`)
