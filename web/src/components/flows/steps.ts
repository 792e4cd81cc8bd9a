/** The kinds of step: their pictures, in the order of the palette. */
import {
  BookOpenText, CalendarClock, CircleStop, GitBranch, Headset, LayoutGrid, MessageCircleQuestion, PhoneForwarded, Search, Send, Star,
  Variable, Voicemail, Volume2, Workflow,
} from '@lucide/vue'
import type { Component } from 'vue'

export const STEPS: Record<string, Component> = {
  say: Volume2,
  menu: LayoutGrid,
  ask: MessageCircleQuestion,
  queue: Headset,
  calendar: CalendarClock,
  branch: GitBranch,
  answer: BookOpenText,
  take_message: Voicemail,
  rate: Star,
  lookup: Search,
  send: Send,
  transfer: PhoneForwarded,
  set: Variable,
  hand_over: Workflow,
  end: CircleStop,
}

/** What a drag from the palette carries. */
export const DRAGGED = 'application/x-lianxin-step'
