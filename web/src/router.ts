/** Pages and their addresses; every page is fetched when first visited. */
import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'

import { ALL_KINDS } from '@/api/definitions'
import { useSession } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    isPublic?: boolean
    permission?: string
  }
}

/** In the order of the menu; pages of one group stand together. */
export const ADMIN_PAGES = [
  { group: 'channels', name: 'plugins', permission: 'admin.plugins', component: () => import('./views/admin/PluginsPage.vue') },
  { group: 'channels', name: 'flows', permission: 'admin.flows', component: () => import('./views/admin/FlowsPage.vue') },
  { group: 'channels', name: 'entries', permission: 'admin.flows', component: () => import('./views/admin/EntriesPage.vue') },
  { group: 'channels', name: 'prompts', permission: 'admin.flows', component: () => import('./views/admin/PromptsPage.vue') },
  { group: 'channels', name: 'connectors', permission: 'admin.plugins', component: () => import('./views/admin/ConnectorsPage.vue') },
  { group: 'people', name: 'users', permission: 'admin.users', component: () => import('./views/admin/UsersPage.vue') },
  { group: 'people', name: 'groups', permission: 'admin.users', component: () => import('./views/admin/DefinedPage.vue') },
  { group: 'people', name: 'skills', permission: 'admin.users', component: () => import('./views/admin/DefinedPage.vue') },
  { group: 'people', name: 'departments', permission: 'admin.users', component: () => import('./views/admin/DefinedPage.vue') },
  { group: 'people', name: 'named-numbers', permission: 'admin.users', component: () => import('./views/admin/DefinedPage.vue') },
  { group: 'people', name: 'phones', permission: 'admin.users', component: () => import('./views/admin/PhonesPage.vue') },
  { group: 'people', name: 'roles', permission: 'admin.users', component: () => import('./views/admin/RolesPage.vue') },
  { group: 'service', name: 'queues', permission: 'admin.queues', component: () => import('./views/admin/QueuesPage.vue') },
  { group: 'service', name: 'calendars', permission: 'admin.queues', component: () => import('./views/admin/CalendarsPage.vue') },
  { group: 'service', name: 'codes', permission: 'admin.queues', component: () => import('./views/admin/CodesPage.vue') },
  { group: 'service', name: 'reasons', permission: 'admin.queues', component: () => import('./views/admin/ReasonsPage.vue') },
  { group: 'service', name: 'work-orders', permission: 'admin.queues', component: () => import('./views/admin/WorkOrdersPage.vue') },
  { group: 'service', name: 'tags', permission: 'admin.queues', component: () => import('./views/admin/DefinedPage.vue') },
  { group: 'service', name: 'forms', permission: 'admin.queues', component: () => import('./views/admin/DefinedPage.vue') },
  { group: 'service', name: 'form-figures', permission: 'wallboard.view', component: () => import('./views/admin/FormFiguresPage.vue') },
  { group: 'service', name: 'simulator', permission: 'admin.queues', component: () => import('./views/admin/SimulatorPage.vue') },
  { group: 'service', name: 'calls', permission: 'recording.find', component: () => import('./views/admin/CallsPage.vue') },
  { group: 'service', name: 'recordings', permission: 'recording.find', component: () => import('./views/admin/RecordingsPage.vue') },
  { group: 'quality', name: 'service-rules', permission: 'quality.rules', component: () => import('./views/admin/ServiceRulesPage.vue') },
  { group: 'quality', name: 'score-sheets', permission: 'quality.manage', component: () => import('./views/admin/SheetsPage.vue') },
  { group: 'quality', name: 'sampling-plans', permission: 'quality.manage', component: () => import('./views/admin/PlansPage.vue') },
  { group: 'outreach', name: 'outreach', permission: 'outreach.send', component: () => import('./views/admin/OutreachPage.vue') },
  { group: 'outreach', name: 'templates', permission: 'outreach.templates', component: () => import('./views/admin/TemplatesPage.vue') },
  { group: 'system', name: 'system', permission: 'admin.system', component: () => import('./views/admin/SystemPage.vue') },
  { group: 'system', name: 'transcription', permission: 'admin.system', component: () => import('./views/admin/TranscriptionPage.vue') },
  { group: 'system', name: 'alarms', permission: 'wallboard.edit', component: () => import('./views/admin/AlarmsPage.vue') },
  { group: 'system', name: 'dead-letters', permission: 'admin.system', component: () => import('./views/admin/DeadLettersPage.vue') },
  { group: 'system', name: 'backups', permission: 'admin.backups', component: () => import('./views/admin/BackupsPage.vue') },
  { group: 'system', name: 'configuration', permission: 'admin.configuration', component: () => import('./views/admin/ConfigurationPage.vue') },
  { group: 'system', name: 'about', permission: 'admin.system', component: () => import('./views/admin/AboutPage.vue') },
  { group: 'system', name: 'audit', permission: 'admin.audit', component: () => import('./views/admin/AuditPage.vue') },
] as const

