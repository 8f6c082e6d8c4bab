/** Takes what identifies a person out of free text: e-mail addresses, telephone and card numbers. */

const EMAIL = /[\p{L}\p{N}._+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/giu;
/** Seven digits or more, with the separators that people put between them: telephone, card and account numbers. */
const LONG_NUMBER = /\+?\d(?:[ ().\-/]{0,2}\d){6,}/g;

/** For what people typed, and for titles that repeat it. */
export function redactText(text: string): string {
  return text.replace(EMAIL, "[email]").replace(LONG_NUMBER, "[number]");
}

/** For paths, whose long numbers are the shop's own product ids. */
export function redactPath(path: string): string {
  return path.replace(EMAIL, "[email]");
}
