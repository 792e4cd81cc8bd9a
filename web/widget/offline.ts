/** The form for when nobody serves. */
import { make } from './dom.ts'
import type { Say } from './log.ts'

const PHONE = '[0-9+() \\-]{0,32}'

export function offlineForm(say: Say, maxText: number, leave: (name: string, phone: string, text: string) => void): HTMLElement {
  const name = make('input', { name: 'name', autocomplete: 'name', maxlength: '100' })
  const phone = make('input', { name: 'phone', autocomplete: 'tel', type: 'tel', maxlength: '32' })
  const text = make('textarea', { name: 'text', rows: '3', maxlength: String(maxText) })
  const fault = make('p', { class: 'fault', role: 'alert' })
  const submit = make('button', { class: 'leave' }, say('leave'))
  const form = make(
    'form',
    { class: 'offline', novalidate: true },
    make('p', {}, say('form')),
    make('label', {}, say('question'), text),
    make('label', {}, say('phone'), phone),
    make('label', {}, say('name'), name),
    fault,
    submit,
  )
  form.onsubmit = (event) => {
    event.preventDefault()
    const isPhone = new RegExp(`^${PHONE}$`).test(phone.value.trim())
    const key = !text.value.trim() ? 'missing' : isPhone ? '' : 'wrongPhone'
    fault.textContent = key && say(key)
    if (key) return (key === 'missing' ? text : phone).focus()
    submit.disabled = true
    submit.textContent = say('leaving')
    leave(name.value.trim(), phone.value.trim(), text.value.trim())
  }
  return form
}
