/** Whether a new work order is being written for the open conversation: begun in the panel or by its menu. */
import { ref } from 'vue'

export const isMakingOrder = ref(false)
