/** A value in a case file: a text, or a long one written short. */
export type CaseValue =
  | string
  | { readonly repeat: readonly [text: string, times: number] }
  | { readonly concat: readonly CaseValue[] };

/** The text a case value stands for. */
export function expandValue(value: CaseValue): string {
  if (typeof value === 'string') return value;
  if ('repeat' in value) return value.repeat[0].repeat(value.repeat[1]);
  return value.concat.map(expandValue).join('');
}
