import './styles/tokens.css'
import './styles/base.css'
import './styles/element.css'
import './styles/admin.css'

import { createPinia } from 'pinia'
import { createApp } from 'vue'

import App from './App.vue'
import { i18n } from './i18n'
import { forgetLostStyles } from './lazy'
import { guardRoutes, router } from './router'
import { reloadAfterUpgrade } from './upgrade'

reloadAfterUpgrade()
forgetLostStyles()
const app = createApp(App).use(createPinia()).use(i18n)
guardRoutes()
app.use(router).mount('#app')
