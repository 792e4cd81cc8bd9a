/** ECharts, only what the wallboard draws; canvas, and tips without HTML, for the strict content security policy. */
import { BarChart, LineChart, PieChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendComponent, LineChart, MarkLineComponent, PieChart, TooltipComponent])

export { init, type EChartsCoreOption }

/** Return a colour of the page's theme. */
export const color = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

export const tooltip = { renderMode: 'richText', confine: true } as const

/** Return how every axis looks in the page's theme. */
export const axis = () => ({
  axisLabel: { color: color('text-2') },
  axisLine: { lineStyle: { color: color('line-strong') } },
  splitLine: { lineStyle: { color: color('line') } },
})
