/** Takes apart what was typed as a list. */

/** Return the words between commas, enumeration marks and line ends, Western or Chinese, each once. */
export function splitWords(text: string): string[] {
  return [...new Set(text.split(/[,\uff0c\u3001;\uff1b\n]/).map((one) => one.trim()).filter(Boolean))]
}
