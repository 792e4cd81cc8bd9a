/** Calls an agent back to a hidden page: desktop notifications and a flashing title. */

const FLASH_MS = 1000

let flashing: ReturnType<typeof setInterval> | undefined
let plainTitle = ''

export function askToNotify(): void {
  if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission()
}

/** Show a desktop notification when the page is hidden; a second one with the same `tag` replaces the first. */
export function notify(title: string, body: string, tag: string): void {
  if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return
  const notification = new Notification(title, { body, tag })
  notification.onclick = () => {
    window.focus()
    notification.close()
  }
}

export function flashTitle(text: string): void {
  if (flashing) return
  plainTitle = document.title
  flashing = setInterval(() => {
    document.title = document.title === plainTitle && document.hidden ? text : plainTitle
  }, FLASH_MS)
}

export function stopFlashing(): void {
  if (!flashing) return
  clearInterval(flashing)
  flashing = undefined
  document.title = plainTitle
}
