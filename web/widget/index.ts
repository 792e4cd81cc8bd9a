/** Registers the citizens' chat element. */
import { LianxinChat } from './element.ts'

if (!customElements.get('lianxin-chat')) customElements.define('lianxin-chat', LianxinChat)
