/** Telephone numbers as people type them. */
const NUMBER = /^\+?[0-9]{3,20}$/

/** Return `typed` without what people put between the digits. */
export const dialled = (typed: string): string => typed.replace(/[\s().-]/g, '')

export const isNumber = (typed: string): boolean => NUMBER.test(dialled(typed))
