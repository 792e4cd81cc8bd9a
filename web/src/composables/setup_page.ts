/** What the pages of set-up share: a list, the chosen entry in the address, a form, saving with its faults. */
import { computed, ref, shallowRef, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { ApiError } from '@/api/client'
import { useTask } from '@/composables/task'
import { errorText, toast } from '@/composables/toasts'
import { i18n } from '@/i18n'

const NEW = 'new:'

export function useSetupPage<T>(page: string, options: { load: () => Promise<T[]>; idOf: (one: T) => string; edit: (one: T | undefined) => void }) {
  const route = useRoute()
  const router = useRouter()
  const task = useTask()
  const items = shallowRef([]) as Ref<T[]>
  const faults = ref<Record<string, string>>({})
  const chosen = computed(() => String(route.params.id ?? ''))
  const isNew = computed(() => chosen.value === NEW)
  const item = computed(() => items.value.find((one) => options.idOf(one) === chosen.value))

  const load = async () => void (items.value = await options.load())
  const choose = (id: string = NEW) => router.push({ name: page, params: { id } })

  function save(id: string, act: () => Promise<unknown>): void {
    faults.value = {}
    void task.run(async () => {
      try {
        await act()
      } catch (error) {
        if (error instanceof ApiError) faults.value = error.fields
        throw error
      }
      await load()
      await router.replace({ name: page, params: { id } })
      toast(i18n.global.t('common.saved'))
    })
  }

  function remove(act: () => Promise<unknown>): void {
    if (!confirm(i18n.global.t('naming.really_delete', { name: chosen.value }))) return
    void task.run(async () => {
      await act()
      await load()
      await router.replace({ name: page })
    })
  }

  watch(
    [chosen, item],
    () => {
      faults.value = {}
      options.edit(item.value)
    },
    { immediate: true },
  )
  load().catch((error) => toast(errorText(error), 'error'))

  return { items, item, faults, chosen, isNew, isBusy: task.isBusy, choose, save, remove, isOpen: computed(() => isNew.value || item.value !== undefined) }
}
