/** The texts of the administration alone, fetched with its pages: the desk's first load has no room for them. */
import { i18n } from '@/i18n'

import zh from './zh.json'

i18n.global.mergeLocaleMessage('zh', zh)
