/** ECharts, only what the wallboard draws; canvas, and tips without HTML, for the strict content security policy. */
import { BarChart, LineChart, PieChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendComponent, LineChart, MarkLineComponent, PieChart, TooltipComponent])

export { init, type EChartsCoreOption }

/** Return a colour of the page's theme. */
export const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** Return upright lines at the places of the time axis where alarms were raised, each with how many. */
export function alarmMarks(places: Iterable<number>): object | undefined {
  const counts = new Map<number, number>()
  for (const place of places) if (place >= 0) counts.set(place, (counts.get(place) ?? 0) + 1)
  if (!counts.size) return undefined
  return {
    silent: true,
    symbol: 'none',
    data: [...counts].map(([xAxis, count]) => ({ xAxis, name: `▲${count}` })),
    lineStyle: { color: color('danger'), type: 'dotted' },
    label: { color: color('danger'), formatter: '{b}' },
  }
}

export const tooltip = { renderMode: 'richText', confine: true } as const

/** Return how every axis looks in the page's theme. */
export const axis = () => ({
  axisLabel: { color: color('text-2') },
  axisLine: { lineStyle: { color: color('line-strong') } },
  splitLine: { lineStyle: { color: color('line') } },
})
