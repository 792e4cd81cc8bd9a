/** A page from before an upgrade asks for files that are gone: load the new page, but never in circles. */

const KEY = 'lianxin.reloaded_at'
const CIRCLE_MS = 30_000

export function reloadAfterUpgrade(): void {
  addEventListener('vite:preloadError', () => void reload())
}

/** Without a line to the hub nothing is loaded anew: the page that is there still has what was written on it. */
async function reload(): Promise<void> {
  const last = Number(sessionStorage.getItem(KEY))
  if (Date.now() - last < CIRCLE_MS || !(await isHubThere())) return // it is not the upgrade; let the error be seen
  sessionStorage.setItem(KEY, String(Date.now()))
  location.reload()
}

/** Whether the hub answers now. */
export async function isHubThere(): Promise<boolean> {
  try {
    return (await fetch('/', { method: 'HEAD', cache: 'no-store' })).ok
  } catch {
    return false
  }
}