export const KNOWLEDGE_PAGES = [
  { name: 'knowledge-articles', path: 'articles', permission: 'knowledge.edit', component: () => import('./views/knowledge/ArticlesPage.vue') },
  { name: 'knowledge-feedback', path: 'feedback', permission: 'knowledge.edit', component: () => import('./views/knowledge/FeedbackPage.vue') },
  { name: 'knowledge-words', path: 'words', permission: 'knowledge.edit', component: () => import('./views/knowledge/WordsPage.vue') },
  { name: 'knowledge-experts', path: 'experts', permission: 'knowledge.expert', component: () => import('./views/knowledge/ExpertsPage.vue') },
  { name: 'knowledge-topics', path: 'topics', permission: 'topics.view', component: () => import('./views/knowledge/TopicsPage.vue') },
  { name: 'knowledge-import', path: 'import', permission: 'knowledge.edit', component: () => import('./views/knowledge/ImportPage.vue') },
] as const

export const QUALITY_PAGES = [
  { name: 'quality-own', path: 'own', permission: 'desk.use', component: () => import('./views/quality/OwnResultsPage.vue') },
  { name: 'quality-reviews', path: 'reviews', permission: 'quality.review', component: () => import('./views/quality/ReviewsPage.vue') },
  { name: 'quality-cases', path: 'cases', permission: 'quality.manage', component: () => import('./views/quality/CasesPage.vue') },
  { name: 'quality-appeals', path: 'appeals', permission: 'quality.manage', component: () => import('./views/quality/AppealsPage.vue') },
  { name: 'quality-results', path: 'results', permission: 'quality.manage', component: () => import('./views/quality/ResultsPage.vue') },
] as const

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'home', redirect: '/desk' },
    { path: '/login', name: 'login', component: () => import('./views/LoginView.vue'), meta: { isPublic: true } },
    { path: '/desk/:conversationId?', name: 'desk', component: () => import('./views/DeskView.vue') },
    {
      path: '/knowledge/:articleId([0-9a-f-]{36})?',
      name: 'knowledge',
      component: () => import('./views/KnowledgeView.vue'),
      meta: { permission: 'desk.use' },
    },
    {
      path: '/orders/:orderId([0-9a-f-]{36})?',
      name: 'orders',
      component: () => import('./views/OrdersView.vue'),
      meta: { permission: 'desk.use' },
    },
    {
      path: '/team/:roomId?',
      name: 'team',
      component: () => import('./views/TeamView.vue'),
      meta: { permission: 'desk.use' },
    },
    {
      path: '/wallboard',
      name: 'wallboard',
      component: () => import('./views/WallboardView.vue'),
      meta: { permission: 'wallboard.view' },
    },
    {
      path: '/wallboard/reports',
      name: 'reports',
      component: () => import('./views/ReportsView.vue'),
      meta: { permission: 'wallboard.view' },
    },
    {
      path: '/knowledge/edit',
      component: () => import('./views/KnowledgeEditorView.vue'),
      children: KNOWLEDGE_PAGES.map(({ name, path, permission, component }) => ({
        path: `${path}/:id?`,
        name,
        component,
        meta: { permission },
      })),
    },
    {
      path: '/quality',
      component: () => import('./views/QualityView.vue'),
      children: [
        { path: '', redirect: '/quality/own' },
        ...QUALITY_PAGES.map(({ name, path, permission, component }) => ({ path: `${path}/:id?`, name, component, meta: { permission } })),
      ],
    },
    {
      path: '/admin',
      name: 'admin',
      component: () => import('./views/AdminView.vue'),
      children: ADMIN_PAGES.map(({ name, permission, component }) => ({
        path: `${name}/:id?`,
        name,
        component,
        props: ALL_KINDS.some((kind) => kind === name) && { kind: name },
        meta: { permission },
      })),
    },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

/** Keep whoever is not logged in on the log-in page, and everybody out of what they may not see. */
export function guardRoutes(): void {
  const session = useSession()
  router.beforeEach(async (to) => {
    for (const { components } of to.matched) {
      const page = components?.default
      if (typeof page === 'function') void (page as () => unknown)() // fetched while the hub says who is here
    }
    try {
      await session.load()
    } catch {
      return to.name === 'login' ? true : loginFor(to) // the log-in page says that the hub is out of reach
    }
    if (to.meta.isPublic) return true
    if (!session.me || session.me.must_change_password) return loginFor(to)
    if (to.meta.permission && !session.can(to.meta.permission)) return { name: 'home' }
    if (to.name === 'desk' && !session.can('desk.use')) return firstAdminPage()
    if (to.name === 'admin') return firstAdminPage()
    const onlyAnswersOrders = session.can('work_order.answer') && !session.can('work_order.create')
    if (to.name === 'desk' && to.redirectedFrom?.name === 'home' && onlyAnswersOrders) return { name: 'orders' }
    return true
  })
}

/** Return the first admin page this person may see; the log-in page when there is none. */
export function firstAdminPage(): { name: string } {
  const { can } = useSession()
  return { name: ADMIN_PAGES.find((page) => can(page.permission))?.name ?? 'login' }
}

function loginFor(to: RouteLocationNormalized) {
  return { name: 'login', query: to.fullPath === '/desk' ? {} : { next: to.fullPath } }
}
