import type { Decision } from './decision.js';
import type { Explanation } from './explain.js';
import { originSentence } from './explained-origin.js';
import { policySentence } from './explained-policy.js';
import { explainDecision } from './explanation.js';
import type { NearEntry } from './nearest-entries.js';
import { refusedSentence } from './refused-names.js';
import { ALLOW_CREDENTIALS } from './response-headers.js';
import { shownText } from './shown-text.js';

/** An explanation in sentences: the answer, then what it was made of, then what would be sent. */
export function summarise(facts: Omit<Explanation, 'summary'>): string {
  const { decision, origin, policy, nearest, refused } = facts;
  const sentences = [
    explainDecision(decision),
    refused === undefined ? '' : refusedSentence(refused),
    originSentence(origin),
    policySentence(policy),
    nearestSentence(nearest),
    credentialsSentence(decision),
    answerSentence(decision),
    headersSentence(decision),
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function nearestSentence([first, ...others]: readonly NearEntry[]): string {
  if (first === undefined) return '';
  const sentence = `Nearest is the entry ${first.pattern}: ${first.detail}.`;
  if (others.length === 0) return sentence;
  return `${sentence} Then ${others.map(({ pattern, differs }) => `${pattern} (${differs})`).join(', ')}.`;
}

/** Why a page that sends cookies may not read what any other may: what people ask next. */
function credentialsSentence({ allowed, enforcement, headers, matched, kind, policy }: Decision): string {
  if (!allowed || enforcement === 'report' || headers[ALLOW_CREDENTIALS] === 'true') return '';
  if (kind === 'non-cors' || matched?.kind === 'any') return '';
  const why = matched?.kind === 'null' ? 'null never goes with them' : `the policy ${policy} has them off`;
  return `Not for requests with credentials: ${why}.`;
}

function answerSentence({ status, kind, allowed, enforcement }: Decision): string {
  if (enforcement === 'report') return '';
  if (status !== null) return `It is answered ${status}, and the application does not run.`;
  return allowed || kind === 'non-cors' ? '' : 'The application runs all the same.';
}

function headersSentence({ enforcement, headers, vary }: Decision): string {
  if (enforcement === 'report')
    return "Nothing is sent: the policy only reports, so the application's own CORS stays in charge.";
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${shownText(value)}`);
  if (vary.length > 0) lines.push(`vary: ${vary.join(', ')}`);
  return lines.length === 0 ? 'No header is sent.' : `Headers sent: ${lines.join('; ')}.`;
}
