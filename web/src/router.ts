/** Pages and their addresses; every page is fetched when first visited. */
import { createRouter, createWebHistory } from 'vue-router'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: '/desk' },
    { path: '/desk/:conversationId?', name: 'desk', component: () => import('./views/DeskView.vue') },
  ],
})
