/** How the far end of a call on this phone is called on the screen. */
import { maskedAddress } from '@/format'
import type { Handset } from '@/phone/softphone'

/** A colleague is named, a citizen's number is masked. */
export const handsetName = ({ role, caller }: Handset): string => (role === 'colleague' ? caller : maskedAddress(`tel:${caller}`))
