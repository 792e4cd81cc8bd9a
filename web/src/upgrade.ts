/** A page from before an upgrade asks for files that are gone: load the new page, but never in circles. */

const KEY = 'lianxin.reloaded_at'
const CIRCLE_MS = 30_000

export function reloadAfterUpgrade(): void {
  addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(KEY))
    if (Date.now() - last < CIRCLE_MS) return // it is not the upgrade; let the error be seen
    event.preventDefault()
    sessionStorage.setItem(KEY, String(Date.now()))
    location.reload()
  })
}
