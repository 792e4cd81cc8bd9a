/** The texts of the desk by language; every word on screen comes from here. */
import { createI18n } from 'vue-i18n'

import zh from './zh.json'

export type Language = 'zh' | 'en'
export type LocalText = Partial<Record<Language, string>>

export const i18n = createI18n({
  legacy: false,
  locale: 'zh',
  fallbackLocale: 'zh',
  messages: { zh } as Record<Language, typeof zh>,
})

/** Switch the language of every text; English is fetched when it is first asked for. */
export async function setLanguage(language: Language): Promise<void> {
  if (language === 'en' && !i18n.global.availableLocales.includes('en')) {
    const [desk, admin] = await Promise.all([import('./en.json'), import('./admin/en.json')])
    i18n.global.setLocaleMessage('en', { ...desk.default, ...admin.default } as unknown as typeof zh)
  }
  i18n.global.locale.value = language
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
}

/** Return the text for the present language of what an operator named in one or more languages. */
export function localText(text: LocalText | undefined, fallback = ''): string {
  const language = i18n.global.locale.value as Language
  return text?.[language] ?? text?.zh ?? text?.en ?? fallback
}

/** Return what to call a contact who may not have said a name. */
export function contactName(of: { contact_name?: string; contact_id: string }): string {
  return of.contact_name || i18n.global.t('contact.unnamed', { code: of.contact_id.slice(-4) })
}
