/** The score that follows from a sheet and its answers, as the hub counts it (hub/quality/sheets.py). */
import type { Answers, ScoreSheet } from '@/api/quality'

export function total(sheet: ScoreSheet, answers: Answers): { value: number | null; isFatal: boolean } {
  let given = 0
  let possible = 0
  let isFatal = false
  for (const item of sheet.sections.flatMap((section) => section.items)) {
    const share = answers[item.item_id]?.share
    if (share === null || share === undefined) continue
    isFatal ||= item.is_fatal && share === 0
    given += item.points * share
    possible += item.points
  }
  if (!possible) return { value: null, isFatal }
  return { value: isFatal ? 0 : Math.round((given / possible) * 1000) / 10, isFatal }
}
