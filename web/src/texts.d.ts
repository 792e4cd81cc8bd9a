/** The halves that tooling/texts.ts makes of the catalogue. */
declare module '*.json?first' {
  const texts: (typeof import('@/i18n/zh.json'))['default']
  export default texts
}

declare module '*.json?later' {
  const texts: Partial<(typeof import('@/i18n/zh.json'))['default']>
  export default texts
}
