/** What texts cost over one SMS connection, by its public settings and by how it cuts them. */
import { money } from '@/format'
import { segmentsOf, type Cutting, type Segments } from './segments'

export interface SmsTerms {
  sms_signature?: string
  price_per_segment?: string
  currency?: string
}

/** The segments of `text` as it goes out, the signature before it; `cutting` is what the connection carries. */
export function segmentsSent(terms: SmsTerms, cutting: Cutting | undefined, text: string): Segments {
  return segmentsOf((terms.sms_signature ?? '') + text, cutting)
}

/** What so many segments cost; empty when the price is not known. */
export function priceOf(terms: SmsTerms, segments: number): string {
  const { price_per_segment: price, currency = 'CNY' } = terms // the plugin's default, which need not be stored
  return price ? money(Number(price) * segments, currency) : ''
}

/** The segments that so many recipients get, if they get texts about as long as `samples`. */
export function estimatedSegments(terms: SmsTerms, cutting: Cutting | undefined, samples: string[], recipients: number): number {
  if (!samples.length) return 0
  const total = samples.reduce((sum, text) => sum + segmentsSent(terms, cutting, text).parts, 0)
  return Math.ceil((total * recipients) / samples.length)
}
